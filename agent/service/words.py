"""How the site's facts are said upstream: payloads of alarm, event and state."""

from collections.abc import Callable, Mapping
from typing import Any

from agent.alarms.memory import snapshot
from agent.alarms.model import Change, DeviceMemory, PointValue
from agent.polling.points import PointTable
from agent.records import ClockState, Instant
from agent.site import Device


def alarm_data(device: Device, change: Change, table: PointTable) -> dict[str, Any]:
    """An alarm's payload: what changed, on which device, where it is, and what the points said."""
    seen = table.of(device) if device.kind != "fire_panel" else {}
    return {
        "device": device.id,
        "kind": device.kind,
        "name": device.name,
        "location": device.places.get(change.address, device.location),
        "condition": change.condition,
        "address": change.address,
        "change": change.change,
        "state": str(change.state),
        "active": change.active,
        "priority": change.priority,
        "cause": change.cause,
        "text": change.text,
        "person": change.person,
        "reason": change.reason,
        "until": change.until_utc_s,
        "hold": change.hold,
        "values": {role: _value(point) for role, point in seen.items()},
    }


def state_data(
    device: Device,
    memory: DeviceMemory,
    points: Mapping[str, PointValue],
    now: tuple[float, ClockState],
    known: Callable[[Instant], Instant],
) -> dict[str, Any]:
    """A device as it is now, for the retained `state` topic; `known`: a moment of this boot, as known by now."""
    utc_s, clock = now
    return {
        "device": device.id,
        "kind": device.kind,
        "name": device.name,
        "location": device.location,
        **snapshot(device, memory, known),
        "points": {role: _value(point) for role, point in points.items() if "*" not in role},
        "at": utc_s,
        "clock": clock,
    }


def _value(point: PointValue) -> dict[str, Any]:
    shown: dict[str, Any] = {"value": point.value, "quality": point.quality.value}
    if point.cause:
        shown["cause"] = point.cause
    return shown
