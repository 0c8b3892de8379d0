"""What travels down the pipe: a record is accepted once it is durable, and leaves once confirmed."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, Literal

ClockState = Literal["synchronised", "estimated", "unknown"]
MACHINE_DIGITS = 16


class Lane(IntEnum):
    """Importance: lower goes first and is dropped last."""

    ALARM = 0
    EVENT = 1
    TELEMETRY = 2

    @property
    def channel(self) -> str:
        """The topic's channel segment."""
        return self.name.lower()


@dataclass(frozen=True, slots=True)
class Instant:
    """One moment on both clocks: `monotonic_s` orders within a boot, `utc_s` is only as good as `clock` says."""

    monotonic_s: float
    utc_s: float
    clock: ClockState


Told = Callable[[str, Instant], Instant]
"""A moment of that start of the process (its boot id), as it is known by now."""


def as_recorded(_boot_id: str, at: Instant) -> Instant:
    """Nothing more is known than what was written down."""
    return at


def boot_name(machine: str, start: str) -> str:
    """The boot id of a start of the process: its first half names the boot of the machine.

    So what is learned of a machine's boot counts for every record of it, and nobody keeps a list of starts.
    """
    return hashlib.sha256(machine.encode()).hexdigest()[:MACHINE_DIGITS] + start[:MACHINE_DIGITS]


def machine_of(boot_id: str) -> str:
    """Which boot of the machine it was: its monotonic clock did not begin anew meanwhile."""
    return boot_id[:MACHINE_DIGITS]


@dataclass(frozen=True, slots=True)
class Record:
    """Something that must reach the platform. `data` is JSON-able; `subject` is the topic's last segment."""

    lane: Lane
    type: str
    subject: str
    data: Mapping[str, Any]
    at: Instant


def event_record(event: str, text: str, fields: Mapping[str, object], at: Instant) -> Record:
    """Something happened that is no alarm; the first word of its name is what it is about."""
    said = {"event": event, "text": text, "fields": dict(fields)}
    return Record(Lane.EVENT, "event", event.partition(".")[0], said, at)


@dataclass(frozen=True, slots=True)
class Stored:
    """A record as the outbox keeps it: `sequence` counts 1, 2, 3 … within its `series`.

    The series is the store for alarms and events, and the boot for telemetry; the two together name the record for
    ever. `base` is 0 but for telemetry, which several boots may have left behind.
    """

    sequence: int
    series: str
    boot_id: str
    record: Record
    base: int = 0

    @property
    def place(self) -> int:
        """Where it stands in its lane: whoever has read it goes on behind it."""
        return self.base + self.sequence

    @property
    def key(self) -> tuple[str, int]:
        """Names the record for ever."""
        return self.series, self.sequence


@dataclass(frozen=True, slots=True)
class Along:
    """What is stored in the same transaction as something else, or not at all."""

    records: tuple[Record, ...] = ()
    states: Mapping[str, str] = field(default_factory=dict)


NOTHING = Along()
