"""Which alarms the platform should have confirmed by now is arithmetic."""

from typing import Any, get_args

import pytest

from agent.alarms.kinds import KINDS
from agent.alarms.overdue import LIFE, Waiting, overdue, parted, saves_lives, since_s
from agent.records import ClockState, Instant, boot_name

FIRST, AGAIN, OTHER = boot_name("one", "a" * 32), boot_name("one", "b" * 32), boot_name("two", "c" * 32)


def wait(sequence: int, since_s: float) -> Waiting:
    return Waiting(sequence, "panic", "pressed", "", since_s)


def data(**more: Any) -> dict[str, Any]:
    return {"change": "raised", "priority": 1, "hold": None, **more}


def test_fires_and_one_key_alarms_are_what_has_the_first_priority_and_nothing_else() -> None:
    found = {
        (kind, name) for kind, spec in KINDS.items() for name, c in spec.conditions.items() if c.priority == LIFE
    }
    assert found == {
        ("one_key_alarm", "pressed"),
        ("smoke_detector", "alarm"),
        ("fire_sensor", "alarm"),
        ("fire_panel", "fire"),
    }


@pytest.mark.parametrize(
    ("more", "counts"),
    [
        ({}, True),
        ({"change": "cleared"}, False),
        ({"change": "acknowledged"}, False),
        ({"priority": 2}, False),
        ({"hold": "out_of_service"}, False),
    ],
)
def test_only_what_is_raised_and_in_service_counts(more: dict[str, Any], counts: bool) -> None:
    assert saves_lives(data(**more)) is counts


def test_an_alarm_is_overdue_from_the_very_moment_on_the_oldest_first() -> None:
    waits = [wait(2, 5.0), wait(1, 3.0), wait(3, 5.1)]
    assert overdue(waits, 32.9, 30.0) == ()
    assert [one.sequence for one in overdue(waits, 35.0, 30.0)] == [1, 2]


def test_what_the_disk_has_not_taken_has_not_got_through() -> None:
    still, through = parted([wait(0, 1.0), wait(4, 1.0), wait(5, 1.0)], {4})
    assert ([one.sequence for one in still], [one.sequence for one in through]) == ([0, 4], [5])


@pytest.mark.parametrize("now_clock", get_args(ClockState))
@pytest.mark.parametrize("clock", get_args(ClockState))
def test_after_a_restart_the_time_counts_as_far_as_it_is_known(clock: ClockState, now_clock: ClockState) -> None:
    at, now = Instant(400.0, 1000.0, clock), Instant(500.0, 1020.0, now_clock)
    assert since_s(FIRST, at, AGAIN, now) == 400.0, "the machine runs on: its monotonic clock does"
    known = "unknown" not in (clock, now_clock)
    assert since_s(OTHER, at, AGAIN, now) == (480.0 if known else 500.0)


def test_an_alarm_from_the_future_counts_from_now() -> None:
    at, now = Instant(400.0, 9000.0, "synchronised"), Instant(500.0, 1020.0, "synchronised")
    assert since_s(OTHER, at, AGAIN, now) == 500.0
