"""When a device's numbers are worth a telemetry record."""

from collections.abc import Mapping
from typing import Any

from agent.alarms.model import PointValue
from agent.site import Device


class Telemetry:
    """Sends a device's numbers every `every_s`, and at once when one moved by more than its deadband."""

    def __init__(self, every_s: float) -> None:
        self._every_s = every_s
        self._sent: dict[str, tuple[float, dict[str, float]]] = {}

    def due(self, device: Device, points: Mapping[str, PointValue], now_s: float) -> dict[str, Any] | None:
        """The telemetry payload if one is due now, else None."""
        numbers = {role: number for role, p in points.items() if (number := _number(p)) is not None}
        if not numbers:
            return None
        sent_s, sent = self._sent.get(device.id, (float("-inf"), {}))
        if now_s - sent_s < self._every_s and not _moved(device, sent, numbers):
            return None
        self._sent[device.id] = (now_s, numbers)
        qualities = {role: points[role].quality.value for role in numbers}
        return {
            "device": device.id,
            "kind": device.kind,
            "name": device.name,
            "location": device.location,
            "values": {role: {"value": numbers[role], "quality": qualities[role]} for role in numbers},
        }


def _number(point: PointValue) -> float | None:
    value = point.value
    return None if value is None or isinstance(value, bool | str) else float(value)


def _moved(device: Device, sent: Mapping[str, float], numbers: Mapping[str, float]) -> bool:
    for role, value in numbers.items():
        use = device.points.get(role)
        if use is not None and use.deadband and abs(value - sent.get(role, value)) > use.deadband:
            return True
    return False
