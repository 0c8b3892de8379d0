"""What docs/decisions says can be repeated, and its safety claim still holds, on real ports and sockets."""

import importlib.util
import re
from pathlib import Path

import pytest

from bench.decisions.faulty_unit import Medium, Script
from bench.decisions.modbus_clients import Line
from bench.decisions.modbus_engine import CASES, Story, play
from tests.others.process import REPOSITORY

PAGES = sorted((REPOSITORY / "docs/decisions").glob("0*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_that_a_decision_names_is_there(page: Path) -> None:
    text = page.read_text()
    modules = re.findall(r"python -m (bench[\w.]*)", text)
    scripts = re.findall(r"python (bench/[\w/]+\.py)", text)
    assert [name for name in modules if importlib.util.find_spec(name) is None] == []
    assert [name for name in scripts if not (REPOSITORY / name).exists()] == []


@pytest.mark.asyncio
@pytest.mark.parametrize("medium", ["serial", "tcp"])
@pytest.mark.parametrize(("script", "story"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
async def test_our_line_gives_out_no_wrong_value(medium: Medium, script: Script, story: Story) -> None:
    tally = await play(medium, Line, script, story)
    assert tally.wrong == ""
    assert tally.right > 0, "a line that believes nothing is no use"
