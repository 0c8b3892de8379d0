"""Percentiles without keeping the times."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.latencies import FIRST_S, STEP, Latencies


def of(times_s: list[float]) -> Latencies:
    made = Latencies()
    for seconds in times_s:
        made.add(seconds)
    return made


def test_before_the_first_reply_nothing_is_known() -> None:
    assert Latencies().percentile(50) is None


def test_one_slow_reply_in_a_hundred_shows_in_the_longest_but_not_in_the_median() -> None:
    made = of([0.010] * 99 + [0.3])
    assert made.percentile(50) == pytest.approx(0.010, rel=0.2)
    assert made.percentile(99) == pytest.approx(0.010, rel=0.2)
    assert made.percentile(100) == made.longest_s == 0.3


@given(st.lists(st.floats(FIRST_S, 40.0), min_size=1, max_size=200), st.sampled_from([1, 50, 90, 99, 100]))
def test_a_percentile_is_never_below_the_true_one_and_at_most_a_step_above(
    times_s: list[float], percent: int
) -> None:
    true_s = sorted(times_s)[max(0, -(-len(times_s) * percent // 100) - 1)]
    found_s = of(times_s).percentile(percent)
    assert found_s is not None
    assert true_s / (1 + 1e-9) <= found_s <= true_s * STEP * (1 + 1e-9)


@given(st.floats(0.0, 1e6))
def test_any_time_has_a_place(seconds: float) -> None:
    assert of([seconds]).count == 1
