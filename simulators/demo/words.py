"""How the demo says what goes upstream: kinds, conditions and changes in words."""

from collections.abc import Callable
from typing import Any

from agent.language import tr
from simulators.scenario import Barrier, Order, PanelEvent, Step

LOST = "lost"
OUTAGE = "outage"


def condition(name: str) -> str:
    """An alarm condition in words; one that is new is shown as it is."""
    return _CONDITIONS[name]() if name in _CONDITIONS else name


def change(name: str) -> str:
    """What happened to it."""
    return _CHANGES[name]() if name in _CHANGES else name


def group(name: str) -> str:
    """A line of the account."""
    return _GROUPS[name]() if name in _GROUPS else name


def step(step: Step) -> str:
    """A step that says nothing of itself."""
    return _STEPS[step.action](step.what)


def _panel(event: PanelEvent) -> str:
    what = {"condition": condition(event.condition), "address": event.address}
    said = tr("{unit}: {condition} at {address}", unit=event.unit, **what)
    return said if event.active else said + tr(" is over")


def _force(barrier: Barrier) -> str:
    ends = {"leaves": barrier.leaves, "comes_to": barrier.comes_to}
    return tr("the barrier arm leaves {leaves} and comes to {comes_to}", **ends)


def _order(order: Order) -> str:
    fields = order.model_dump(exclude={"address", "reason"})
    return tr("{person} orders: {action} {device} {condition}", **fields)


_STEPS: dict[str, Callable[[Any], str]] = {
    "press": lambda point: tr("{point} closes", point=point),
    "release": lambda point: tr("{point} opens", point=point),
    "set": lambda values: ", ".join(f"{point} = {value}" for point, value in values.items()),
    "force": _force,
    "ramp": lambda ramp: tr(
        "{point} goes from {start:g} to {end:g}", point=ramp.point, start=ramp.start, end=ramp.end
    ),
    "panel": _panel,
    "reset_panel": lambda unit: tr("{unit} is reset", unit=unit),
    "unplug": lambda unit: tr("{unit} is pulled off its line", unit=unit),
    "plug": lambda unit: tr("{unit} is put back", unit=unit),
    "vanish": lambda line: tr("the port of {line} is gone", line=line),
    "restore": lambda line: tr("the port of {line} is back", line=line),
    "faults": lambda faults: tr("the wires of {line} change", line=faults.line),
    "late": lambda late: tr("{unit} answers {seconds:g} s late", unit=late.unit, seconds=late.by_s),
    "broker": lambda way: tr("the broker is gone") if way == "down" else tr("the broker is back"),
    "order": _order,
    "rest": lambda _: tr("nothing happens"),
}

_CONDITIONS: dict[str, Callable[[], str]] = {
    "pressed": lambda: tr("alarm button pressed"),
    "tamper": lambda: tr("tamper"),
    "line_fault": lambda: tr("line fault"),
    "forced_open": lambda: tr("forced open"),
    "held_open": lambda: tr("held open"),
    "obstructed": lambda: tr("obstructed"),
    "no_feedback": lambda: tr("no feedback"),
    "mains_lost": lambda: tr("mains lost"),
    "alarm": lambda: tr("alarm"),
    "fire": lambda: tr("fire"),
    "prealarm": lambda: tr("pre-alarm"),
    "supervisory": lambda: tr("supervisory"),
    "fault": lambda: tr("fault"),
    "disabled": lambda: tr("disabled"),
    "activated": lambda: tr("activated"),
    "test": lambda: tr("test"),
    "temperature_high": lambda: tr("temperature too high"),
    "lost": lambda: tr("no answer"),
    "bad_reading": lambda: tr("bad reading"),
    "unstable": lambda: tr("unstable"),
}

_CHANGES: dict[str, Callable[[], str]] = {
    "raised": lambda: tr("raised"),
    "cleared": lambda: tr("cleared"),
    "acknowledged": lambda: tr("acknowledged"),
    "reset": lambda: tr("reset"),
}

_GROUPS: dict[str, Callable[[], str]] = {
    "one_key_alarm": lambda: tr("one-key alarms"),
    "gate_barrier": lambda: tr("gate barrier"),
    "smoke_detector": lambda: tr("smoke detectors"),
    "fire_sensor": lambda: tr("fire sensors"),
    "fire_panel": lambda: tr("fire panels"),
    "environment": lambda: tr("temp., humidity"),
    "power_supply": lambda: tr("power supplies"),
    LOST: lambda: tr("lost and back"),
    OUTAGE: lambda: tr("without the broker"),
}
