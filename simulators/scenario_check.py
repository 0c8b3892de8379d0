"""What only scenario and gateway together can tell: names that the simulated field does not have."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from agent.errors import ConfigError, Mistake
from agent.language import tr
from drivers.document import Loc
from simulators.field_file import LineSetup, read_lines
from simulators.scenario import Scenario, Step
from simulators.scenario_file import ScenarioSource, nearest, read_scenario, read_yaml


def load_scenario(path: Path, gateway: Path) -> Scenario:
    """A scenario that fits this gateway's configuration; raises ConfigError with every mistake."""
    source = read_scenario(path)
    devices = [device.get("id", "") for device in read_yaml(gateway).get("devices", [])]
    mistakes = check(source, read_lines(gateway), devices)
    if mistakes:
        raise ConfigError(sorted(mistakes, key=lambda m: (m.line, m.column)))
    return source.scenario


def check(source: ScenarioSource, lines: Iterable[LineSetup], devices: Iterable[str]) -> list[Mistake]:
    """Every name that the field does not have, every step that lies before its predecessor."""
    names = _Names(tuple(lines), set(devices))
    wrong = [*_order(source.scenario), *_unknown(source.scenario, names)]
    return [source.mistake(loc, what) for loc, what in wrong]


class _Names:
    """What there is, by what a scenario calls it."""

    def __init__(self, lines: tuple[LineSetup, ...], devices: set[str]) -> None:
        units = [unit for line in lines for unit in line.units]
        modbus = [unit for unit in units if unit.profile.protocol == "modbus"]
        self.known: dict[str, set[str]] = {
            "device": devices,
            "line": {line.id for line in lines},
            "unit": {unit.id for unit in units},
            "modbus unit": {unit.id for unit in modbus},
            "fire panel": {unit.id for unit in units} - {unit.id for unit in modbus},
            "point": {f"{unit.id}.{point.name}" for unit in modbus for point in unit.profile.points},
        }

    def wrong(self, kind: str, name: str) -> str | None:
        """What to say if there is no such thing."""
        if name in self.known[kind]:
            return None
        return _MISSING[kind]() + " " + repr(name) + nearest(name, self.known[kind])


_MISSING: dict[str, Callable[[], str]] = {
    "device": lambda: tr("there is no device"),
    "line": lambda: tr("there is no line"),
    "unit": lambda: tr("there is no unit"),
    "modbus unit": lambda: tr("there is no Modbus unit"),
    "fire panel": lambda: tr("there is no fire panel"),
    "point": lambda: tr("there is no point"),
}

Finding = tuple[Loc, str]


def _order(scenario: Scenario) -> Iterator[Finding]:
    begins_s = scenario.begins_s
    for n, step in enumerate(scenario.steps):
        if n and begins_s[n] < begins_s[n - 1]:
            what = tr(
                "{at_s:g} s lies before the step before it ({before_s:g} s)",
                at_s=begins_s[n],
                before_s=begins_s[n - 1],
            )
            yield ("steps", n, "at_s"), what
        yield from _unreached(n, step)


def _unreached(n: int, step: Step) -> Iterator[Finding]:
    """A level that no ramp reaches would never be owed, and so never be missed."""
    for m, expect in enumerate(step.expect):
        at = ("steps", n, "expect", m, "reaches")
        if expect.reaches is None:
            continue
        if step.ramp is None:
            yield at, tr("`reaches` belongs to a ramp")
        elif not min(step.ramp.start, step.ramp.end) <= expect.reaches <= max(step.ramp.start, step.ramp.end):
            span = {"start": step.ramp.start, "end": step.ramp.end}
            yield at, tr("{level:g} is not between {start:g} and {end:g}", level=expect.reaches, **span)


def _unknown(scenario: Scenario, names: _Names) -> Iterator[Finding]:
    for loc, kind, name in _used(scenario):
        if (what := names.wrong(kind, name)) is not None:
            yield loc, what


def _used(scenario: Scenario) -> Iterator[tuple[Loc, str, str]]:
    """Every name in the scenario: where it stands, what it should name, and the name."""
    for point in scenario.start:
        yield ("start", point), "point", point
    for n, allowed in enumerate(scenario.may_come):
        yield ("may_come", n, "device"), "device", allowed.device
    for n, step in enumerate(scenario.steps):
        at: Loc = ("steps", n, step.action)
        yield from (((*at, *rest), kind, name) for rest, kind, name in _used_by(step.action, step.what))
        for m, expect in enumerate(step.expect):
            yield ("steps", n, "expect", m, "device"), "device", expect.device


def _used_by(action: str, what: Any) -> Iterator[tuple[tuple[str, ...], str, str]]:
    match action:
        case "press" | "release":
            yield (), "point", what
        case "set":
            yield from (((point,), "point", point) for point in what)
        case "force":
            yield ("leaves",), "point", what.leaves
            yield ("comes_to",), "point", what.comes_to
        case "ramp":
            yield ("point",), "point", what.point
        case "panel":
            yield ("unit",), "fire panel", what.unit
        case "reset_panel":
            yield (), "fire panel", what
        case "unplug" | "plug":
            yield (), "unit", what
        case "vanish" | "restore":
            yield (), "line", what
        case "faults":
            yield ("line",), "line", what.line
        case "late":
            yield ("unit",), "modbus unit", what.unit
        case "order":
            yield ("device",), "device", what.device
