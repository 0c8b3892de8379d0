"""The latest word of every point, by unit: what judge sees."""

from collections.abc import Iterable

from agent.alarms.model import PointValue
from agent.site import Device
from drivers.reading import Quality, Reading


class PointTable:
    """Latest value of each unit's points; wildcards of a fire panel overwrite what they cover."""

    def __init__(self) -> None:
        self._units: dict[str, dict[str, PointValue]] = {}

    def store(self, unit: str, readings: Iterable[Reading], now_s: float) -> set[str]:
        """Take readings in; returns the points whose value, quality or text differs from what was known."""
        known = self._units.setdefault(unit, {})
        changed = set()
        for reading in readings:
            if "*" in reading.point:
                _forget(known, reading.point)
            before = known.get(reading.point)
            known[reading.point] = PointValue(reading.value, reading.quality, now_s, reading.cause, reading.text)
            if before is None or not _same(before, reading):
                changed.add(reading.point)
        return changed

    def doubt(self, unit: str, cause: str) -> None:
        """Nothing of this unit can be believed any more: keep the values, as bad."""
        known = self._units.setdefault(unit, {})
        for point, was in known.items():
            known[point] = PointValue(was.value, Quality.BAD, was.at_s, cause, was.text)

    def recall(self, unit: str, cause: str) -> None:
        """The unit is back but does not repeat what it said: it may still hold, or not."""
        known = self._units.setdefault(unit, {})
        for point, was in known.items():
            known[point] = PointValue(was.value, Quality.UNCERTAIN, was.at_s, cause, was.text)

    def of(self, device: Device) -> dict[str, PointValue]:
        """What a device sees: role → value, or for a panel `address/condition` → value."""
        if device.kind == "fire_panel" and device.unit:
            return dict(self._units.get(device.unit, {}))
        seen = ((role, self._units.get(use.unit, {}).get(use.point)) for role, use in device.points.items())
        return {role: value for role, value in seen if value is not None}

    def unit(self, unit: str) -> dict[str, PointValue]:
        """Every known point of a unit."""
        return dict(self._units.get(unit, {}))


def _forget(known: dict[str, PointValue], pattern: str) -> None:
    condition = pattern.rpartition("/")[2]
    for point in [p for p in known if condition in ("*", p.rpartition("/")[2])]:
        del known[point]


def _same(was: PointValue, reading: Reading) -> bool:
    return (was.value, was.quality, was.text) == (reading.value, reading.quality, reading.text)
