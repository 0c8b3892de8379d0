"""What must survive a restart, as JSON; and how a device is shown upstream."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, get_args

from agent.alarms.kinds import KINDS
from agent.alarms.model import ConditionState, DeviceMemory, Hold, HoldKind, Judgement, Since, State, key_of
from agent.records import ClockState, Instant, Told, as_recorded, machine_of
from agent.site import Device


def new_memory(_device: Device) -> DeviceMemory:
    """A device that nothing is known of yet."""
    return DeviceMemory()


def memory_to_json(memory: DeviceMemory, boot_id: str = "") -> str:
    """States and holds; delays and marks mean nothing after a restart."""
    held = memory.conditions.items()
    kept = {key: _pack(c, boot_id) for key, c in held if c.state is not State.NORMAL or c.hold}
    return json.dumps(kept, ensure_ascii=False, sort_keys=True)


def memory_from_json(device: Device, text: str, boot_id: str = "", told: Told = as_recorded) -> DeviceMemory:
    """What an earlier run kept; what does not fit this configuration any more is left out.

    Moments of the monotonic clock stay if the machine has not been off since; else they are worked out now.
    """
    try:
        kept = json.loads(text)
    except (ValueError, RecursionError):
        return DeviceMemory()
    if not isinstance(kept, dict):
        return DeviceMemory()
    read = _Reader(boot_id, told)
    states = {key: read.condition(raw) for key, raw in kept.items() if _fits(device, key)}
    return DeviceMemory({key: state for key, state in states.items() if state is not None})


def _fits(device: Device, key: str) -> bool:
    address, _, condition = key.rpartition("/")
    return condition in KINDS[device.kind].conditions and (not address or device.kind == "fire_panel")


def _pack(condition: ConditionState, boot_id: str) -> dict[str, Any]:
    hold, since = condition.hold, condition.since
    packed: dict[str, Any] = {"state": condition.state.value}
    if since is not None:
        packed["since"] = [since.utc_s, since.clock]
        if since.monotonic_s is not None:
            packed["since"] += [since.monotonic_s, boot_id]
    if hold is not None:
        packed["hold"] = [hold.kind, hold.reason, hold.person, hold.until_utc_s]
        packed["ends"] = [hold.until_s, boot_id, hold.length_s, hold.right, hold.sure]
    return packed


@dataclass(frozen=True, slots=True)
class _Reader:
    """Reads what an earlier run kept, as this start of the process has to understand it."""

    boot_id: str
    told: Told

    def condition(self, raw: Any) -> ConditionState | None:
        """One condition, or None where it makes no sense."""
        try:
            hold = self._hold(raw["hold"], raw.get("ends")) if raw.get("hold") else None
            return ConditionState(State(raw["state"]), hold, self._since(raw.get("since")))
        except (AttributeError, KeyError, TypeError, ValueError):
            return None

    def _hold(self, raw: Any, ends: Any) -> Hold:
        kind, reason, person, until_utc_s = raw
        if kind not in get_args(HoldKind):
            raise ValueError(kind)
        hold = Hold(kind, str(reason), str(person), float(until_utc_s))
        match ends:
            case [int() | float() as until_s, str() as boot_id, int() | float() | None as length_s, right, sure]:
                hold = replace(hold, length_s=length_s, right=bool(right))
                return self._ends(hold, float(until_s), boot_id, sure=bool(sure))
        return hold

    def _ends(self, hold: Hold, until_s: float, boot_id: str, *, sure: bool) -> Hold:
        if self._same_boot(boot_id):
            return replace(hold, until_s=until_s, sure=sure)
        clock: ClockState = "synchronised" if hold.right else "estimated"
        known = self.told(boot_id, Instant(until_s, hold.until_utc_s, clock))
        return replace(hold, until_utc_s=known.utc_s, right=known.clock == "synchronised")

    def _since(self, raw: Any) -> Since | None:
        """A time that makes no sense costs the time, not the alarm."""
        match raw:
            case [int() | float() as utc_s, str() as clock] if clock in get_args(ClockState):
                return Since(float(utc_s), clock)  # type: ignore[arg-type]
            case [utc_s, clock, int() | float() as monotonic_s, str() as boot_id]:
                since = self._since([utc_s, clock])
                return None if since is None else self._placed(since, float(monotonic_s), boot_id)
        return None

    def _placed(self, since: Since, monotonic_s: float, boot_id: str) -> Since:
        if self._same_boot(boot_id):
            return replace(since, monotonic_s=monotonic_s)
        known = self.told(boot_id, Instant(monotonic_s, since.utc_s, since.clock))
        return Since(known.utc_s, known.clock)

    def _same_boot(self, boot_id: str) -> bool:
        return bool(boot_id) and machine_of(boot_id) == machine_of(self.boot_id)


def stamped(judgement: Judgement, at: Instant) -> Judgement:
    """The judgement with the time of every change at the condition that it left changed."""
    conditions = dict(judgement.memory.conditions)
    for change in judgement.changes:
        key = key_of(change.condition, change.address)
        if (now := conditions.get(key)) is not None:
            told = now.state is not State.NORMAL or now.hold is not None
            conditions[key] = replace(now, since=Since(at.utc_s, at.clock, at.monotonic_s) if told else None)
    return replace(judgement, memory=replace(judgement.memory, conditions=conditions))


def snapshot(
    device: Device, memory: DeviceMemory, known: Callable[[Instant], Instant] = lambda at: at
) -> dict[str, Any]:
    """The device's conditions that are not normal, most urgent first, whether it is lost, and how it moves.

    `known` gives a moment of this boot as it is known by now.
    """
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
                "since": _shown_since(condition.since, known),
                "hold": _shown_hold(condition.hold, known),
            }
        )
    lost = memory.conditions.get("lost", ConditionState()).state.active
    urgent_first = sorted(shown, key=lambda c: (c["priority"], c["condition"], c["address"]))
    return {"lost": lost, "motion": memory.motion, "conditions": urgent_first}


def _shown_since(since: Since | None, known: Callable[[Instant], Instant]) -> Mapping[str, Any] | None:
    if since is None:
        return None
    if since.monotonic_s is not None:
        at = known(Instant(since.monotonic_s, since.utc_s, since.clock))
        return {"at": at.utc_s, "clock": at.clock}
    return {"at": since.utc_s, "clock": since.clock}


def _shown_hold(hold: Hold | None, known: Callable[[Instant], Instant]) -> Mapping[str, Any] | None:
    """When it ends is told of the clock that is right, though it was ordered by one that was not."""
    if hold is None:
        return None
    until_utc_s = hold.until_utc_s
    if hold.until_s is not None and not hold.right:
        until_utc_s = known(Instant(hold.until_s, until_utc_s, "estimated")).utc_s
    return {"kind": hold.kind, "reason": hold.reason, "person": hold.person, "until": until_utc_s}


def holds(memory: DeviceMemory) -> dict[str, Hold]:
    """What is set aside, by condition."""
    return {key: c.hold for key, c in memory.conditions.items() if c.hold is not None}


def summary(memories: Iterable[DeviceMemory]) -> dict[str, int]:
    """How many conditions are active and unacknowledged, for the heartbeat."""
    states = [c.state for memory in memories for c in memory.conditions.values()]
    return {"active": sum(s.active for s in states), "unacknowledged": sum(not s.acknowledged for s in states)}
