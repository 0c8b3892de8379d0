"""The list of alarms as it is printed: aligned, with what it is below, never wider than a terminal."""

from typing import Any

import pytest

from agent.cli.alarm import listed
from agent.cli.words import folded, width
from agent.language import use_language

LONG = "实验小学南校区教学楼三层东走廊配电间旁的楼梯口（靠近音乐教室）的手动火灾报警按钮及其显示盘"


@pytest.fixture(autouse=True)
def _english() -> object:
    use_language("en")
    yield
    use_language("en")


def row(**changes: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    device = {"device": "fire-teaching", "kind": "fire_panel", "name": "教学楼控制器", "location": "消控室"}
    condition = {"condition": "fire", "address": "1.3.30", "state": "latched_acknowledged", "priority": 1}
    condition |= {"since": {"at": 1.8e9, "clock": "synchronised"}, "hold": None, "place": "", "text": ""}
    return device | {k: v for k, v in changes.items() if k in device}, condition | {
        k: v for k, v in changes.items() if k in condition
    }


def test_an_address_is_told_with_its_place_and_what_the_panel_said() -> None:
    _, typed, told, _ = listed([row(place="三层手动报警按钮", text="手报")])
    assert "fire @1.3.30" in typed
    assert told == "   fire · 教学楼控制器 · 三层手动报警按钮 · 手报"


def test_a_clock_that_was_not_synchronised_leaves_a_question_mark() -> None:
    _, typed, _, _ = listed([row(since={"at": 1.8e9, "clock": "unknown"})])
    assert typed.endswith(" ?")
    _, typed, _, state = listed([row(since=None)])
    assert typed.endswith(" -")
    assert state == "   over, to be reset"


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_no_line_is_wider_than_a_terminal_and_columns_stand_under_each_other(lang: str) -> None:
    use_language(lang)
    hold = {"kind": "out_of_service", "person": "王老师", "until": 1.8e9, "reason": LONG}
    lines = listed([row(place=LONG, text=LONG), row(device="a", hold=hold), row(device="b" * 60)])
    assert all(width(line) <= 80 for line in lines)
    short = listed([row(), row(device="a", condition="supervisory")])
    since = [width(line.partition("2027-01-15")[0]) for line in short if "2027-01-15" in line]
    assert len(since) == 2
    assert len(set(since)) == 1


def test_states_and_holds_are_told_in_the_readers_language() -> None:
    use_language("zh")
    hold = {"kind": "shelved", "person": "王老师", "until": 1.8e9, "reason": "检修"}
    said = "\n".join(listed([row(hold=hold)]))
    assert not {"latched_acknowledged", "shelved"} & set(said.split())
    assert "已搁置" in said


@pytest.mark.parametrize("text", ["", "word", "a " * 100, LONG * 3, "x" * 200, LONG + " and words " * 9])
def test_folding_loses_nothing(text: str) -> None:
    lines = list(folded(text, "   ", 80))
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(line.startswith("   ") or not line.strip() for line in lines)
