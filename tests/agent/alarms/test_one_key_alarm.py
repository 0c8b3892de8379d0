"""The one-key alarm: a press is never missed, stays until somebody resets it, and cannot be shelved."""

import pytest

from agent.alarms.model import State
from agent.errors import OrderRefused
from tests.agent.alarms.script import BAD, Script, device, use

BUTTON = device("one_key_alarm", "pressed")
ZONE = device("one_key_alarm", "zone", "tamper")


def test_a_press_is_an_alarm_at_once_and_latches_until_reset() -> None:
    script = Script(BUTTON)
    assert script.at(0, pressed=False) == []
    assert script.at(0.05, pressed=True) == ["pressed raised"]
    assert script.at(0.05, pressed=False) == ["pressed cleared"]
    assert script.state("pressed") is State.LATCHED_UNACKNOWLEDGED
    assert script.at(86_400) == []
    assert script.order("acknowledge", "pressed") == ["pressed acknowledged"]
    assert script.order("reset", "pressed") == ["pressed reset"]
    assert script.state("pressed") is State.NORMAL


def test_a_second_press_while_latched_is_told_again() -> None:
    script = Script(BUTTON)
    script.at(0, pressed=True)
    script.at(1, pressed=False)
    assert script.at(1, pressed=True) == ["pressed raised"]


def test_while_it_is_pressed_it_cannot_be_reset() -> None:
    script = Script(BUTTON)
    script.at(0, pressed=True)
    with pytest.raises(OrderRefused, match="still active"):
        script.order("reset", "pressed")


@pytest.mark.parametrize("action", ["shelve", "suppress"])
def test_it_cannot_be_set_aside_but_only_taken_out_of_service_by_name(action: str) -> None:
    script = Script(BUTTON)
    script.at(0, pressed=False)
    with pytest.raises(OrderRefused, match="saves lives"):
        script.order(action, "pressed", reason="换线", until_utc_s=script.utc_s + 60)
    script.order("out_of_service", "pressed", reason="换线", until_utc_s=script.utc_s + 60)
    assert script.at(1, pressed=True) == ["pressed raised"]
    assert script.changes[-1].hold == "out_of_service"


def test_a_debounce_is_the_installers_choice_and_counts_both_ways() -> None:
    script = Script(device("one_key_alarm", pressed=use(debounce_s=0.05)))
    assert script.at(0, pressed=True) == []
    assert script.at(0.04, pressed=False) == []
    assert script.at(0.01, pressed=True) == []
    assert script.at(0.06) == ["pressed raised"]
    assert script.at(1, pressed=False) == []
    assert script.at(0.06) == ["pressed cleared"]


def test_a_normally_closed_contact_alarms_when_it_opens() -> None:
    script = Script(device("one_key_alarm", pressed=use(inverted=True)))
    assert script.at(0, pressed=True) == []
    assert script.at(1, pressed=False) == ["pressed raised"]


def test_tamper_and_line_fault_of_their_own_contacts() -> None:
    script = Script(device("one_key_alarm", "pressed", "tamper", "line_fault"))
    script.at(0, pressed=False, tamper=False, line_fault=False)
    assert script.at(1, tamper=True) == ["tamper raised"]
    assert script.at(1, line_fault=True) == []
    assert script.at(1.1) == ["line_fault raised"]
    assert script.at(1, tamper=False, line_fault=False) == ["tamper cleared", "line_fault cleared"]


@pytest.mark.parametrize(
    ("value", "pressed", "line_fault"),
    [
        (0.0, None, True),
        (0.049, None, True),
        (0.05, True, False),
        (0.2, True, False),
        (0.349, True, False),
        (0.35, False, False),
        (0.5, False, False),
        (0.65, False, False),
        (0.66, None, True),
        (1.0, None, True),
    ],
)
def test_a_supervised_zone_tells_button_cut_and_short_apart(
    value: float, pressed: bool | None, line_fault: bool
) -> None:
    script = Script(ZONE)
    script.at(0, zone=0.5, tamper=False)
    script.at(1, zone=value)
    script.at(5)
    assert script.state("pressed").active is bool(pressed)
    assert script.state("line_fault").active is line_fault


def test_a_cut_wire_does_not_clear_a_press() -> None:
    script = Script(ZONE)
    script.at(0, zone=0.2, tamper=False)
    assert script.at(1, zone=1.0) == []
    assert script.at(1.1) == ["line_fault raised"]
    assert script.state("pressed").active
    assert script.at(1, zone=0.5) == ["pressed cleared", "line_fault cleared"]


def test_the_delays_of_a_zones_point_count_for_its_press() -> None:
    script = Script(device("one_key_alarm", zone=use(debounce_s=0.1)))
    script.at(0, zone=0.5)
    assert script.at(1, zone=0.1) == []  # the converter on its way from normal to short
    assert script.at(0.05, zone=0.0) == []
    assert script.at(1.1) == ["line_fault raised"]
    assert script.state("pressed") is State.NORMAL


def test_a_bad_reading_neither_presses_nor_releases_and_is_told_after_ten_seconds() -> None:
    script = Script(BUTTON)
    script.at(0, pressed=True)
    assert script.at(1, pressed=BAD) == []
    assert script.at(9.9) == []
    assert script.at(0.2) == ["bad_reading raised"]
    assert script.state("pressed").active
    assert script.at(1, pressed=True) == ["bad_reading cleared"]
