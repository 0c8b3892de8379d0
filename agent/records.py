"""What travels down the pipe: a record is accepted once it is durable, and leaves once confirmed."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Literal

ClockState = Literal["synchronised", "estimated", "unknown"]


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


@dataclass(frozen=True, slots=True)
class Record:
    """Something that must reach the platform. `data` is JSON-able; `subject` is the topic's last segment."""

    lane: Lane
    type: str
    subject: str
    data: Mapping[str, Any]
    at: Instant


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
