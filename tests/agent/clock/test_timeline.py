"""What is known of time, as arithmetic."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.clock.timeline import (
    BOOTS_MOST,
    DRIFT,
    KEEP_EVERY_S,
    MOVED_S,
    RELEASED_UTC_S,
    SMALL_S,
    Anchor,
    Timeline,
    timeline_from_json,
    timeline_to_json,
)
from agent.records import ClockState, Instant, boot_name

UTC_S = 1.8e9
BOOT, SAME, OTHER = boot_name("a", "1" * 32), boot_name("a", "2" * 32), boot_name("b", "1" * 32)


def at(monotonic_s: float, utc_s: float, clock: ClockState = "estimated") -> Instant:
    return Instant(monotonic_s, utc_s, clock)


def right(monotonic_s: float, off_s: float = 0.0) -> Instant:
    return at(monotonic_s, UTC_S + monotonic_s + off_s, "synchronised")


KNOWN = Timeline().observed(BOOT, right(100.0))


def test_one_good_moment_tells_every_other_of_that_machines_boot_before_and_after() -> None:
    for boot in (BOOT, SAME):
        for moment_s in (1.0, 5_000.0):
            assert KNOWN.filled_in(boot, at(moment_s, 3.0, "unknown")) == right(moment_s)


def test_it_tells_nothing_of_another_boot_of_the_machine() -> None:
    said = at(1.0, 3.0, "unknown")
    assert KNOWN.filled_in(OTHER, said) == said


def test_what_was_synchronised_when_it_was_recorded_is_never_stamped_anew() -> None:
    said = right(50.0, off_s=0.3)
    assert KNOWN.filled_in(BOOT, said) == said


def test_the_further_away_the_good_moment_the_less_it_is_worth() -> None:
    reach_s = SMALL_S / DRIFT
    assert KNOWN.filled_in(BOOT, at(100.0 + reach_s - 1, 0.0)).clock == "synchronised"
    far = KNOWN.filled_in(BOOT, at(100.0 + reach_s + 1, 0.0))
    assert (far.clock, far.utc_s) == ("estimated", UTC_S + 101.0 + reach_s)


def test_the_nearer_of_the_first_and_the_last_good_moment_counts() -> None:
    timeline = KNOWN.observed(BOOT, right(50_000.0, off_s=0.4))
    assert timeline.filled_in(BOOT, at(90.0, 0.0)) == right(90.0)
    assert timeline.filled_in(BOOT, at(49_000.0, 0.0)) == right(49_000.0, off_s=0.4)


def test_a_correction_says_that_what_was_known_before_was_wrong() -> None:
    timeline = KNOWN.observed(BOOT, right(200.0, off_s=60.0))
    assert timeline.boots[BOOT[:16]] == (Anchor(200.0, UTC_S + 260.0),)
    assert timeline.differs(KNOWN, BOOT)


@pytest.mark.parametrize("clock", ["estimated", "unknown"])
def test_a_clock_that_nobody_disciplines_teaches_nothing(clock: ClockState) -> None:
    assert Timeline().observed(BOOT, at(1.0, UTC_S + 1e8, clock)) == Timeline()


def test_a_time_before_this_release_is_believed_from_nobody() -> None:
    early = at(1.0, RELEASED_UTC_S - 1, "synchronised")
    assert Timeline().observed(BOOT, early) == Timeline()
    assert Timeline().judged(BOOT, early).clock == "unknown"


def test_what_is_surely_over_is_unknown_and_what_may_be_is_estimated() -> None:
    assert Timeline().judged(BOOT, at(1.0, 0.0)).clock == "unknown"
    assert Timeline().judged(BOOT, at(1.0, RELEASED_UTC_S)).clock == "estimated"
    assert KNOWN.judged(OTHER, at(1.0, UTC_S)).clock == "unknown"  # that was over 100 s before
    assert KNOWN.judged(OTHER, at(1.0, UTC_S + 100.0)).clock == "estimated"
    assert KNOWN.judged(OTHER, at(1.0, UTC_S + 100.0, "unknown")).clock == "unknown"


@given(
    st.lists(st.tuples(st.floats(0, 1e7), st.floats(-1e9, 1e9), st.sampled_from(["synchronised", "estimated"])))
)
def test_the_floor_is_never_lowered_and_never_above_what_a_synchronised_clock_showed(
    seen: list[tuple[float, float, ClockState]],
) -> None:
    timeline, highest_s = Timeline(), RELEASED_UTC_S
    for monotonic_s, off_s, clock in seen:
        moment = at(monotonic_s, UTC_S + off_s, clock)
        after = timeline.observed(BOOT, moment)
        assert after.floor_utc_s >= timeline.floor_utc_s
        highest_s = max(highest_s, moment.utc_s) if clock == "synchronised" else highest_s
        assert after.floor_utc_s == highest_s
        timeline = after


def test_what_is_new_is_worth_a_write_at_first_when_it_moved_and_once_an_hour() -> None:
    assert not Timeline().differs(Timeline(), BOOT)
    assert KNOWN.differs(Timeline(), BOOT)
    first = KNOWN.observed(BOOT, right(110.0))
    assert not first.observed(BOOT, right(100.0 + KEEP_EVERY_S - 1)).differs(first, BOOT)
    assert first.observed(BOOT, right(110.0 + KEEP_EVERY_S)).differs(first, BOOT)
    assert not first.observed(BOOT, right(120.0, off_s=MOVED_S - 0.1)).differs(first, BOOT)
    assert first.observed(BOOT, right(120.0, off_s=MOVED_S + 0.1)).differs(first, BOOT)


def test_it_survives_the_way_through_json_and_knows_the_last_boots_only() -> None:
    timeline = Timeline()
    for number in range(BOOTS_MOST + 5):
        timeline = timeline.observed(boot_name(f"{number}", "0" * 32), right(float(number)))
    assert len(timeline.boots) == BOOTS_MOST
    assert boot_name(f"{BOOTS_MOST + 4}", "")[:16] in timeline.boots
    assert timeline_from_json(timeline_to_json(timeline)) == timeline
    assert len(timeline_to_json(timeline)) < 4096  # written now and then: less than a page


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"floor": "x", "boots": {}}', '{"floor": 1}', '{"floor": 1, "boots": {"a": [[1]]}}'],
)
def test_what_makes_no_sense_costs_what_it_said_and_not_the_start(text: str) -> None:
    assert timeline_from_json(text) == Timeline()


def test_a_floor_below_the_release_is_that_of_the_release() -> None:
    assert timeline_from_json(json.dumps({"floor": 5.0, "boots": {}})).floor_utc_s == RELEASED_UTC_S
