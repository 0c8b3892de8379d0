"""What the simulators say exists in Chinese, every text of it."""

import ast
import gettext
from pathlib import Path
from string import Formatter

import pytest

ROOT = Path(__file__).parents[2]
CATALOGUE = gettext.translation("campusgw", ROOT / "agent" / "locale", languages=["zh_CN"])


def texts() -> list[str]:
    """Everything in simulators/ that goes through `tr`."""
    found = set()
    for path in (ROOT / "simulators").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "tr":
                (first, *_) = node.args
                assert isinstance(first, ast.Constant), f"{path}:{node.lineno}: a catalogue cannot know this text"
                found.add(first.value)
    return sorted(found)


def fields(text: str) -> set[str | None]:
    """What is filled in."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("text", texts())
def test_every_text_of_the_simulators_is_translated_with_its_fields(text: str) -> None:
    translated = CATALOGUE.gettext(text)
    assert translated != text
    assert fields(translated) == fields(text)
