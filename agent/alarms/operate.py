"""What an operator orders: acknowledge, reset, set aside; each with a name, each told upstream."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import get_args

from agent.alarms.kinds import KINDS
from agent.alarms.model import (
    Action,
    ConditionState,
    DeviceMemory,
    Hold,
    HoldKind,
    Judgement,
    Order,
    State,
    key_of,
)
from agent.alarms.spec import COMMON, ConditionSpec, Seen
from agent.alarms.states import acknowledged, reset
from agent.alarms.tell import told
from agent.errors import OrderRefused
from agent.site import Device
from drivers.said import nearest

SHELVE_MOST_S = 8 * 3600.0  # standards: shelving at most 8 h, with reason, person and automatic return
HOLDS: dict[str, HoldKind] = {"shelve": "shelved", "suppress": "suppressed", "out_of_service": "out_of_service"}
RELEASES: dict[str, HoldKind] = {
    "unshelve": "shelved",
    "release": "suppressed",
    "return_to_service": "out_of_service",
}
DONE = {"unshelve": "unshelved", "release": "released", "return_to_service": "returned_to_service"}


def operate(
    device: Device, memory: DeviceMemory, order: Order, now_s: float, utc_s: float, *, right: bool = True
) -> Judgement:
    """Carry out one order; raises OrderRefused with what to do instead. `right`: `utc_s` may be believed."""
    spec = _condition(device, memory, order)
    if not order.person.strip():
        raise OrderRefused("an order needs the name of the person who gives it")
    key = key_of(order.condition, order.address)
    before = memory.conditions.get(key, ConditionState())
    after, change = _carry_out(spec, before, order, now_s, utc_s)
    if after.hold is not None and after.hold is not before.hold:
        after = replace(after, hold=replace(after.hold, right=right))
    seen = Seen(order.condition, None, order.address)
    done = replace(told(device, spec, seen, after, change), person=order.person, reason=order.reason)
    return Judgement(replace(memory, conditions={**memory.conditions, key: after}), (done,), now_s)


def no_device(given: str, devices: Sequence[str]) -> OrderRefused:
    """Nothing of that name is configured."""
    known = ", ".join(devices)
    if (near := nearest(given, devices)) is None:
        return OrderRefused("no device {name}; known: {known}", name=repr(given), known=known)
    return OrderRefused(
        "no device {name}; did you mean {near}? Known: {known}", name=repr(given), near=repr(near), known=known
    )


def _condition(device: Device, memory: DeviceMemory, order: Order) -> ConditionSpec:
    """The condition that is meant; an order for one that cannot be there would seem to help and do nothing."""
    known = KINDS[device.kind].conditions
    spec = known.get(order.condition)
    if spec is None:
        raise no_condition(device, order.condition, known)
    by_address = device.kind == "fire_panel" and order.condition not in COMMON
    if by_address:
        _known_address(device, memory, order)
    elif order.address:
        raise OrderRefused("{name} of {device} has no addresses", name=order.condition, device=device.id)
    return spec


def no_condition(device: Device, given: str, known: Iterable[str]) -> OrderRefused:
    """Devices of that kind cannot have it."""
    names, name = ", ".join(known), repr(given)
    if (near := nearest(given, known)) is None:
        return OrderRefused(
            "{device} has no condition {name}; it has: {names}", device=device.id, name=name, names=names
        )
    return OrderRefused(
        "{device} has no condition {name}; did you mean {near}? It has: {names}",
        device=device.id, name=name, near=repr(near), names=names,
    )  # fmt: skip


def _known_address(device: Device, memory: DeviceMemory, order: Order) -> None:
    """One that has something to say now; to be set aside beforehand, one that the configuration names."""
    now = sorted(key.rpartition("/")[0] for key in memory.conditions if key.endswith(f"/{order.condition}"))
    shown = ", ".join(now) or "–"
    if not order.address:
        raise OrderRefused("say at which address of {device}; now: {now}", device=device.id, now=shown)
    if order.address not in now and not (order.action in HOLDS and order.address in device.places):
        raise OrderRefused(
            "{device} has no {name} at {address}; now: {now}",
            device=device.id, name=order.condition, address=order.address, now=shown,
        )  # fmt: skip


def _carry_out(
    spec: ConditionSpec, before: ConditionState, order: Order, now_s: float, utc_s: float
) -> tuple[ConditionState, str]:
    if order.action == "acknowledge":
        return _acknowledge(before)
    if order.action == "reset":
        return _reset(before)
    if order.action in HOLDS:
        return _hold(spec, before, order, now_s, utc_s)
    if order.action in RELEASES:
        return _release(before, order)
    known = ", ".join(get_args(Action))
    raise OrderRefused("no action {name}; known: {known}", name=repr(order.action), known=known)


def _acknowledge(before: ConditionState) -> tuple[ConditionState, str]:
    if before.state is State.LATCHED:
        raise OrderRefused("nothing to acknowledge: it is over and acknowledged; reset it next")
    if before.state is State.NORMAL:
        raise OrderRefused("nothing to acknowledge: it is normal")
    if before.state.acknowledged:
        raise OrderRefused("nothing to acknowledge: it is acknowledged already")
    return replace(before, state=acknowledged(before.state)), "acknowledged"


def _reset(before: ConditionState) -> tuple[ConditionState, str]:
    if before.state.active:
        raise OrderRefused("it is still active: clear the cause first, then reset")
    if before.state is State.NORMAL:
        raise OrderRefused("nothing to reset: it is normal")
    return replace(before, state=reset(before.state)), "reset"


def _hold(
    spec: ConditionSpec, before: ConditionState, order: Order, now_s: float, utc_s: float
) -> tuple[ConditionState, str]:
    kind, until_utc_s = HOLDS[order.action], order.until_utc_s
    if not order.reason.strip() or until_utc_s is None or not math.isfinite(until_utc_s):
        raise OrderRefused("setting an alarm aside needs a reason and an end time")
    if until_utc_s <= utc_s:
        raise OrderRefused("the end time is in the past")
    if not spec.shelvable and kind != "out_of_service":
        raise OrderRefused("this alarm saves lives: it cannot be shelved, only taken out of service by name")
    if kind == "shelved" and until_utc_s - utc_s > SHELVE_MOST_S:
        raise OrderRefused("shelving ends after 8 hours at most")
    if before.hold is not None and before.hold.kind != kind:
        by = before.hold.person
        raise OrderRefused("it is {kind} by {person} already; end that first", kind=before.hold.kind, person=by)
    length_s = until_utc_s - utc_s
    hold = Hold(kind, order.reason, order.person, until_utc_s, now_s + length_s, length_s)
    return replace(before, hold=hold), kind


def _release(before: ConditionState, order: Order) -> tuple[ConditionState, str]:
    kind = RELEASES[order.action]
    if before.hold is None or before.hold.kind != kind:
        raise OrderRefused("it is not {kind}", kind=kind)
    return replace(before, hold=None), DONE[order.action]
