"""The words of alarm management, after ISA-18.2 / IEC 62682."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from agent.records import ClockState
from drivers.reading import Quality, Value

Action = Literal[
    "acknowledge",
    "reset",
    "shelve",
    "unshelve",
    "suppress",
    "release",
    "out_of_service",
    "return_to_service",
]
HoldKind = Literal["shelved", "suppressed", "out_of_service"]
Motion = Literal["closed", "opening", "open", "closing", "stopped", "obstructed", "unknown"]


@dataclass(frozen=True, slots=True)
class PointValue:
    """The latest word of a point; `at_s` is the loop time at which it was read."""

    value: Value
    quality: Quality = Quality.GOOD
    at_s: float = 0.0
    cause: str = ""
    text: str = ""

    @property
    def good(self) -> bool:
        """It may be believed."""
        return self.quality is Quality.GOOD and self.value is not None


class State(StrEnum):
    """A condition's alarm state; latched means clear again, but held until somebody resets it."""

    NORMAL = "normal"
    UNACKNOWLEDGED = "unacknowledged"
    ACKNOWLEDGED = "acknowledged"
    RETURNED = "returned_unacknowledged"
    LATCHED_UNACKNOWLEDGED = "latched_unacknowledged"
    LATCHED = "latched_acknowledged"

    @property
    def active(self) -> bool:
        """The condition is there now."""
        return self in (State.UNACKNOWLEDGED, State.ACKNOWLEDGED)

    @property
    def acknowledged(self) -> bool:
        """Nobody needs to acknowledge it."""
        return self in (State.NORMAL, State.ACKNOWLEDGED, State.LATCHED)


@dataclass(frozen=True, slots=True)
class Hold:
    """Somebody set an alarm aside, for a reason and until an end time; it still exists and is reported.

    `until_s` is that end on the machine's monotonic clock, which alone decides: a wall clock that is put forward
    or back must not make a hold shorter or longer. It is None after the machine was off, until judge has worked it
    out again: then, while the clock is not right, at most the whole `length_s` is left (not `sure`). `right`: the
    wall clock was, when `until_utc_s` was said.
    """

    kind: HoldKind
    reason: str
    person: str
    until_utc_s: float
    until_s: float | None = None
    length_s: float | None = None
    right: bool = True
    sure: bool = True


@dataclass(frozen=True, slots=True)
class Since:
    """When something last changed, on the wall clock, and how far that could be believed then.

    `monotonic_s` is the same moment on the monotonic clock, if the machine has not been off since.
    """

    utc_s: float
    clock: ClockState
    monotonic_s: float | None = None


@dataclass(frozen=True, slots=True)
class ConditionState:
    """One condition: its alarm state, a hold, and a change that waits for its delay (loop seconds).

    `since` is for people: what is normal has none, and nothing is decided by it.
    """

    state: State = State.NORMAL
    hold: Hold | None = None
    since: Since | None = None
    pending_since_s: float | None = None
    flips_s: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class DeviceMemory:
    """All that judge remembers of a device: conditions by `condition` or `address/condition`, and marks.

    `marks` are the kind's own notes: name → loop time at which something began. `motion`: how it was last
    seen to move, where it can.
    """

    conditions: Mapping[str, ConditionState] = field(default_factory=dict)
    marks: Mapping[str, float] = field(default_factory=dict)
    motion: Motion | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Something that must be told: a condition was raised, cleared, acknowledged, reset or set aside."""

    device: str
    condition: str
    change: str
    state: State
    active: bool
    priority: int
    address: str = ""
    text: str = ""
    cause: str = ""
    person: str = ""
    reason: str = ""
    until_utc_s: float | None = None
    hold: HoldKind | None = None


@dataclass(frozen=True, slots=True)
class Judgement:
    """What follows: the new memory, what to tell, and when (loop time) to look again without a reading."""

    memory: DeviceMemory
    changes: tuple[Change, ...] = ()
    due_s: float | None = None


@dataclass(frozen=True, slots=True)
class Order:
    """What an operator wants of one condition."""

    action: Action
    condition: str
    person: str
    address: str = ""
    reason: str = ""
    until_utc_s: float | None = None


def key_of(condition: str, address: str = "") -> str:
    """How a condition is filed in a memory."""
    return f"{address}/{condition}" if address else condition
