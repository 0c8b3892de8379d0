"""What every poller shares: who it reports to, and how its progress is seen."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from agent.host import loop_s
from agent.polling.health import Health, answered, missed
from agent.site import LinePlan, Unit
from drivers.reading import Reading

log = logging.getLogger(__name__)

REOPEN_FIRST_S = 0.25
REOPEN_MOST_S = 2.0  # however long an adapter was away, its line is asked again within 3 s; trying costs one call


class Sink(Protocol):
    """Where readings go: returns once what follows from them is stored."""

    async def accept(self, unit: str, readings: Sequence[Reading]) -> None:
        """A unit answered."""

    async def unchanged(self, unit: str) -> None:
        """A unit answered, and said what it had said before."""

    def owes(self, unit: str) -> bool:
        """What the unit said is not stored yet: the disk refused, and it will be tried again."""

    async def unit_lost(self, unit: str, cause: str) -> None:
        """A unit is lost; its values can't be believed."""

    async def unit_back(self, unit: str) -> None:
        """A lost unit answered again."""


@dataclass(slots=True)
class Progress:
    """When a task last got something done (loop seconds); the watchdog looks at it."""

    at_s: float = 0.0
    limit_s: float = 15.0


def reopen_after_s(before_s: float) -> float:
    """How long to leave a medium alone that is gone: twice as long as the time before (0: the first time)."""
    return min(REOPEN_MOST_S, max(REOPEN_FIRST_S, 2 * before_s))


class Roll:
    """The health of a line's units, and the one place where a loss and a return are told."""

    def __init__(self, plan: LinePlan, sink: Sink) -> None:
        now_s = loop_s()
        self.units: dict[str, Unit] = {unit.id: unit for unit in plan.units}
        self.health: dict[str, Health] = {unit.id: Health(answered_s=now_s) for unit in plan.units}
        self._line = plan.id
        self._sink = sink

    @property
    def lost(self) -> int:
        """How many units of the line are lost."""
        return sum(health.lost for health in self.health.values())

    async def answered(self, unit: str) -> bool:
        """Note an answer; True when the unit was lost until now."""
        before = self.health[unit]
        self.health[unit] = answered(before, loop_s())
        if before.lost:
            log.info("%s on %s answers again", unit, self._line)
            await self._sink.unit_back(unit)
        return before.lost

    async def missed(self, unit: str, cause: str, *, spoiled: bool = False) -> Health:
        """Note a miss; tells the sink when the unit becomes lost by it."""
        before = self.health[unit]
        now_s = loop_s()
        after = self.health[unit] = missed(before, self.units[unit], now_s, cause, spoiled=spoiled)
        if after.lost and not before.lost:
            log.warning("%s on %s is lost after %d misses: %s", unit, self._line, after.misses, cause)
            await self._sink.unit_lost(unit, cause)
        return after
