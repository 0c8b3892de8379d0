"""What people read exists in Chinese, every text of it."""

import ast
import gettext
from pathlib import Path
from string import Formatter

import pytest

ROOT = Path(__file__).parents[1]
CATALOGUE = gettext.translation("campusgw", ROOT / "agent" / "locale", languages=["zh_CN"])
MARKS = ("tr", "later", "OrderRefused")


def texts() -> list[str]:
    """Everything that goes through `tr`, or will."""
    found = set()
    for room in ("agent", "drivers", "simulators"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in MARKS:
                    first = node.args[0]
                    if isinstance(first, ast.Constant):
                        found.add(first.value)
    return sorted(found)


def fields(text: str) -> set[str | None]:
    """What is filled in."""
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


@pytest.mark.parametrize("text", texts())
def test_every_text_is_translated_with_its_fields(text: str) -> None:
    translated = CATALOGUE.gettext(text)
    assert translated != text
    assert fields(translated) == fields(text)
