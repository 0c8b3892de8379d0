"""Timeouts are learned from a unit's own replies, within bounds."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.polling.patience import FULL_PROBE, MARGIN_S, Patience, learned, timeout_s

FRESH = Patience(floor_s=0.06, brisk_s=0.04, ceiling_s=0.3, request_s=0.01)


def after(replies_s: list[float], patience: Patience = FRESH) -> Patience:
    for reply_s in replies_s:
        patience = learned(patience, reply_s)
    return patience


def test_a_unit_that_never_answered_gets_the_whole_time() -> None:
    assert [timeout_s(FRESH, misses, None) for misses in range(3)] == [0.3, 0.3, 0.3]


def test_a_quick_unit_is_given_up_soon_but_not_before_its_floor() -> None:
    assert timeout_s(after([0.01] * 50), 0, None) == FRESH.floor_s


def test_a_slow_unit_is_waited_for_longer() -> None:
    steady = after([0.12] * 50)
    assert 0.12 + MARGIN_S <= timeout_s(steady, 0, None) < 0.16


def test_a_unit_that_varies_is_waited_for_longer_than_a_steady_one() -> None:
    assert after([0.05, 0.15] * 25).usual_s > after([0.10] * 50).usual_s


def test_every_miss_doubles_the_patience_up_to_the_configured_end() -> None:
    quick = after([0.01] * 50)
    assert [round(timeout_s(quick, misses, None), 9) for misses in range(4)] == [0.06, 0.12, 0.24, 0.3]


def test_a_lost_unit_is_probed_briefly_and_now_and_then_for_the_whole_time() -> None:
    quick = after([0.01] * 50)
    waits = [timeout_s(quick, 3, probes) for probes in range(2 * FULL_PROBE)]
    assert set(waits) == {FRESH.brisk_s, FRESH.ceiling_s}
    assert waits.count(0.3) == 2
    assert FRESH.request_s + sum(waits) / len(waits) == pytest.approx(quick.probe_s)


def test_a_lost_unit_that_never_answered_is_given_its_profiles_worst_turnaround() -> None:
    assert timeout_s(FRESH, 3, 0) == FRESH.floor_s


@given(st.lists(st.floats(0.0, 5.0), max_size=60), st.integers(0, 40), st.none() | st.integers(0, 100))
def test_whatever_was_learned_the_bounds_hold(replies_s: list[float], misses: int, probes: int | None) -> None:
    least_s = FRESH.floor_s if probes is None else FRESH.brisk_s
    assert least_s <= timeout_s(after(replies_s), misses, probes) <= FRESH.ceiling_s
