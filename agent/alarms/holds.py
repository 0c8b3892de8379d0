"""Alarms that somebody set aside come back by themselves after their time, whatever the wall clock does."""

import math
from dataclasses import replace

from agent.alarms.model import Change, ConditionState, Hold
from agent.alarms.spec import KindSpec, Seen
from agent.alarms.tell import told
from agent.site import Device

UNSAID_S = 8 * 3600.0  # an earlier release kept no length; a shelving's most
HOLD_OVER = {"shelved": "unshelved", "suppressed": "released", "out_of_service": "returned_to_service"}
LOOK_S = 60.0  # so often is looked whether the clock has become right, where an end is not sure
LEAST_S = 0.001  # a rounding must not make a busy loop


def end_holds(
    device: Device,
    spec: KindSpec,
    conditions: dict[str, ConditionState],
    changes: list[Change],
    now_s: float,
    utc_s: float | None,
) -> float | None:
    """End what is over by the monotonic clock; returns when to look again. `utc_s` None: nobody knows the time."""
    waits = []
    for key, condition in list(conditions.items()):
        if condition.hold is None:
            continue
        hold = _anchored(condition.hold, now_s, utc_s)
        left_s = (hold.until_s or 0.0) - now_s
        if left_s > 0:
            conditions[key] = replace(condition, hold=hold)
            waits.append(now_s + max(LEAST_S, left_s if hold.sure else min(left_s, LOOK_S)))
            continue
        conditions[key] = after = replace(condition, hold=None)
        changes.append(_ended(device, spec, key, after, hold))
    return min(waits, default=None)


def _anchored(hold: Hold, now_s: float, utc_s: float | None) -> Hold:
    """While the machine was off only the wall clock went on: with one that is right the end is worked out, once.

    As long as none is, the whole length is left at most; without end it must not be.
    """
    if hold.until_s is not None and (hold.sure or utc_s is None):
        return hold
    if utc_s is None:
        return replace(hold, until_s=now_s + _length_s(hold), sure=False)
    left_s = min(hold.until_utc_s - utc_s, _length_s(hold, math.inf)) if hold.right else _length_s(hold)
    most_s = math.inf if hold.until_s is None else hold.until_s
    return replace(hold, until_s=min(now_s + left_s, most_s), sure=True)


def _length_s(hold: Hold, unsaid_s: float = UNSAID_S) -> float:
    return unsaid_s if hold.length_s is None else hold.length_s


def _ended(device: Device, spec: KindSpec, key: str, after: ConditionState, hold: Hold) -> Change:
    address, _, name = key.rpartition("/")
    seen = Seen(name, None, address, cause="its time is over")
    change = told(device, spec.conditions[name], seen, after, HOLD_OVER[hold.kind])
    return replace(change, person=hold.person, reason=hold.reason)
