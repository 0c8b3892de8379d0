"""What the world outside a store knows: what it was promised, what it has; and whether the store keeps to it."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from agent.outbox.ledger import LaneDepth
from agent.records import Lane, Stored

WINDOW_S = 5.0  # telemetry that is younger may be in memory only
SLACK_S = 0.5  # what the writing itself takes
LOST = "lost"


@dataclass(frozen=True, slots=True)
class Inside:
    """A store as it shows itself after a start."""

    store_id: str
    stored: Sequence[Stored]
    states: Mapping[str, str]
    depths: Mapping[Lane, LaneDepth]
    check: str


@dataclass
class Outside:
    """Every record is a number, every device's state the number of its last alarm."""

    owed: set[int] = field(default_factory=set)
    doubtful: set[int] = field(default_factory=set)  # asked for, not answered when the power failed
    undone: set[int] = field(default_factory=set)  # of those, what was not there afterwards
    arrived: set[int] = field(default_factory=set)
    names: dict[tuple[str, int], int | None] = field(default_factory=dict)
    told: dict[str, int] = field(default_factory=dict)
    asked: dict[str, int] = field(default_factory=dict)
    measured: dict[int, float] = field(default_factory=dict)
    count: int = 0

    def number(self) -> int:
        """A new one."""
        self.count += 1
        return self.count

    # --- what is said to the store, and what it answers -----------------------------------------------

    def ask(self, device: str, numbers: Sequence[int]) -> None:
        """These are to be kept; the state of the device is the last of them."""
        self.doubtful.update(numbers)
        self.asked[device] = numbers[-1]

    def kept(self, device: str, numbers: Sequence[int], names: Sequence[tuple[str, int]]) -> Iterator[str]:
        """It says that they are, under these names."""
        self.doubtful.difference_update(numbers)
        self.owed.update(numbers)
        self.told[device] = self.asked.pop(device)
        for name, number in zip(names, numbers, strict=True):
            yield from self._named(name, number)

    def arrive(self, stored: Stored) -> Iterator[str]:
        """The platform has it."""
        number = number_of(stored)
        yield from self._named(stored.key, number)
        if number is not None:
            self.arrived.add(number)

    def again(self, names: Iterable[tuple[str, int]]) -> None:
        """The platform has asked for these once more, and the store has them still."""
        for name in names:
            if (number := self.names.get(name)) is not None:
                self.arrived.discard(number)
                self.owed.add(number)

    def power_fails(self, now_s: float) -> None:
        """Telemetry older than its window is on disk; what is younger may be gone."""
        old = {n for n, at_s in self.measured.items() if now_s - at_s > WINDOW_S + SLACK_S}
        self.owed |= old
        self.doubtful |= set(self.measured) - old
        self.measured.clear()

    def closed(self) -> None:
        """It was closed in order: all is on disk."""
        self.owed.update(self.measured)
        self.measured.clear()

    # --- what it shows ------------------------------------------------------------------------------

    def complaints(self, inside: Inside) -> list[str]:
        """Every promise that it does not keep; what was in doubt is settled."""
        found = Counter(n for n in map(number_of, inside.stored) if n is not None)
        lost = sorted(self.owed - self.arrived - set(found))
        rules = (
            ("check", [inside.check] if inside.check != "ok" else []),
            (LOST, (f"record {n}" for n in lost)),
            ("twice", (f"record {n}" for n, times in found.items() if times > 1)),
            ("undone", (f"record {n} is there after all" for n in sorted(self.undone & set(found)))),
            ("state", self._states(inside.states, set(found))),
            ("gap", self._gaps(inside)),
            ("books", _unbalanced(inside)),
        )
        said = [words for stored in inside.stored for words in self._named(stored.key, number_of(stored))]
        said += [f"{rule}: {words}" for rule, complaints in rules for words in complaints]
        self.owed.difference_update(lost)  # once is enough
        self._settle(set(found))
        return said

    def _settle(self, found: set[int]) -> None:
        there = found | self.arrived
        for device, number in self.asked.items():
            if number in there:
                self.told[device] = number
        self.asked.clear()
        self.owed |= self.doubtful & there
        self.undone |= self.doubtful - there
        self.doubtful.clear()

    def _states(self, states: Mapping[str, str], found: set[int]) -> Iterator[str]:
        for device in sorted({*self.told, *self.asked}):
            asked = self.asked.get(device)
            done = asked is not None and asked in found | self.arrived
            want = asked if done else self.told.get(device)
            if states.get(device) != (None if want is None else str(want)):
                yield f"{device} is {states.get(device)}, its last record is {want}"

    def _named(self, name: tuple[str, int], number: int | None) -> Iterator[str]:
        if self.names.setdefault(name, number) != number:
            yield f"name: {name} names record {self.names[name]} and record {number}"

    def _gaps(self, inside: Inside) -> Iterator[str]:
        """Within a store's own series nothing is missing up to the last name that anybody has heard."""
        known: dict[str, set[int]] = defaultdict(set)
        for series, sequence in self.names:
            known[series].add(sequence)
        mine = known[inside.store_id]
        if missing := sorted(set(range(1, max(mine, default=0) + 1)) - mine):
            yield f"{missing[:5]} of {max(mine)}"


def number_of(stored: Stored) -> int | None:
    """Our record's number; None for what the store tells of itself."""
    number = stored.record.data.get("n")
    return number if isinstance(number, int) else None


def _unbalanced(inside: Inside) -> Iterator[str]:
    waiting = Counter(stored.record.lane for stored in inside.stored)
    for lane, depth in inside.depths.items():
        if depth.accepted != depth.confirmed + depth.count + depth.dropped or depth.dropped:
            yield f"{lane.name}: {depth}"
        if depth.count != waiting[lane]:
            yield f"{lane.name}: {depth.count} are said to wait, {waiting[lane]} do"
