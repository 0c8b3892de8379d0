"""docs/profiles.md explains each key, and what it shows of a profile stands in that profile."""

import re
from pathlib import Path

import pytest
from pydantic import BaseModel

from drivers import profile
from drivers.profiles import profiles_dir

ROOT = Path(__file__).parent.parent.parent
PAGE = (ROOT / "docs" / "profiles.md").read_text(encoding="utf-8")
EXPLAINED = {
    title: re.findall(r"^\| `(\w+)` \|", body, re.MULTILINE)
    for title, body in re.findall(r"^### [^\n]*\(`(\w+)`\)$(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL)
}


def models() -> dict[str, list[str]]:
    """Every model of a profile with the keys that are its own."""
    found = {}
    for name, model in vars(profile).items():
        if isinstance(model, type) and issubclass(model, BaseModel) and not name.startswith("_"):
            own = [key for key in model.model_fields if key in model.__annotations__]
            found[name] = own
    return found


@pytest.mark.parametrize("name", sorted(set(models()) - {"Data", "Title"}))
def test_every_key_is_explained_once_and_no_other(name: str) -> None:
    assert sorted(EXPLAINED[name]) == sorted(models()[name])


def test_no_model_is_explained_that_is_none() -> None:
    assert set(EXPLAINED) <= set(models())


def test_defaults_in_the_page_are_those_of_the_models() -> None:
    for name, body in re.findall(r"^### [^\n]*\(`(\w+)`\)$(.*?)(?=^##|\Z)", PAGE, re.MULTILINE | re.DOTALL):
        fields = getattr(profile, name).model_fields
        for key, said in re.findall(r"^\| `(\w+)` \| ([^|]*) \|", body, re.MULTILINE):
            default = fields[key].default
            assert (said == "required") == fields[key].is_required(), key
            plain = said.strip("`")
            if isinstance(default, bool):
                assert plain == str(default).lower(), key
            elif isinstance(default, int | float) or (isinstance(default, str) and default):
                assert plain == (default if isinstance(default, str) else f"{default:g}"), key


def yaml_blocks() -> list[str]:
    return re.findall(r"^( *)```yaml\n(.*?)^ *```", PAGE, re.MULTILINE | re.DOTALL)


def test_what_the_page_shows_is_what_is_shipped() -> None:
    shipped = "\n".join(
        path.read_text(encoding="utf-8")
        for path in (profiles_dir() / "renke_temp_humidity.yaml", ROOT / "configs" / "gateways" / "barrier.yaml")
    )
    lines = {re.sub(r"\s+#.*", "", line).strip() for line in shipped.splitlines()}
    blocks = yaml_blocks()
    assert len(blocks) >= 5
    for _, block in blocks:
        missing = [line for line in block.splitlines() if line.strip() not in lines | {"…"}]
        assert not missing
