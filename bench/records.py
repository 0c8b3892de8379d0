"""What the instruments wrote down: the field's log and the subscriber's, as typed rows (times in ns)."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

Point = tuple[int, int]  # unit, input


@dataclass(frozen=True, slots=True)
class Flip:
    """An input changed in the field."""

    at_ns: int
    point: Point
    value: bool


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its reply, as the field saw it; `replied_ns` is 0 when there was no answer."""

    asked_ns: int
    unit: int
    gap_ns: int
    broke: bool
    function: int
    request_bytes: int
    reply_bytes: int
    replied_ns: int


@dataclass(slots=True)
class FieldLog:
    """Everything one field noted; `marks` are the instants of the commands given to it."""

    flips: list[Flip] = field(default_factory=list)
    exchanges: list[Exchange] = field(default_factory=list)
    marks: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Message:
    """A change as the subscriber heard of it."""

    at_ns: int
    point: Point
    value: bool


def read_field(path: Path) -> FieldLog:
    """Parse a field's log."""
    log = FieldLog()
    for line in path.read_text().splitlines():
        kind, at, rest = line.split(" ", 2)
        if kind == "C":
            log.marks.append((int(at), rest))
            continue
        numbers = [int(word) for word in rest.split()]
        if kind == "F":
            unit, channel, value = numbers
            log.flips.append(Flip(int(at), (unit, channel), bool(value)))
        else:
            unit, gap_ns, broke, *more = numbers
            log.exchanges.append(Exchange(int(at), unit, gap_ns, bool(broke), *more))
    return log


def read_messages(lines: Iterable[str]) -> list[Message]:
    """The changes among what the subscriber heard; other messages (states, heartbeats) are left out."""
    found = []
    for line in lines:
        at, topic, payload = line.split(" ", 2)
        change = _plain(topic, payload) if topic.startswith("bench/") else _alarm(topic, payload)
        if change is not None:
            found.append(Message(int(at), *change))
    return found


def _plain(topic: str, payload: str) -> tuple[Point, bool] | None:
    """`bench/UNIT/INPUT` with 0 or 1, from the floor and the plain loop."""
    _, _, rest = topic.partition("/")
    if rest == "ready":
        return None
    unit, channel = rest.split("/")
    return (int(unit), int(channel)), payload.strip() == "1"


def _alarm(topic: str, payload: str) -> tuple[Point, bool] | None:
    """The gateway's alarm channel; its devices are called `uUNIT-iINPUT` (subjects.py)."""
    channel, device = topic.split("/")[-2:]
    if channel != "alarm":
        return None
    said = json.loads(payload)["data"]
    if said["condition"] not in ("pressed", "alarm") or said["change"] not in ("raised", "cleared"):
        return None
    unit, _, number = device.partition("-")
    return (int(unit[1:]), int(number[1:])), said["change"] == "raised"
