"""How the demo says what goes upstream: kinds, conditions and changes in words."""

from collections.abc import Callable

from agent.language import tr
from simulators.scenario import Step

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
    what = step.what
    match step.action:
        case "press":
            return tr("{point} closes", point=what)
        case "release":
            return tr("{point} opens", point=what)
        case "set":
            return ", ".join(f"{point} = {value}" for point, value in what.items())
        case "force":
            return tr(
                "the barrier arm leaves {leaves} and comes to {comes_to}",
                leaves=what.leaves,
                comes_to=what.comes_to,
            )
        case "ramp":
            return tr("{point} goes from {start:g} to {end:g}", point=what.point, start=what.start, end=what.end)
        case "panel":
            ends = "" if what.active else tr(" is over")
            return (
                tr(
                    "{unit}: {condition} at {address}",
                    unit=what.unit,
                    condition=condition(what.condition),
                    address=what.address,
                )
                + ends
            )
        case "reset_panel":
            return tr("{unit} is reset", unit=what)
        case "unplug":
            return tr("{unit} is pulled off its line", unit=what)
        case "plug":
            return tr("{unit} is put back", unit=what)
        case "vanish":
            return tr("the port of {line} is gone", line=what)
        case "restore":
            return tr("the port of {line} is back", line=what)
        case "faults":
            return tr("the wires of {line} change", line=what.line)
        case "late":
            return tr("{unit} answers {seconds:g} s late", unit=what.unit, seconds=what.by_s)
        case "broker":
            return tr("the broker is gone") if what == "down" else tr("the broker is back")
        case "order":
            return tr(
                "{person} orders: {action} {device} {condition}", **what.model_dump(exclude={"address", "reason"})
            )
    return tr("nothing happens")


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
