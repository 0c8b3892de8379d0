"""Whatever a file says, it is a Site or a list of mistakes with places; never a traceback."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.config import load_site
from agent.errors import ConfigError, Mistake

GATEWAYS = Path(__file__).parents[3] / "configs" / "gateways"
LINES = (GATEWAYS / "demo.yaml").read_text().splitlines()
PIECES = [
    "",
    "-",
    "{}",
    "[]",
    "null",
    "1",
    "x: y",
    "*a",
    "&a b",
    "<<: *a",
    "? z",
    "'",
    "id: 名",
    "~",
    ": ",
    "!!int x",
    "\t",
]
QUICK = settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))


@st.composite
def spoilt(draw: st.DrawFn) -> str:
    """The demo configuration after a few clumsy edits."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(lines) - 1))
        how = draw(st.sampled_from(["delete", "copy", "indent", "cut", "value", "swap"]))
        if how == "delete" and len(lines) > 1:
            del lines[at]
        elif how == "copy":
            lines.insert(at, lines[at])
        elif how == "indent":
            lines[at] = draw(st.sampled_from(["  ", " ", "\t"])) + lines[at]
        elif how == "cut":
            lines[at] = lines[at][: draw(st.integers(0, len(lines[at])))]
        elif how == "value":
            lines[at] = lines[at].partition(":")[0] + ": " + draw(st.sampled_from(PIECES))
        else:
            other = draw(st.integers(0, len(lines) - 1))
            lines[at], lines[other] = lines[other], lines[at]
    return "\n".join(lines) + "\n"


@QUICK
@given(text=spoilt() | st.text(max_size=60))
def test_any_text_is_a_site_or_mistakes_that_have_a_place(
    tmp_path_factory: pytest.TempPathFactory, text: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(text, encoding="utf-8", newline="", errors="surrogatepass")
    most = text.count("\n") + text.count("\r") + 2
    for mistake in mistakes_of(path):
        assert 1 <= mistake.line <= most, mistake
        assert mistake.column >= 1, mistake
        assert mistake.what, mistake


def mistakes_of(path: Path) -> list[Mistake]:
    try:
        load_site(path)
    except ConfigError as error:
        return error.mistakes
    return []


@pytest.mark.parametrize("word", ["on", "no", "yes", "12:30", "1_000x", "0x", "~x", "é"])
def test_words_that_older_yaml_takes_for_something_else_are_names(word: str, tmp_path: Path) -> None:
    text = (GATEWAYS / "minimal.yaml").read_text().replace("name: 门卫室一键报警", f"name: {word}")
    (tmp_path / "g.yaml").write_text(text)
    assert load_site(tmp_path / "g.yaml").devices[0].name == word


@pytest.mark.parametrize(
    ("said", "meant"), [("on", True), ("yes", True), ("true", True), ("off", False), ("no", False)]
)
def test_a_switch_may_be_said_as_people_say_it(said: str, meant: bool, tmp_path: Path) -> None:
    text = (
        (GATEWAYS / "minimal.yaml").read_text().replace("type: modbus_rtu", f"type: modbus_rtu\n    echo: {said}")
    )
    (tmp_path / "g.yaml").write_text(text)
    assert load_site(tmp_path / "g.yaml").lines[0].echo is meant
