"""Which message tells of which flip, and how long that took."""

from collections import defaultdict
from collections.abc import Sequence

from bench.records import Flip, Message, Point

Latency = float | None  # seconds; None: nobody heard of it


def latencies(flips: Sequence[Flip], messages: Sequence[Message]) -> list[Latency]:
    """One latency for each flip, in the flips' order."""
    by_point: dict[Point, tuple[list[int], list[Message]]] = defaultdict(lambda: ([], []))
    for n, flip in enumerate(flips):
        by_point[flip.point][0].append(n)
    for message in messages:
        by_point[message.point][1].append(message)
    found: list[Latency] = [None] * len(flips)
    for numbers, heard in by_point.values():
        for n, latency in zip(numbers, _of_point([flips[n] for n in numbers], heard), strict=True):
            found[n] = latency
    return found


def _of_point(flips: Sequence[Flip], messages: Sequence[Message]) -> list[Latency]:
    """A message tells of the latest flip before it to its value; flips that it passes over were missed.

    The field leaves each point alone for seconds after a flip, so a latency below that is never mistaken.
    """
    found: list[Latency] = [None] * len(flips)
    told = -1
    for message in messages:
        fits = [
            n
            for n in range(told + 1, len(flips))
            if flips[n].at_ns <= message.at_ns and flips[n].value == message.value
        ]
        if fits:
            told = fits[-1]
            found[told] = (message.at_ns - flips[told].at_ns) / 1e9
    return found
