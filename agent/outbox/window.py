"""Telemetry in memory: numbered and offered at once, written only if its window ends before it is confirmed."""

from dataclasses import dataclass
from itertools import islice

from agent.outbox.batches import Numbered
from agent.outbox.rows import Packed
from agent.records import Instant, Stored

TELEMETRY_MOST = 10_000  # records in memory; past that the oldest are dropped, and that is told


@dataclass(frozen=True, slots=True)
class Overflow:
    """Records that came when there was no room in memory: `count` of those from `first` to `last`."""

    first: int
    last: int
    count: int

    def __add__(self, later: "Overflow") -> "Overflow":
        return Overflow(self.first, later.last, self.count + later.count)

    def __sub__(self, earlier: "Overflow") -> "Overflow | None":
        rest = self.count - earlier.count
        return Overflow(earlier.last + 1, self.last, rest) if rest else None


@dataclass(frozen=True, slots=True)
class _Held:
    packed: Packed
    since_s: float


class Window:
    """What of this boot's telemetry is neither confirmed nor on disk. Time comes as an argument (loop time).

    `passed` counts what was confirmed without ever being written, since the books were last written.
    """

    def __init__(self, boot_id: str, base: int, batch_s: float) -> None:
        self.boot_id = boot_id
        self.base = base
        self.passed = 0
        self.overflow: Overflow | None = None
        self._batch_s = batch_s
        self._held: dict[int, _Held] = {}  # by place, oldest first
        self._last = base
        self._taken_to = base  # what is being written: all up to here
        self._late: set[int] = set()  # confirmed while they are being written
        self._tried_s = 0.0

    def __len__(self) -> int:
        return len(self._held)

    @property
    def empty(self) -> bool:
        """Nothing that the books do not know yet."""
        return not (self._held or self.passed)

    @property
    def late(self) -> int:
        """How many were confirmed while they are being written."""
        return len(self._late)

    @property
    def oldest(self) -> Instant | None:
        """When the oldest that waits was measured."""
        first = next(iter(self._held.values()), None)
        return first.packed.record.at if first else None

    @property
    def due_s(self) -> float | None:
        """When what is here must be written; None: nothing is."""
        first = next(iter(self._held.values()), None)
        return max(first.since_s, self._tried_s) + self._batch_s if first else None

    def accept(self, records: list[Packed], now_s: float) -> None:
        """Number these; where there is no room the oldest go."""
        for packed in records:
            self._last += 1
            self._held[self._last] = _Held(packed, now_s)
        if (over := len(self._held) - TELEMETRY_MOST) > 0:
            self._overflow(list(islice((place for place in self._held if place > self._taken_to), over)))

    def beyond(self, after: int, limit: int) -> list[Stored]:
        """Up to `limit` records beyond a place, oldest first."""
        first = next(iter(self._held), self._last + 1)
        waiting = (place for place in range(max(after + 1, first), self._last + 1) if place in self._held)
        return [self._stored(place) for place in islice(waiting, limit)]

    def confirm(self, stored: Stored) -> bool:
        """The far side has it; False when it is not here (any more)."""
        place = self.base + stored.sequence
        if stored.series != self.boot_id or self._held.pop(place, None) is None:
            return False
        if place <= self._taken_to:
            self._late.add(place)
        else:
            self.passed += 1
        return True

    # --- writing ------------------------------------------------------------------------------------

    def take(self) -> list[Numbered]:
        """All of it, to be written; stays readable until `written` or `put_back` is called.

        What was taken before and not written is taken again; what of it was confirmed meanwhile has passed.
        """
        self._pass_late()
        self._taken_to = self._last
        return [Numbered(place - self.base, held.packed) for place, held in self._held.items()]

    def written(self) -> set[int]:
        """What was taken is on disk; returns the places of it that were confirmed meanwhile."""
        late, self._late = self._late, set()
        for place in [place for place in self._held if place <= self._taken_to]:
            del self._held[place]
        self._taken_to = self.base
        return late

    def entered(self, passed: int, overflow: Overflow | None) -> None:
        """So much of what passed, and of what was lost, is in the books now."""
        self.passed -= passed
        if overflow is not None and self.overflow is not None:
            self.overflow -= overflow

    def put_back(self, now_s: float) -> None:
        """It could not be written: another window, then it is tried again."""
        self._pass_late()
        self._taken_to = self.base
        self._tried_s = now_s

    def move(self, shift: int) -> None:
        """Places lie so much further on now; numbers are the same. Not while something is being written."""
        self.base += shift
        self._last += shift
        self._taken_to = self.base
        self._held = {place + shift: held for place, held in self._held.items()}

    def _pass_late(self) -> None:
        self.passed += len(self._late)
        self._late.clear()

    def _overflow(self, places: list[int]) -> None:
        if not places:
            return
        for place in places:
            del self._held[place]
        lost = Overflow(places[0] - self.base, places[-1] - self.base, len(places))
        self.overflow = self.overflow + lost if self.overflow else lost

    def _stored(self, place: int) -> Stored:
        packed = self._held[place].packed
        return packed.stored(place - self.base, self.boot_id, self.boot_id, self.base)
