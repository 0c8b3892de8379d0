"""The hazard ledger (隐患台账): every hazard in a slot of its own, bounded; the oldest closed one makes room.

A slot is one state of the store, and is used again when its hazard has gone, so that the store does not grow.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from pydantic import TypeAdapter, ValidationError

from agent.errors import OrderRefused
from agent.hazards.model import Hazard
from agent.hazards.sights import Key

PREFIX = "hazards/"  # of states' names; no device can have one
NUMBER = f"{PREFIX}number"
_HAZARD = TypeAdapter(Hazard)


def to_json(hazard: Hazard) -> str:
    """As it is stored."""
    return _HAZARD.dump_json(hazard).decode()


def from_json(text: str) -> Hazard | None:
    """As it was stored; None where it was damaged."""
    try:
        return _HAZARD.validate_json(text)
    except ValidationError:
        return None


@dataclass(frozen=True, slots=True)
class Entry:
    """What is to be stored: states by name, the hazards as they then are, and those that make room."""

    hazards: tuple[Hazard, ...]
    gone: tuple[Hazard, ...]
    states: Mapping[str, str]
    slots: Mapping[str, int]
    number: int


@dataclass(slots=True)
class Ledger:
    """All hazards by id, oldest first. It changes only by `enter`, when what was `prepared` is stored."""

    most: int
    _hazards: dict[str, Hazard] = field(default_factory=dict)
    _slots: dict[str, int] = field(default_factory=dict)
    _newest: dict[Key, str] = field(default_factory=dict)
    _number: int = 0

    @classmethod
    def recalled(cls, most: int, states: Mapping[str, str]) -> tuple["Ledger", list[str]]:
        """As an earlier run left it, and the names of states that could not be read."""
        ledger, unread, found = cls(most), list[str](), list[tuple[int, Hazard]]()
        for name, text in states.items():
            slot = name.removeprefix(PREFIX)
            if name.startswith(PREFIX) and slot.isdecimal() and text:
                hazard = from_json(text)
                unread += [name] if hazard is None else []
                found += [] if hazard is None else [(int(slot), hazard)]
        for at, one in sorted(found, key=lambda kept: number_of(kept[1].id)):
            ledger._put(one, at)
        kept = states.get(NUMBER, "")
        ledger._number = max(ledger._number, int(kept) if kept.isdecimal() else 0)
        return ledger, unread

    def __iter__(self) -> Iterator[Hazard]:
        return iter(self._hazards.values())

    def __len__(self) -> int:
        return len(self._hazards)

    def __contains__(self, id: str) -> bool:
        return id in self._hazards

    @property
    def room(self) -> int:
        """So many more may be open."""
        return self.most - sum(one.open for one in self._hazards.values())

    @property
    def next_number(self) -> int:
        """Of the next hazard; no number comes twice."""
        return self._number + 1

    def newest(self, key: Key) -> Hazard | None:
        """The newest with this rule and subject."""
        return self._hazards.get(self._newest.get(key, ""))

    def named(self, name: str) -> Hazard:
        """By its id, or by its number alone; raises OrderRefused."""
        if (hazard := self._hazards.get(name)) is not None:
            return hazard
        found = [one for id, one in self._hazards.items() if id.partition("-")[0] == name]
        if len(found) != 1:
            raise OrderRefused("no hazard {id} in the ledger", id=repr(name))
        return found[0]

    def prepared(self, changed: Iterable[Hazard]) -> Entry:
        """What storing these needs; raises OrderRefused when there is no room for one more that is open."""
        hazards = tuple({one.id: one for one in changed}.values())
        new = [one for one in hazards if one.id not in self._hazards]
        gone = self._making_room(len(new), {one.id for one in hazards})
        free = self._free([self._slots[one.id] for one in gone])
        slots = {one.id: self._slots[one.id] if one.id in self._slots else next(free) for one in hazards}
        states = {f"{PREFIX}{self._slots[one.id]}": "" for one in gone}
        states |= {f"{PREFIX}{slots[one.id]}": to_json(one) for one in hazards}
        number = max([self._number, *(number_of(one.id) for one in new)])
        return Entry(hazards, gone, states | ({NUMBER: str(number)} if new else {}), slots, number)

    def enter(self, entry: Entry) -> None:
        """It is stored."""
        for one in entry.gone:
            self._slots.pop(one.id)
            self._hazards.pop(one.id)
            if self._newest.get(one.key) == one.id:
                del self._newest[one.key]
        for one in entry.hazards:
            self._put(one, entry.slots[one.id])
        self._number = entry.number

    def _put(self, hazard: Hazard, slot: int) -> None:
        self._hazards[hazard.id], self._slots[hazard.id] = hazard, slot
        if hazard.facts.rule:
            self._newest[hazard.key] = hazard.id
        self._number = max(self._number, number_of(hazard.id))

    def _making_room(self, new: int, staying: set[str]) -> tuple[Hazard, ...]:
        over = len(self._hazards) + new - self.most
        if over <= 0:
            return ()
        closed = [one for one in self._hazards.values() if not one.open and one.id not in staying][:over]
        if new and len(closed) < over:  # a bound that was made smaller must not keep anybody from closing one
            raise OrderRefused("the ledger is full of open hazards: {most}", most=str(self.most))
        return tuple(closed)

    def _free(self, given_back: Iterable[int]) -> Iterator[int]:
        """Slots that nobody has: first those that are given back."""
        used, back = set(self._slots.values()), sorted(given_back)
        yield from back
        yield from (slot for slot in range(self.most) if slot not in used)


def number_of(id: str) -> int:
    """The number with which an id begins."""
    digits = id.partition("-")[0]
    return int(digits) if digits.isdecimal() else 0
