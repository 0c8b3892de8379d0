"""What ends by itself: on the monotonic clock, whatever the wall clock does, over restarts and power cuts."""

import json

import pytest

from agent.provisioning.ends import LOOK_S, End, end_after, end_from_json
from agent.records import ClockState, Instant, boot_name

HOUR_S = 3600.0
BOOT, NEXT_START, NEXT_BOOT = boot_name("m1", "a" * 16), boot_name("m1", "b" * 16), boot_name("m2", "c" * 16)


def at(monotonic_s: float, utc_s: float, clock: ClockState = "synchronised") -> Instant:
    return Instant(monotonic_s, utc_s, clock)


def restarted(end: End, boot_id: str) -> End:
    """As an earlier start of BOOT kept it."""
    return end_from_json(json.loads(json.dumps(end.to_json(BOOT))), boot_id)


def test_a_wall_clock_that_jumps_changes_nothing() -> None:
    end = end_after(HOUR_S, at(100, 1e9))
    for utc_s in (0.0, 1e9 + 9e9):
        assert end.anchored(at(200, utc_s)) == end
    assert not end.is_over(100 + HOUR_S - 0.1)
    assert end.is_over(100 + HOUR_S)


def test_a_restart_of_the_process_changes_nothing() -> None:
    end = end_after(HOUR_S, at(100, 1e9))
    assert restarted(end, NEXT_START) == end


@pytest.mark.parametrize(("off_s", "left_s"), [(600.0, HOUR_S - 600), (2 * HOUR_S, -HOUR_S), (-600.0, HOUR_S)])
def test_after_the_machine_was_off_a_right_clock_says_what_is_left(off_s: float, left_s: float) -> None:
    end = restarted(end_after(HOUR_S, at(100, 1e9)), NEXT_BOOT)
    assert end.until_s is None
    assert not end.is_over(1e12), "nobody can tell yet"
    known = end.anchored(at(5, 1e9 + off_s))
    assert (known.until_s, known.sure) == (5 + left_s, True)


def test_without_a_right_clock_the_whole_length_is_left_until_it_is_right() -> None:
    end = restarted(end_after(HOUR_S, at(100, 1e9)), NEXT_BOOT).anchored(at(5, 0.0, "unknown"))
    assert (end.until_s, end.sure) == (5 + HOUR_S, False)
    assert end.look_s(5) == 5 + LOOK_S, "the clock may become right any minute"
    assert end.anchored(at(60, 0.0, "unknown")) == end
    known = end.anchored(at(100, 1e9 + 1000))
    assert (known.until_s, known.sure) == (100 + HOUR_S - 1000, True)
    late = end.anchored(at(100, 1e9 - 1000))
    assert late.until_s == 5 + HOUR_S, "never longer than was said"


def test_what_began_with_a_wrong_clock_has_its_length_after_the_machine_was_off() -> None:
    end = restarted(end_after(HOUR_S, at(100, 12.0, "unknown")), NEXT_BOOT).anchored(at(5, 1e9))
    assert end.until_s == 5 + HOUR_S
