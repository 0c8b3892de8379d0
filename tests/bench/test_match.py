"""Which message tells of which change."""

from bench.match import latencies
from bench.records import Flip, Message

POINT = (3, 7)


def flips(*at_s: float) -> list[Flip]:
    """A point that changes at these times, from off to on first."""
    return [Flip(int(at * 1e9), POINT, n % 2 == 0) for n, at in enumerate(at_s)]


def said(at_s: float, value: bool, point: tuple[int, int] = POINT) -> Message:
    """The subscriber heard it then."""
    return Message(int(at_s * 1e9), point, value)


def test_each_change_has_its_own_message() -> None:
    assert latencies(flips(1, 4), [said(1.25, True), said(4.5, False)]) == [0.25, 0.5]


def test_what_nobody_heard_of_is_missed() -> None:
    assert latencies(flips(1, 4), [said(4.5, False)]) == [None, 0.5]
    assert latencies(flips(1), []) == [None]


def test_a_press_that_was_over_before_anyone_asked_is_missed_and_so_is_its_release() -> None:
    assert latencies(flips(1, 3, 6), [said(6.5, True)]) == [None, None, 0.5]


def test_a_message_before_the_change_tells_nothing_of_it() -> None:
    assert latencies(flips(1), [said(0.9, True)]) == [None]


def test_a_message_of_another_point_or_value_tells_nothing() -> None:
    assert latencies(flips(1), [said(1.1, True, (3, 8)), said(1.2, False)]) == [None]


def test_a_message_that_comes_twice_counts_once() -> None:
    assert latencies(flips(1, 4), [said(1.25, True), said(1.3, True), said(4.5, False)]) == [0.25, 0.5]
