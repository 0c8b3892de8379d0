"""What readings mean: (device, memory, points, lost, now) → new memory and what to tell. Pure, level-based.

Called twice with the same input it gives the same result; called again with the old memory, because the
result could not be stored, it gives the same changes again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from agent.alarms.kinds import KINDS
from agent.alarms.model import Change, ConditionState, DeviceMemory, Hold, Judgement, PointValue, key_of
from agent.alarms.spec import CHATTER_FLIPS, CHATTER_S, ConditionSpec, KindSpec, Seen, View
from agent.alarms.states import cleared, raised
from agent.site import Device
from drivers.reading import Quality

HOLD_OVER = {"shelved": "unshelved", "suppressed": "released", "out_of_service": "returned_to_service"}


def judge(
    device: Device,
    memory: DeviceMemory,
    points: Mapping[str, PointValue],
    lost: str | None,
    now_s: float,
    *,
    utc_s: float = 0.0,
) -> Judgement:
    """Judge one device; `lost` says why its unit does not answer, or None."""
    spec = KINDS[device.kind]
    sight = spec.assess(View(device, points, memory, now_s))
    seen = [Seen("lost", lost is not None, cause=lost or ""), *sight.seen]
    seen.append(_bad_reading(points, lost))
    conditions, changes, dues = dict(memory.conditions), list[Change](), [sight.due_s]
    for one in seen:
        key = key_of(one.condition, one.address)
        before = conditions.get(key, ConditionState())
        after, change, due_s = _step(device, spec.conditions[one.condition], one, before, now_s)
        conditions[key] = after
        changes += [change] if change else []
        dues.append(due_s)
    dues.append(_unstable(device, spec, conditions, changes, now_s))
    dues.append(_end_holds(device, spec, conditions, changes, now_s, utc_s))
    marks = sight.marks
    due_s = min((due for due in dues if due is not None), default=None)
    return Judgement(DeviceMemory(_kept(device, conditions), marks), tuple(changes), due_s)


def _step(
    device: Device, spec: ConditionSpec, seen: Seen, before: ConditionState, now_s: float
) -> tuple[ConditionState, Change | None, float | None]:
    """Move one condition; a wish that is not old enough waits for its delay."""
    if seen.active is None or seen.active == before.state.active:
        return (
            (replace(before, pending_since_s=None) if before.pending_since_s is not None else before),
            None,
            None,
        )
    since_s = now_s if before.pending_since_s is None else before.pending_since_s
    delay_s = _delay_s(device, spec, seen)
    if now_s - since_s < delay_s:
        return replace(before, pending_since_s=since_s), None, since_s + delay_s
    state = raised(before.state) if seen.active else cleared(before.state, latching=spec.latching)
    flips = (*(t for t in before.flips_s if now_s - t < CHATTER_S), now_s) if spec.chatter else ()
    after = replace(before, state=state, pending_since_s=None, flips_s=flips[-CHATTER_FLIPS:])
    return after, _told(device, spec, seen, after, "raised" if seen.active else "cleared"), None


def _delay_s(device: Device, spec: ConditionSpec, seen: Seen) -> float:
    """The point's own delays, else the kind's; a debounce counts both ways."""
    if seen.condition == "lost" and not seen.active:
        return float(device.settings.get("lost_off_delay_s", spec.off_delay_s))
    use = device.points.get(spec.role)
    own = None if use is None else use.on_delay_s if seen.active else use.off_delay_s
    kinds = spec.on_delay_s if seen.active else spec.off_delay_s
    debounce_s = 0.0 if use is None or use.debounce_s is None else use.debounce_s
    return max(kinds if own is None else own, debounce_s)


def _told(device: Device, spec: ConditionSpec, seen: Seen, after: ConditionState, change: str) -> Change:
    return Change(
        device.id,
        seen.condition,
        change,
        after.state,
        after.state.active,
        spec.priority,
        address=seen.address,
        text=seen.text,
        cause=seen.cause,
        hold=after.hold.kind if after.hold else None,
    )


def _bad_reading(points: Mapping[str, PointValue], lost: str | None) -> Seen:
    """A point that answers but can't be believed; while the whole device is lost, that says it all."""
    bad = sorted(f"{role}: {p.cause}" for role, p in points.items() if p.quality is not Quality.GOOD)
    return Seen("bad_reading", None if lost else bool(bad), cause="; ".join(bad[:3]))


def _unstable(
    device: Device, spec: KindSpec, conditions: dict[str, ConditionState], changes: list[Change], now_s: float
) -> float | None:
    """Many transitions in a short time are one alarm of their own; the raw ones are told all the same."""
    busy = {k: [t for t in c.flips_s if now_s - t < CHATTER_S] for k, c in conditions.items()}
    names = sorted(key for key, flips in busy.items() if len(flips) >= CHATTER_FLIPS)
    before = conditions.get("unstable", ConditionState())
    seen = Seen("unstable", bool(names), cause=", ".join(names))
    after, change, _ = _step(device, spec.conditions["unstable"], seen, before, now_s)
    conditions["unstable"] = after
    changes += [change] if change else []
    return min((busy[key][0] + CHATTER_S for key in names), default=None)


def _end_holds(
    device: Device,
    spec: KindSpec,
    conditions: dict[str, ConditionState],
    changes: list[Change],
    now_s: float,
    utc_s: float,
) -> float | None:
    """A hold ends by itself at its end time."""
    waits = []
    for key, condition in list(conditions.items()):
        hold = condition.hold
        if hold is None:
            continue
        if hold.until_utc_s > utc_s:
            waits.append(now_s + hold.until_utc_s - utc_s)
            continue
        conditions[key] = after = replace(condition, hold=None)
        address, _, name = key.rpartition("/")
        changes.append(_ended(device, spec.conditions[name], name, address, after, hold))
    return min(waits, default=None)


def _ended(
    device: Device, spec: ConditionSpec, name: str, address: str, after: ConditionState, hold: Hold
) -> Change:
    told = _told(device, spec, Seen(name, None, address, cause="its time is over"), after, HOLD_OVER[hold.kind])
    return replace(told, person=hold.person, reason=hold.reason)


def _kept(device: Device, conditions: Mapping[str, ConditionState]) -> Mapping[str, ConditionState]:
    """A panel has thousands of addresses: those that are normal need no memory."""
    if device.kind != "fire_panel":
        return conditions
    return {key: c for key, c in conditions.items() if c != ConditionState()}


def titles(device: Device, names: Iterable[str]) -> dict[str, str]:
    """The Chinese titles of some of a device's conditions."""
    known = KINDS[device.kind].conditions
    return {name: known[name].title.zh for name in names if name in known}
