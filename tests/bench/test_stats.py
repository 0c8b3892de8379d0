"""Percentiles and medians."""

import math

from bench.stats import median, percentile


def test_a_percentile_is_a_value_that_was_measured() -> None:
    values = [float(n) for n in range(1, 101)]
    assert percentile(values, 50) == 50
    assert percentile(values, 99) == 99
    assert percentile(values, 100) == 100
    assert percentile(values, 0) == 1


def test_of_few_values_the_99th_percentile_is_the_greatest() -> None:
    assert percentile([3.0, 1.0, 2.0], 99) == 3


def test_the_median_of_an_even_number_lies_between() -> None:
    assert median([4.0, 1.0, 3.0, 2.0]) == 2.5
    assert median([3.0, 1.0, 2.0]) == 2


def test_nothing_measured_is_no_number() -> None:
    assert math.isnan(percentile([], 99))
    assert math.isnan(median([]))
