"""What must survive a restart, as JSON; and how a device is shown upstream."""

import json
from collections.abc import Iterable, Mapping
from typing import Any, get_args

from agent.alarms.kinds import KINDS
from agent.alarms.model import ConditionState, DeviceMemory, Hold, HoldKind, State
from agent.site import Device


def new_memory(_device: Device) -> DeviceMemory:
    """A device that nothing is known of yet."""
    return DeviceMemory()


def memory_to_json(memory: DeviceMemory) -> str:
    """States and holds; delays and marks are loop time, which means nothing after a restart."""
    kept = {key: _pack(c) for key, c in memory.conditions.items() if c.state is not State.NORMAL or c.hold}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True)


def memory_from_json(device: Device, text: str) -> DeviceMemory:
    """What an earlier run kept; what does not fit this configuration any more is left out."""
    try:
        kept = json.loads(text)
    except ValueError:
        return DeviceMemory()
    if not isinstance(kept, dict):
        return DeviceMemory()
    states = {key: _unpack(raw) for key, raw in kept.items() if _fits(device, key)}
    return DeviceMemory({key: state for key, state in states.items() if state is not None})


def _fits(device: Device, key: str) -> bool:
    address, _, condition = key.rpartition("/")
    return condition in KINDS[device.kind].conditions and (not address or device.kind == "fire_panel")


def _pack(condition: ConditionState) -> dict[str, Any]:
    hold = condition.hold
    packed: dict[str, Any] = {"state": condition.state.value}
    if hold is not None:
        packed["hold"] = [hold.kind, hold.reason, hold.person, hold.until_utc_s]
    return packed


def _unpack(raw: Any) -> ConditionState | None:
    try:
        hold = raw.get("hold")
        return ConditionState(State(raw["state"]), _unpack_hold(*hold) if hold else None)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _unpack_hold(kind: Any, reason: Any, person: Any, until_utc_s: Any) -> Hold:
    if kind not in get_args(HoldKind):
        raise ValueError(kind)
    return Hold(kind, str(reason), str(person), float(until_utc_s))


def snapshot(device: Device, memory: DeviceMemory) -> dict[str, Any]:
    """The device's conditions that are not normal, most urgent first, whether it is lost, and how it moves."""
    spec = KINDS[device.kind].conditions
    shown = []
    for key, condition in memory.conditions.items():
        address, _, name = key.rpartition("/")
        if condition.state is State.NORMAL and condition.hold is None:
            continue
        shown.append(
            {
                "condition": name,
                "address": address,
                "state": condition.state.value,
                "active": condition.state.active,
                "priority": spec[name].priority,
                "hold": _shown_hold(condition.hold),
            }
        )
    lost = memory.conditions.get("lost", ConditionState()).state.active
    urgent_first = sorted(shown, key=lambda c: (c["priority"], c["condition"], c["address"]))
    return {"lost": lost, "motion": memory.motion, "conditions": urgent_first}


def _shown_hold(hold: Hold | None) -> Mapping[str, Any] | None:
    if hold is None:
        return None
    return {"kind": hold.kind, "reason": hold.reason, "person": hold.person, "until": hold.until_utc_s}


def summary(memories: Iterable[DeviceMemory]) -> dict[str, int]:
    """How many conditions are active and unacknowledged, for the heartbeat."""
    states = [c.state for memory in memories for c in memory.conditions.values()]
    return {"active": sum(s.active for s in states), "unacknowledged": sum(not s.acknowledged for s in states)}
