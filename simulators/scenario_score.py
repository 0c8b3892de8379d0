"""What a story owes the platform, and what has come of it."""

import asyncio
import math
from collections.abc import Iterable
from dataclasses import dataclass

from simulators.platform import Arrival
from simulators.scenario import Expect, ExpectVerdict, MayCome, Step

VERDICTS = "provision"


@dataclass(slots=True)
class Due:
    """One alarm change or verdict that is owed since `caused_s` (loop time), and the message that settled it."""

    step: Step
    expect: Expect | ExpectVerdict
    caused_s: float
    group: str
    arrival: Arrival | None = None
    repeats: int = 0

    @property
    def latency_s(self) -> float | None:
        """From the cause in the field to the arrival at the platform."""
        return None if self.arrival is None else self.arrival.at_s - self.caused_s

    @property
    def in_time(self) -> bool:
        """It has arrived within the time that the story gives it."""
        return self.latency_s is not None and self.latency_s <= self.expect.within_s

    @property
    def over_s(self) -> float:
        """When its time is over."""
        return self.caused_s + self.expect.within_s

    def fits(self, arrival: Arrival) -> bool:
        """It is this change of this condition, or this verdict."""
        want, alarm = self.expect, arrival.alarm
        if isinstance(want, ExpectVerdict):
            told = arrival.event.subject, getattr(arrival.payload, "verdict", "")
            return arrival.channel == VERDICTS and told == (want.indicator, want.verdict)
        if alarm is None:
            return False
        said = (alarm.device, alarm.condition, alarm.change, alarm.address)
        return said == (want.device, want.condition, want.change, want.address)


@dataclass(frozen=True, slots=True)
class Row:
    """One kind of step in the final account; latencies in seconds."""

    group: str
    sent: int
    arrived: int
    late: int
    duplicates: int
    latencies_s: tuple[float, ...]

    @property
    def lost(self) -> int:
        """Owed and not arrived at all."""
        return self.sent - self.arrived


class Score:
    """Pairs what was owed with what arrived: oldest first, each message once."""

    def __init__(self, may_come: Iterable[MayCome] = ()) -> None:
        self.dues: list[Due] = []
        self.unexpected: list[Arrival] = []
        self._may_come = {(allowed.device, allowed.condition) for allowed in may_come}
        self._by_id: dict[str, Due] = {}
        self._changed = asyncio.Event()

    def owe(self, step: Step, expect: Expect | ExpectVerdict, caused_s: float, group: str) -> None:
        """From now on this must arrive."""
        self.dues.append(Due(step, expect, caused_s, group))

    def arrived(self, arrival: Arrival) -> Due | None:
        """Note what arrived; returns what it settles, if anything."""
        alarm = arrival.alarm
        if alarm is None and arrival.channel != VERDICTS:
            return None
        if arrival.duplicate:
            self._repeated(arrival)
            return None
        due = next((due for due in self.dues if due.arrival is None and due.fits(arrival)), None)
        if due is not None:
            due.arrival = arrival
            self._by_id[arrival.event.id] = due
            self._changed.set()
        elif alarm is not None and (alarm.device, alarm.condition) not in self._may_come:
            self.unexpected.append(arrival)
        return due

    async def settle(self) -> None:
        """Wait until everything owed has arrived, or its time is over."""
        loop = asyncio.get_running_loop()
        while waiting := [due for due in self.dues if due.arrival is None and due.over_s > loop.time()]:
            self._changed.clear()
            rest_s = min(due.over_s for due in waiting) - loop.time()
            try:
                async with asyncio.timeout(max(0.0, rest_s) + 1e-3):
                    await self._changed.wait()
            except TimeoutError:
                continue

    def rows(self) -> list[Row]:
        """The account, by kind of step in the order of their first appearance."""
        groups = dict.fromkeys(due.group for due in self.dues)
        return [row(group, [due for due in self.dues if due.group == group]) for group in groups]

    def _repeated(self, arrival: Arrival) -> None:
        if (due := self._by_id.get(arrival.event.id)) is not None:
            due.repeats += 1


def row(group: str, dues: list[Due]) -> Row:
    """Some dues, summed up."""
    latencies_s = sorted(due.latency_s for due in dues if due.latency_s is not None)
    late = sum(not due.in_time for due in dues if due.arrival is not None)
    return Row(group, len(dues), len(latencies_s), late, sum(due.repeats for due in dues), tuple(latencies_s))


def percentile(sorted_s: tuple[float, ...], share: float) -> float | None:
    """The value that `share` of all do not exceed (nearest rank); None for none."""
    return sorted_s[max(0, math.ceil(share * len(sorted_s)) - 1)] if sorted_s else None
