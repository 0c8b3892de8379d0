"""What must survive a restart, as JSON; and how a device is shown upstream."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any, get_args

from agent.alarms.kinds import KINDS
from agent.alarms.model import ConditionState, DeviceMemory, Hold, HoldKind, Judgement, Since, State, key_of
from agent.records import ClockState, Instant
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
    if condition.since is not None:
        packed["since"] = [condition.since.utc_s, condition.since.clock]
    if hold is not None:
        packed["hold"] = [hold.kind, hold.reason, hold.person, hold.until_utc_s]
    return packed


def _unpack(raw: Any) -> ConditionState | None:
    try:
        hold = raw.get("hold")
        kept = _unpack_hold(*hold) if hold else None
        return ConditionState(State(raw["state"]), kept, _unpack_since(raw.get("since")))
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def _unpack_hold(kind: Any, reason: Any, person: Any, until_utc_s: Any) -> Hold:
    if kind not in get_args(HoldKind):
        raise ValueError(kind)
    return Hold(kind, str(reason), str(person), float(until_utc_s))


def _unpack_since(raw: Any) -> Since | None:
    """A time that makes no sense costs the time, not the alarm."""
    match raw:
        case [int() | float() as utc_s, str() as clock] if clock in get_args(ClockState):
            return Since(float(utc_s), clock)  # type: ignore[arg-type]
    return None


def stamped(judgement: Judgement, at: Instant) -> Judgement:
    """The judgement with the time of every change at the condition that it left changed."""
    conditions = dict(judgement.memory.conditions)
    for change in judgement.changes:
        key = key_of(change.condition, change.address)
        if (now := conditions.get(key)) is not None:
            told = now.state is not State.NORMAL or now.hold is not None
            conditions[key] = replace(now, since=Since(at.utc_s, at.clock) if told else None)
    return replace(judgement, memory=replace(judgement.memory, conditions=conditions))


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
                "since": _shown_since(condition.since),
                "hold": _shown_hold(condition.hold),
            }
        )
    lost = memory.conditions.get("lost", ConditionState()).state.active
    urgent_first = sorted(shown, key=lambda c: (c["priority"], c["condition"], c["address"]))
    return {"lost": lost, "motion": memory.motion, "conditions": urgent_first}


def _shown_since(since: Since | None) -> Mapping[str, Any] | None:
    return None if since is None else {"at": since.utc_s, "clock": since.clock}


def _shown_hold(hold: Hold | None) -> Mapping[str, Any] | None:
    if hold is None:
        return None
    return {"kind": hold.kind, "reason": hold.reason, "person": hold.person, "until": hold.until_utc_s}


def summary(memories: Iterable[DeviceMemory]) -> dict[str, int]:
    """How many conditions are active and unacknowledged, for the heartbeat."""
    states = [c.state for memory in memories for c in memory.conditions.values()]
    return {"active": sum(s.active for s in states), "unacknowledged": sum(not s.acknowledged for s in states)}
