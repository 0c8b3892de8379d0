"""Which commands were carried out or refused: each is answered once, however often it comes, across restarts."""

from collections.abc import Mapping

REMEMBERED = 256
DIGITS_MOST = 18  # a number of more was damaged
PREFIX = "command/"  # of states' names; no device can have one


class Done:
    """The last ids, one to a state of the outbox, so that an answer writes no more than its own."""

    def __init__(self, kept: Mapping[str, str]) -> None:
        slots = (_read(value) for key, value in kept.items() if key.startswith(PREFIX))
        self._ids = {id: number for number, id in sorted(slot for slot in slots if slot is not None)}
        self._next = max(self._ids.values(), default=-1) + 1

    def __contains__(self, id: str) -> bool:
        return id in self._ids

    def state(self, id: str) -> dict[str, str]:
        """What is to be stored together with the answer."""
        return {f"{PREFIX}{self._next % REMEMBERED}": f"{self._next} {id}"}

    def add(self, id: str) -> None:
        """It is stored; the oldest is forgotten."""
        self._ids[id] = self._next
        self._next += 1
        while len(self._ids) > REMEMBERED:
            del self._ids[next(iter(self._ids))]


def _read(value: str) -> tuple[int, str] | None:
    number, _, id = value.partition(" ")
    return (int(number), id) if number.isdecimal() and len(number) <= DIGITS_MOST and id else None
