"""The ideal cycle, computed by hand."""

import math

import pytest

from bench.records import Exchange
from bench.reduce import cycle_ratio, wasted
from bench.wire import Medium

MS = 1_000_000
REQUEST, REPLY = 8, 7  # read 16 inputs: unit, function, address, count, CRC; unit, function, size, 2 bytes, CRC


def exchange(asked_ms: float, *, answered: bool = True) -> Exchange:
    """A request at that time."""
    asked_ns = int(asked_ms * MS)
    return Exchange(
        asked_ns, 1, 0, False, 2, REQUEST, REPLY if answered else 0, asked_ns + 9 * MS if answered else 0
    )


def test_an_exchange_at_9600_baud_takes_15_characters_two_silences_and_the_turnaround() -> None:
    character_ms = 10 / 9.6
    expected_ms = 15 * character_ms + 7 * character_ms + 5
    assert Medium(9600).exchange_s(REQUEST, REPLY) * 1e3 == pytest.approx(expected_ms)


def test_above_19200_baud_the_silence_is_fixed() -> None:
    assert Medium(19200).silence_s == pytest.approx(3.5 * 10 / 19200)
    assert Medium(115200).exchange_s(REQUEST, REPLY) * 1e3 == pytest.approx(15 / 11.52 + 3.5 + 5)


def test_on_tcp_only_the_turnaround_counts() -> None:
    assert Medium(0).exchange_s(12, 11) == 0.005


def test_the_cycle_ratio_is_time_taken_by_time_needed() -> None:
    medium = Medium(9600)
    ideal_ms = medium.exchange_s(REQUEST, REPLY) * 1e3
    asked = [exchange(n * ideal_ms * 1.1) for n in range(20)]
    assert cycle_ratio(asked, medium) == pytest.approx(1.1, rel=1e-4)


def test_a_request_without_an_answer_costs_time_and_brings_nothing() -> None:
    medium = Medium(9600)
    ideal_ms = medium.exchange_s(REQUEST, REPLY) * 1e3
    asked = [exchange(0), exchange(ideal_ms, answered=False), exchange(3 * ideal_ms), exchange(4 * ideal_ms)]
    assert cycle_ratio(asked, medium) == pytest.approx(2.0, rel=1e-4)
    assert wasted(asked) == pytest.approx(0.5, rel=1e-4)


def test_one_request_makes_no_cycle() -> None:
    assert math.isnan(cycle_ratio([exchange(0)], Medium(9600)))
    assert wasted([exchange(0)]) == 0
