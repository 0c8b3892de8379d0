"""What a storm left behind, laid out so that it can be judged."""

from bisect import bisect_right
from collections import defaultdict
from dataclasses import dataclass

from agent.alarms.model import key_of
from agent.site import LinePlan
from agent.uplink.messages import AlarmData
from simulators.platform import Arrival
from tests.site.storm import Storm


@dataclass(frozen=True)
class Told:
    """One alarm change as it was stored: loop time and sequence are the gateway's own."""

    at_s: float
    rank: tuple[int, int]
    alarm: AlarmData

    @property
    def key(self) -> tuple[str, str]:
        return self.alarm.device, key_of(self.alarm.condition, self.alarm.address)


class Evidence:
    """Every alarm change by the gateway's own order, and by condition."""

    def __init__(self, storm: Storm) -> None:
        self.storm, self.school = storm, storm.school
        self.ends_s = self.school.now_s
        stores = self.school.platform.stores
        told = [self._told(a, stores) for a in self.school.heard if a.alarm is not None and not a.duplicate]
        self.told = sorted(told, key=lambda one: one.rank)
        self.by_key: dict[tuple[str, str], list[Told]] = defaultdict(list)
        for one in self.told:
            self.by_key[one.key].append(one)

    @staticmethod
    def _told(arrival: Arrival, stores: list[str]) -> Told:
        assert arrival.alarm is not None
        assert arrival.sequence is not None
        rank = (stores.index(arrival.event.id.rpartition("-")[0]), arrival.sequence)
        return Told(float(arrival.event.monotonic), rank, arrival.alarm)

    def _units(self, device: str) -> list[str]:
        return sorted(next(d.units for d in self.school.site.devices if d.id == device))

    def _line(self, unit: str) -> LinePlan:
        return next(line for line in self.school.site.lines if line.id == self.storm.units[unit])

    def _believed(self, key: tuple[str, str], at_s: float) -> bool:
        known = self.by_key.get(key, [])
        index = bisect_right([one.at_s for one in known], at_s)
        return known[index - 1].alarm.active if index else False
