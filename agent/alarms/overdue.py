"""Alarms that the platform should have confirmed by now; pure.

EN 54-21's idea: a receiving centre that does not acknowledge is a fault on the spot, so that somebody there calls
for help in another way.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from agent.records import Instant, machine_of

LIFE = 1  # the priority of fires and one-key alarms, and of nothing else


@dataclass(frozen=True, slots=True)
class Waiting:
    """A life alarm that nobody upstream has confirmed, and since when (loop seconds).

    `sequence` is 0 while the disk has refused it.
    """

    sequence: int
    device: str
    condition: str
    address: str
    since_s: float


def saves_lives(data: Mapping[str, Any]) -> bool:
    """Whether an alarm record is the raising of a fire or a one-key alarm that is in service."""
    return data["change"] == "raised" and data["priority"] == LIFE and data["hold"] is None


def waiting(sequence: int, data: Mapping[str, Any], since_s: float) -> Waiting:
    """An alarm record that waits."""
    return Waiting(sequence, data["device"], data["condition"], data["address"], since_s)


def since_s(boot_id: str, at: Instant, now_boot_id: str, now: Instant) -> float:
    """Since when an alarm of that moment waits, on the clock of this start.

    Of an earlier boot of the machine that is known only where both clocks may be believed; else it is from now on.
    """
    if machine_of(boot_id) == machine_of(now_boot_id):
        return at.monotonic_s
    believed = "unknown" not in (at.clock, now.clock)
    return now.monotonic_s - (max(0.0, now.utc_s - at.utc_s) if believed else 0.0)


def overdue(waits: Iterable[Waiting], now_s: float, after_s: float) -> tuple[Waiting, ...]:
    """Those that have waited so long, the oldest first."""
    return tuple(sorted((one for one in waits if one.since_s + after_s <= now_s), key=lambda one: one.since_s))


def parted(waits: Iterable[Waiting], unconfirmed: Collection[int]) -> tuple[list[Waiting], list[Waiting]]:
    """Those that wait still, and those that have got through; what the disk has not taken has not."""
    still, through = list[Waiting](), list[Waiting]()
    for one in waits:
        (still if one.sequence == 0 or one.sequence in unconfirmed else through).append(one)
    return still, through
