"""What the demo writes: whole in a pipe, wrapped on a terminal, and in the words of the other commands."""

import io
from dataclasses import replace

import pytest
from rich.console import Console
from rich.text import Text

from agent.alarms.kinds import KINDS
from agent.language import use_language
from agent.uplink.messages import AlarmData
from simulators.demo.screen import Screen
from simulators.demo.titles import condition
from simulators.demo.words import OUTAGE, change, why_slow
from simulators.platform import Arrival, Platform
from simulators.scenario import Expect
from tests.simulators.test_platform import record

TEXT = "二号宿舍楼三层西侧走廊尽头储藏室感烟探测器" * 3


def arrival() -> Arrival:
    """A panel tells of a fire, at length."""
    topic, payload = record(1)
    came = Platform().take(topic, payload, 0.0)
    assert isinstance(came.payload, AlarmData)
    said = {"kind": "fire_panel", "condition": "fire", "address": "1D014", "text": TEXT}
    return replace(came, payload=came.payload.model_copy(update=said))


def written(width: int, *, terminal: bool) -> list[str]:
    """An arrival with a panel's long text, on a screen of this width."""
    out = io.StringIO()
    console = Console(file=out, width=width, force_terminal=terminal, no_color=True, highlight=False)
    Screen(console).unexpected(arrival())
    return out.getvalue().splitlines()


def test_in_a_pipe_a_text_is_one_whole_line() -> None:
    (line,) = written(40, terminal=False)
    assert TEXT in line
    assert line.endswith("  unexpected")


@pytest.mark.parametrize("width", [40, 80])
def test_on_a_terminal_a_long_text_is_wrapped_and_not_cut(width: int) -> None:
    lines = written(width, terminal=True)
    assert len(lines) > 1
    assert "…" not in "".join(lines)
    assert sum("".join(lines).count(letter) for letter in "廊") == 3
    assert max(Text.from_ansi(line).cell_len for line in lines) <= width


@pytest.mark.parametrize("language", ["en", "zh"])
def test_conditions_are_called_as_the_alarm_list_calls_them(language: str) -> None:
    use_language(language)
    try:
        for kind, spec in KINDS.items():
            for name, one in spec.conditions.items():
                assert condition(name, kind) == getattr(one.title, language)
    finally:
        use_language("en")


def test_what_is_new_is_shown_as_it_is() -> None:
    assert condition("flooded", "pump") == "flooded"
    assert change("escalated") == "escalated"


def test_a_word_stands_beside_a_figure_that_others_cause() -> None:
    wait = Expect(device="barrier-south", condition="forced_open")
    assert why_slow("gate_barrier", wait) == "relay read first"
    assert why_slow(OUTAGE, wait) == "broker gone"
    assert why_slow("gate_barrier", wait.model_copy(update={"change": "cleared"})) == ""
