"""Every n of every kind in both manners, or some of them; what nobody may complain of."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import get_args

from bench.reliability.nth.day import Day, play_day, unsaid
from bench.reliability.nth.tap import KINDS, Kind, Manner


@dataclass(frozen=True, slots=True)
class Case:
    """One operation that goes wrong."""

    kind: Kind
    nth: int
    manner: Manner

    def __str__(self) -> str:
        return f"{self.nth}. {self.kind} {self.manner}"


@cache
def calm() -> Day:
    """A day on which nothing goes wrong: how many operations there are, and when everything is told."""
    with tempfile.TemporaryDirectory(prefix="campusgw-nth-") as directory:
        return play_day(Path(directory))


def cases(most: int | None = None) -> Iterator[Case]:
    """All of them, or at most so many of each kind and manner, evenly spread."""
    for kind in KINDS:
        count = calm().tap.counted[kind]
        step = 1 if most is None else max(1, -(-count // most))
        for manner in get_args(Manner):
            yield from (Case(kind, nth, manner) for nth in range(1, count + 1, step))


def complaints(case: Case) -> list[str]:
    """What did not hold on that day; also that the operation was never reached."""
    with tempfile.TemporaryDirectory(prefix="campusgw-nth-") as directory:
        day = play_day(Path(directory), case.kind, case.nth, case.manner)
    found = [*day.complaints]
    if day.tap.struck_s is None:
        found.append("it never came to that")
    if silence := unsaid(day, calm()):
        found.append(silence)
    return [f"{case}: {words}" for words in found]
