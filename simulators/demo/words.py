"""How the demo says what goes upstream: kinds, conditions and changes in words."""

from collections.abc import Callable, Mapping
from typing import Any

from agent.language import tr
from simulators.demo.titles import condition
from simulators.scenario import Barrier, Expect, ExpectVerdict, Order, PanelEvent, Step

LOST = "lost"
OUTAGE = "outage"
VERDICT = "verdict"
WINDOW_S = 30.0  # a verdict that a story gives longer than this is one that comes when a window has ended


def change(name: str) -> str:
    """What happened to it."""
    return _CHANGES[name]() if name in _CHANGES else name


def group(name: str) -> str:
    """A line of the account."""
    return _GROUPS[name]() if name in _GROUPS else name


def verdict(name: str) -> str:
    """How an indicator is judged."""
    return {"met": tr("met"), "not_met": tr("not met"), "unknown": tr("unknown")}[name]


def expected(expect: Expect | ExpectVerdict, kinds: Mapping[str, str]) -> str:
    """What must arrive; `kinds` says what each device is."""
    if isinstance(expect, ExpectVerdict):
        return f"{expect.indicator} · {verdict(expect.verdict)}"
    title = condition(expect.condition, kinds.get(expect.device, ""))
    return f"{expect.device} · {title} · {change(expect.change)}"


def step(step: Step) -> str:
    """A step that says nothing of itself."""
    return _STEPS[step.action](step.what)


def _panel(event: PanelEvent) -> str:
    what = {"condition": condition(event.condition, "fire_panel"), "address": event.address}
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
    "request": lambda request: tr("somebody asks the gateway: {do}", do=request.do),
    "rest": lambda _: tr("nothing happens"),
}

_CHANGES: dict[str, Callable[[], str]] = {
    "raised": lambda: tr("raised"),
    "cleared": lambda: tr("cleared"),
    "acknowledged": lambda: tr("acknowledged"),
    "reset": lambda: tr("reset"),
    "shelved": lambda: tr("shelved"),
    "unshelved": lambda: tr("no longer shelved"),
    "suppressed": lambda: tr("suppressed"),
    "released": lambda: tr("no longer suppressed"),
    "out_of_service": lambda: tr("out of service"),
    "returned_to_service": lambda: tr("back in service"),
}


def why_slow(group: str, expect: Expect | ExpectVerdict) -> str:
    """A word beside a figure that is no fault of the way upstream, for whoever asks why it is so large."""
    if group == OUTAGE:
        return tr("broker gone")
    if isinstance(expect, ExpectVerdict):
        return tr("its window had to end") if expect.within_s > WINDOW_S else ""
    change = (expect.condition, expect.change)
    return _WAITS[change]() if change in _WAITS else ""


_WAITS: dict[tuple[str, str], Callable[[], str]] = {
    ("forced_open", "raised"): lambda: tr("relay read first"),
    (LOST, "raised"): lambda: tr("asked again"),
    (LOST, "cleared"): lambda: tr("waits if it stays"),
}

_GROUPS: dict[str, Callable[[], str]] = {
    "one_key_alarm": lambda: tr("one-key alarms"),
    "gate_barrier": lambda: tr("gate barrier"),
    "bollard": lambda: tr("bollards"),
    "door": lambda: tr("doors"),
    "smoke_detector": lambda: tr("smoke detectors"),
    "fire_sensor": lambda: tr("fire sensors"),
    "fire_panel": lambda: tr("fire panels"),
    "environment": lambda: tr("temp., humidity"),
    "power_supply": lambda: tr("power supplies"),
    "camera": lambda: tr("cameras"),
    "card_reader": lambda: tr("card readers"),
    "sign_on_button": lambda: tr("sign-on buttons"),
    LOST: lambda: tr("lost and back"),
    OUTAGE: lambda: tr("without the broker"),
    VERDICT: lambda: tr("verdicts"),
}
