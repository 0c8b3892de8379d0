"""What an operator orders: acknowledge, reset, set aside; each with a name, each told upstream."""

from dataclasses import replace

from agent.alarms.kinds import KINDS
from agent.alarms.model import Change, ConditionState, DeviceMemory, Hold, Judgement, Order, State, key_of
from agent.alarms.spec import ConditionSpec
from agent.alarms.states import acknowledged, reset
from agent.errors import OrderRefused
from agent.site import Device

SHELVE_MOST_S = 8 * 3600.0  # standards: shelving at most 8 h, with reason, person and automatic return
HOLDS = {"shelve": "shelved", "suppress": "suppressed", "out_of_service": "out_of_service"}
RELEASES = {"unshelve": "shelved", "release": "suppressed", "return_to_service": "out_of_service"}
DONE = {"unshelve": "unshelved", "release": "released", "return_to_service": "returned_to_service"}


def operate(device: Device, memory: DeviceMemory, order: Order, now_s: float, utc_s: float) -> Judgement:
    """Carry out one order; raises OrderRefused with what to do instead."""
    spec = KINDS[device.kind].conditions.get(order.condition)
    if spec is None:
        known = ", ".join(KINDS[device.kind].conditions)
        raise OrderRefused(f"{device.id} has no condition {order.condition!r}; it has: {known}")
    if not order.person:
        raise OrderRefused("an order needs the name of the person who gives it")
    key = key_of(order.condition, order.address)
    before = memory.conditions.get(key, ConditionState())
    after, change = _carry_out(spec, before, order, utc_s)
    told = Change(
        device.id,
        order.condition,
        change,
        after.state,
        after.state.active,
        spec.priority,
        address=order.address,
        person=order.person,
        reason=order.reason,
        until_utc_s=after.hold.until_utc_s if after.hold else None,
        hold=after.hold.kind if after.hold else None,
    )
    due_s = now_s + after.hold.until_utc_s - utc_s if after.hold else now_s
    return Judgement(DeviceMemory({**memory.conditions, key: after}, memory.marks), (told,), due_s)


def _carry_out(
    spec: ConditionSpec, before: ConditionState, order: Order, utc_s: float
) -> tuple[ConditionState, str]:
    if order.action == "acknowledge":
        return _acknowledge(before)
    if order.action == "reset":
        return _reset(before)
    if order.action in HOLDS:
        return _hold(spec, before, order, utc_s)
    if order.action in RELEASES:
        return _release(before, order)
    raise OrderRefused(f"no action {order.action!r}; known: acknowledge, reset, {', '.join((*HOLDS, *RELEASES))}")


def _acknowledge(before: ConditionState) -> tuple[ConditionState, str]:
    if before.state.acknowledged:
        raise OrderRefused(f"nothing to acknowledge: it is {before.state}")
    return replace(before, state=acknowledged(before.state)), "acknowledged"


def _reset(before: ConditionState) -> tuple[ConditionState, str]:
    if before.state.active:
        raise OrderRefused("it is still active: clear the cause first, then reset")
    if before.state is State.NORMAL:
        raise OrderRefused("nothing to reset: it is normal")
    return replace(before, state=reset(before.state)), "reset"


def _hold(spec: ConditionSpec, before: ConditionState, order: Order, utc_s: float) -> tuple[ConditionState, str]:
    kind = HOLDS[order.action]
    if not order.reason or order.until_utc_s is None:
        raise OrderRefused("setting an alarm aside needs a reason and an end time")
    if order.until_utc_s <= utc_s:
        raise OrderRefused("the end time is in the past")
    if not spec.shelvable and kind != "out_of_service":
        raise OrderRefused("this alarm saves lives: it cannot be shelved, only taken out of service by name")
    if kind == "shelved" and order.until_utc_s - utc_s > SHELVE_MOST_S:
        raise OrderRefused("shelving ends after 8 hours at most")
    return replace(before, hold=Hold(kind, order.reason, order.person, order.until_utc_s)), kind  # type: ignore[arg-type]


def _release(before: ConditionState, order: Order) -> tuple[ConditionState, str]:
    kind = RELEASES[order.action]
    if before.hold is None or before.hold.kind != kind:
        raise OrderRefused(f"it is not {kind}")
    return replace(before, hold=None), DONE[order.action]
