"""What readings mean: (device, memory, points, lost, now) → new memory and what to tell. Pure, level-based.

Called twice with the same input it gives the same result; called again with the old memory, because the
result could not be stored, it gives the same changes again.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace

from agent.alarms.holds import end_holds
from agent.alarms.kinds import KINDS
from agent.alarms.model import Change, ConditionState, DeviceMemory, Judgement, PointValue, key_of
from agent.alarms.spec import CHATTER_FLIPS, CHATTER_S, COMMON, ConditionSpec, KindSpec, Seen, Sight, View
from agent.alarms.states import cleared, raised
from agent.alarms.tell import told
from agent.site import Device, PointUse
from drivers.reading import Quality


def judge(
    device: Device,
    memory: DeviceMemory,
    points: Mapping[str, PointValue],
    lost: str | None,
    now_s: float,
    *,
    utc_s: float = 0.0,
    right: bool = True,
    heard: bool = True,
) -> Judgement:
    """Judge one device; `lost` says why its unit does not answer; not `heard`: it has not been asked yet.

    `right`: `utc_s` may be believed.
    """
    spec = KINDS[device.kind]
    sight = spec.assess(View(device, points, memory, now_s))
    conditions, changes, dues = dict(memory.conditions), list[Change](), [sight.due_s]
    dues.append(
        end_holds(device, spec, conditions, changes, now_s, utc_s if right else None)
    )  # first: what is over marks nothing
    for one in _all_seen(device, memory, points, lost, heard, sight):
        key = key_of(one.condition, one.address)
        before = conditions.get(key, ConditionState())
        after, change, due_s = _step(device, spec.conditions[one.condition], one, before, now_s)
        conditions[key] = after
        changes += [change] if change else []
        dues.append(due_s)
    dues.append(_unstable(device, spec, conditions, changes, now_s))
    due_s = min((due for due in dues if due is not None), default=None)
    return Judgement(DeviceMemory(_kept(device, conditions), sight.marks, sight.motion), tuple(changes), due_s)


def _all_seen(
    device: Device,
    memory: DeviceMemory,
    points: Mapping[str, PointValue],
    lost: str | None,
    heard: bool,
    sight: Sight,
) -> Iterable[Seen]:
    """What every device has (lost, bad reading), what the kind sees, and what no point tells any more."""
    yield Seen("lost", True if lost is not None else False if heard else None, cause=lost or "")
    yield from sight.seen
    yield _bad_reading(device, memory, points, lost)
    if device.kind != "fire_panel":  # a panel speaks of an address only when it has something to say
        told_of = {one.condition for one in sight.seen} | set(COMMON)
        for name in memory.conditions:
            if name not in told_of:
                yield Seen(name, False, cause="no point tells it any more")


def _step(
    device: Device, spec: ConditionSpec, seen: Seen, before: ConditionState, now_s: float
) -> tuple[ConditionState, Change | None, float | None]:
    """Move one condition; a wish that is not old enough waits for its delay."""
    if seen.active is None:
        return _in_the_dark(before), None, None
    if seen.active == before.state.active:
        return _settled(before), None, None
    since_s = now_s if before.pending_since_s is None else before.pending_since_s
    due_s = since_s + _delay_s(device, spec, seen)
    if now_s < due_s:
        return replace(before, pending_since_s=since_s), None, due_s
    state = raised(before.state) if seen.active else cleared(before.state, latching=spec.latching)
    flips = (*(t for t in before.flips_s if now_s < t + CHATTER_S), now_s) if spec.chatter else ()
    after = replace(before, state=state, pending_since_s=None, flips_s=flips[-CHATTER_FLIPS:])
    return after, told(device, spec, seen, after, "raised" if seen.active else "cleared"), None


def _in_the_dark(before: ConditionState) -> ConditionState:
    """Nobody can tell: a clearing that waits for its delay starts anew, a raising goes on waiting."""
    return _settled(before) if before.state.active else before


def _settled(before: ConditionState) -> ConditionState:
    return before if before.pending_since_s is None else replace(before, pending_since_s=None)


def _delay_s(device: Device, spec: ConditionSpec, seen: Seen) -> float:
    """The point's own delays, else the kind's; a debounce counts both ways."""
    if seen.condition == "lost" and not seen.active:
        return float(device.settings.get("lost_off_delay_s", spec.off_delay_s))
    use = _point_of(device, spec)
    own = None if use is None else use.on_delay_s if seen.active else use.off_delay_s
    kinds = spec.on_delay_s if seen.active else spec.off_delay_s
    debounce_s = 0.0 if use is None or use.debounce_s is None else use.debounce_s
    return max(kinds if own is None else own, debounce_s)


def _point_of(device: Device, spec: ConditionSpec) -> PointUse | None:
    """The point whose delays count for a condition: its contact, else the number that stands in for it."""
    return device.points.get(spec.role) or device.points.get(spec.level)


def _bad_reading(device: Device, memory: DeviceMemory, points: Mapping[str, PointValue], lost: str | None) -> Seen:
    """A point that answers but can't be believed; while the device is lost, that says it all: nothing moves.

    What a panel said before it was lost is uncertain until it says it again, and that may never be needed.
    """
    if lost is not None:
        return Seen("bad_reading", memory.conditions.get("bad_reading", ConditionState()).state.active)
    if device.kind == "fire_panel":
        points = {key: p for key, p in _latest(points).items() if p.quality is not Quality.UNCERTAIN}
    bad = sorted(f"{role}: {p.cause}" for role, p in points.items() if p.quality is not Quality.GOOD)
    return Seen("bad_reading", bool(bad), cause="; ".join(bad[:3]))


def _latest(points: Mapping[str, PointValue]) -> Mapping[str, PointValue]:
    """Of each address what was said last: a word that was understood ends one that was not."""
    newest: dict[str, float] = {}
    for key, point in points.items():
        address = key.rpartition("/")[0]
        newest[address] = max(point.at_s, newest.get(address, point.at_s))
    return {key: p for key, p in points.items() if p.at_s == newest[key.rpartition("/")[0]]}


def _unstable(
    device: Device, spec: KindSpec, conditions: dict[str, ConditionState], changes: list[Change], now_s: float
) -> float | None:
    """Many transitions in a short time are one alarm of their own; the raw ones are told all the same."""
    busy = {k: [t for t in c.flips_s if now_s < t + CHATTER_S] for k, c in conditions.items()}
    names = sorted(key for key, flips in busy.items() if len(flips) >= CHATTER_FLIPS)
    before = conditions.get("unstable", ConditionState())
    seen = Seen("unstable", bool(names), cause=", ".join(names))
    after, change, _ = _step(device, spec.conditions["unstable"], seen, before, now_s)
    conditions["unstable"] = after
    changes += [change] if change else []
    return min((busy[key][0] + CHATTER_S for key in names), default=None)


def _kept(device: Device, conditions: Mapping[str, ConditionState]) -> Mapping[str, ConditionState]:
    """A panel has thousands of addresses: those that are normal need no memory."""
    if device.kind != "fire_panel":
        return conditions
    return {key: c for key, c in conditions.items() if c != ConditionState()}
