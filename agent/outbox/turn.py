"""What goes into one transaction, and what gathers for the next."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from agent.errors import StorageError
from agent.outbox.batches import Numbered
from agent.outbox.rows import Packed
from agent.outbox.window import Overflow
from agent.records import Instant


@dataclass(frozen=True, slots=True)
class Turn:
    """One transaction. `settled`: places of telemetry on disk that are confirmed, with their series.

    `passed` telemetry records were confirmed before they had to be written; only the books know of them.
    """

    boot_id: str
    rows: Sequence[Packed] = ()
    states: Mapping[str, str] = field(default_factory=dict)
    confirmed: frozenset[int] = frozenset()
    telemetry: Sequence[Numbered] = ()
    base: int = 0
    settled: Mapping[int, str] = field(default_factory=dict)
    passed: int = 0
    overflow: Overflow | None = None

    @property
    def light(self) -> bool:
        """Nothing that needs the disk, unless a row of telemetry is done with."""
        return not (self.rows or self.states or self.confirmed or self.telemetry or self.passed)

    @property
    def at(self) -> Instant | None:
        """When the newest of its records was made; None: it has no record."""
        newest = self.rows[-1] if self.rows else self.telemetry[-1].packed if self.telemetry else None
        return newest.record.at if newest else None


@dataclass(slots=True)
class Wish:
    """One append that waits for the next transaction."""

    rows: Sequence[Packed]
    states: Mapping[str, str]
    done: "asyncio.Future[list[int]]"


@dataclass(slots=True)
class Gathered:
    """What has come since the last transaction began."""

    wishes: list[Wish] = field(default_factory=list)
    confirmed: set[int] = field(default_factory=set)
    settled: dict[int, str] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Nothing waits."""
        return not (self.wishes or self.confirmed or self.settled)

    @property
    def rows(self) -> list[Packed]:
        """All wishes' records, in their order."""
        return [row for wish in self.wishes for row in wish.rows]

    @property
    def states(self) -> dict[str, str]:
        """All wishes' states; the last word counts."""
        return {key: value for wish in self.wishes for key, value in wish.states.items()}

    def take_back(self, other: "Gathered") -> None:
        """What was confirmed in a transaction that failed is confirmed still."""
        self.confirmed |= other.confirmed
        self.settled |= other.settled

    def tell(self, first: int) -> None:
        """Each wish was granted, from this sequence on."""
        for wish in self.wishes:
            if not wish.done.done():
                wish.done.set_result(list(range(first, first + len(wish.rows))))
            first += len(wish.rows)


def release(wishes: Iterable[Wish], error: StorageError) -> None:
    """Those that are not answered yet have failed."""
    for wish in wishes:
        if not wish.done.done():
            wish.done.set_exception(StorageError(str(error)))
