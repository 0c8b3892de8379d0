"""Alarms that somebody set aside come back by themselves at their end time, whatever the wall clock does."""

from dataclasses import replace

from agent.alarms.model import Change, ConditionState, Hold
from agent.alarms.spec import KindSpec, Seen
from agent.alarms.tell import told
from agent.site import Device

HOLD_OVER = {"shelved": "unshelved", "suppressed": "released", "out_of_service": "returned_to_service"}
LOOK_S = 60.0  # a wall clock that is put forward ends a hold within this time
LEAST_S = 0.001  # the two clocks may differ by a rounding


def end_holds(
    device: Device,
    spec: KindSpec,
    conditions: dict[str, ConditionState],
    changes: list[Change],
    now_s: float,
    utc_s: float,
) -> float | None:
    """End what is over, by either clock; returns when to look again."""
    waits = []
    for key, condition in list(conditions.items()):
        if condition.hold is None:
            continue
        hold = _anchored(condition.hold, now_s, utc_s)
        left_s = min(hold.until_utc_s - utc_s, (hold.until_s or 0.0) - now_s)
        if left_s > 0:
            conditions[key] = replace(condition, hold=hold)
            waits.append(now_s + max(LEAST_S, min(left_s, LOOK_S)))
            continue
        conditions[key] = after = replace(condition, hold=None)
        changes.append(_ended(device, spec, key, after, hold))
    return min(waits, default=None)


def _anchored(hold: Hold, now_s: float, utc_s: float) -> Hold:
    """After a restart the end is known on the wall clock only: from now on it counts on the loop's too."""
    return hold if hold.until_s is not None else replace(hold, until_s=now_s + hold.until_utc_s - utc_s)


def _ended(device: Device, spec: KindSpec, key: str, after: ConditionState, hold: Hold) -> Change:
    address, _, name = key.rpartition("/")
    seen = Seen(name, None, address, cause="its time is over")
    change = told(device, spec.conditions[name], seen, after, HOLD_OVER[hold.kind])
    return replace(change, person=hold.person, reason=hold.reason)
