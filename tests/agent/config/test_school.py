"""People, cards, roles and drills in the configuration: what clashes or is misspelt is found at its place."""

from pathlib import Path

import pytest

from agent.config import load_site
from agent.errors import ConfigError
from agent.language import use_language
from agent.site import DrillSettings, Site

MINIMAL = (Path(__file__).parents[3] / "configs" / "gateways" / "minimal.yaml").read_text()
SCHOOL = """
school:
  rules: [national-2021]
  declared_by: 李主任
  declared_on: 2026-09-01
  facts: {pupils: 80}
  sign_on_hours: 12
  windows:
    - {id: arrival, starts: "07:20", ends: "08:00", roles: {guard: 1, police: 1}}
  shifts: [{id: night, role: guard, starts: "19:00", ends: "07:00"}]
  people:
    - {id: zhang, name: 张卫国, cards: ["04a1b2c3"]}
    - {id: li, name: 李强, cards: ["04D4E5F6"]}
"""
BUTTON = (
    "  - {id: desk, kind: sign_on_button, name: 签到, location: 南门, points: {pressed: gate-io.di8}, "
    "settings: {%s}}\n"
)


@pytest.fixture(autouse=True)
def _english() -> None:
    use_language("en")


def load(tmp_path: Path, text: str) -> Site:
    path = tmp_path / "gateway.yaml"
    path.write_text(text)
    return load_site(path)


def with_button(settings: str) -> str:
    """The smallest gateway with a sign-on button."""
    return MINIMAL.replace("devices:\n", "devices:\n" + BUTTON % settings, 1) + SCHOOL


@pytest.mark.parametrize(
    ("find", "put", "says", "at"),
    [
        ('"04D4E5F6"', '"04A1B2C3"', "this card is zhang's already", '"04A1B2C3"'),
        ('"04D4E5F6"', '"04A1B2C3000000"', "this card is zhang's already", '"04A1B2C3000000"'),
        ("{id: li,", "{id: zhang,", "'zhang' is the id of an earlier one already", "zhang, name: 李强"),
        ("role: guard, starts", "role: gard, starts", "did you mean 'guard'", "gard"),
        ("guard: 1, police", "gaurd: 1, police", "did you mean 'guard'", "gaurd: 1"),
    ],
)
def test_a_clash_or_a_misspelt_role_is_found_at_its_place(
    tmp_path: Path, find: str, put: str, says: str, at: str
) -> None:
    assert find in SCHOOL
    text = MINIMAL + SCHOOL.replace(find, put, 1)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, text)
    (mistake,) = caught.value.mistakes
    assert says in mistake.what
    assert text.splitlines()[mistake.line - 1][mistake.column - 1 :].startswith(at)


def test_a_role_that_nobody_has_is_a_matter_of_provisioning_and_starts(tmp_path: Path) -> None:
    site = load(tmp_path, MINIMAL + SCHOOL)
    assert site.school is not None
    assert site.school.sign_on_most_s == 12 * 3600
    assert site.school.people[0].cards == ("04A1B2C3",)


@pytest.mark.parametrize(
    ("settings", "says"),
    [
        ("person: zang", "did you mean 'zhang'"),
        ("mode: toogle", "toggle, on"),
        ("mode: 3", "toggle, on"),
        ("role: 3", "a text"),
    ],
)
def test_a_button_that_stands_for_nobody_or_does_nothing_known_is_a_mistake(
    tmp_path: Path, settings: str, says: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        load(tmp_path, with_button(settings))
    (mistake,) = caught.value.mistakes
    assert says in mistake.what


def test_a_button_gives_a_role_that_windows_may_ask_for(tmp_path: Path) -> None:
    site = load(tmp_path, with_button("role: gard").replace("role: guard, starts", "role: gard, starts"))
    assert site.devices[0].settings == {"role": "gard"}


def test_drills_are_configured_and_act_where_nothing_is_said(tmp_path: Path) -> None:
    assert load(tmp_path, MINIMAL).drill == DrillSettings("act", 31 * 86400.0)
    told = load(tmp_path, MINIMAL + "drill: {outputs: hold, test_every_days: 7}\n").drill
    assert told == DrillSettings("hold", 7 * 86400.0)
    with pytest.raises(ConfigError, match="outputs"):
        load(tmp_path, MINIMAL + "drill: {outputs: of}\n")
