"""A step that says nothing of itself is told all the same."""

from typing import Any

import pytest

from agent.language import use_language
from simulators.demo import words
from simulators.scenario import ACTIONS, Step

STEPS: dict[str, tuple[Any, str]] = {
    "press": ("gate-io.di1", "gate-io.di1 closes"),
    "release": ("gate-io.di1", "gate-io.di1 opens"),
    "set": ({"gate-io.di1": True, "room.temperature": 21.5}, "gate-io.di1 = True, room.temperature = 21.5"),
    "force": (
        {"leaves": "gate-io.di4", "comes_to": "gate-io.di3"},
        "the barrier arm leaves gate-io.di4 and comes to gate-io.di3",
    ),
    "ramp": (
        {"point": "smoke.level", "start": 0, "end": 500, "over_s": 3},
        "smoke.level goes from 0 to 500",
    ),
    "panel": (
        {"unit": "panel", "address": "1.3.30", "condition": "fault", "active": False},
        "panel: fault at 1.3.30 is over",
    ),
    "reset_panel": ("panel", "panel is reset"),
    "unplug": ("gate-io", "gate-io is pulled off its line"),
    "plug": ("gate-io", "gate-io is put back"),
    "vanish": ("rs485-1", "the port of rs485-1 is gone"),
    "restore": ("rs485-1", "the port of rs485-1 is back"),
    "faults": ({"line": "rs485-1", "noise": 0.1}, "the wires of rs485-1 change"),
    "late": ({"unit": "gate-io", "by_s": 0.3}, "gate-io answers 0.3 s late"),
    "broker": ("down", "the broker is gone"),
    "order": (
        {"action": "reset", "device": "panic-gate", "condition": "pressed", "person": "王值班"},
        "王值班 orders: reset panic-gate pressed",
    ),
    "request": ({"do": "sign", "person": "zhang", "on": True}, "somebody asks the gateway: sign"),
    "rest": (True, "nothing happens"),
}


def test_every_action_is_told_here() -> None:
    assert set(STEPS) == set(ACTIONS)


@pytest.mark.parametrize("action", STEPS)
def test_a_step_without_words_of_its_own_says_what_happens(action: str) -> None:
    use_language("en")
    what, said = STEPS[action]
    assert words.step(Step.model_validate({action: what})) == said
