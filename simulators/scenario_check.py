"""What only scenario and gateway together can tell: names that the simulated field does not have."""

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from agent.errors import ConfigError, Mistake
from agent.language import tr
from agent.mistakes import did_you_mean
from drivers.document import Loc
from simulators.field_file import LineSetup, read_lines
from simulators.panels import SIMULATED_PANELS
from simulators.panels.panel import Board
from simulators.scenario import Expect, ExpectVerdict, PanelEvent, Scenario, Step, Value
from simulators.scenario_file import ScenarioSource, read_scenario, read_yaml
from simulators.units import simulated_unit


def load_scenario(path: Path, gateway: Path) -> Scenario:
    """A scenario that fits this gateway's configuration; raises ConfigError with every mistake."""
    source = read_scenario(path)
    devices = [device.get("id", "") for device in read_yaml(gateway).get("devices", [])]
    mistakes = check(source, read_lines(gateway), devices)
    if mistakes:
        raise ConfigError(sorted(mistakes, key=lambda m: (m.line, m.column)))
    return source.scenario


def lacking(scenario: Scenario, gateway: Path) -> list[str]:
    """Units, lines and devices that the scenario names and this gateway does not have, each once."""
    lines = read_lines(gateway)
    devices = {device.get("id", "") for device in read_yaml(gateway).get("devices", [])}
    known = devices | {line.id for line in lines} | {unit.id for line in lines for unit in line.units}
    named = [name.partition(".")[0] for _, _, name in _used(scenario)]
    return [name for name in dict.fromkeys(named) if name not in known]


def check(source: ScenarioSource, lines: Iterable[LineSetup], devices: Iterable[str]) -> list[Mistake]:
    """Every name that the field does not have, all that it cannot say, every step before its predecessor."""
    names = _Names(tuple(lines), set(devices))
    wrong = list(_order(source.scenario))
    for look in (_unknown, _unsayable, _untold):
        wrong += look(source.scenario, names)
    return [source.mistake(loc, what) for loc, what in wrong]


class _Names:
    """What there is, by what a scenario calls it."""

    def __init__(self, lines: tuple[LineSetup, ...], devices: set[str]) -> None:
        units = [unit for line in lines for unit in line.units]
        made = {unit.id: simulated_unit(unit.profile, unit.address, lambda: None) for unit in units}
        panels = [unit for unit in units if made[unit.id] is None]
        pointed = [unit for unit in units if made[unit.id] is not None]
        self.boards = {unit.id: SIMULATED_PANELS[unit.profile.protocol]().board for unit in panels}
        self._pointed = {name: one for name, one in made.items() if one is not None}
        self.known: dict[str, set[str]] = {
            "device": devices,
            "line": {line.id for line in lines},
            "unit": {unit.id for unit in units},
            "modbus unit": {unit.id for unit in pointed},
            "fire panel": set(self.boards),
            "point": {f"{unit.id}.{point.name}" for unit in pointed for point in unit.profile.points},
        }

    def wrong(self, kind: str, name: str) -> str | None:
        """What to say if there is no such thing."""
        if name in self.known[kind]:
            return None
        return _MISSING[kind]() + " " + repr(name) + did_you_mean(name, self.known[kind])

    def unsayable(self, point: str, value: Value) -> str | None:
        """What to say if a point that there is cannot take this value."""
        if point not in self.known["point"]:
            return None
        unit, _, name = point.partition(".")
        try:
            self._pointed[unit].set(name, value)
        except ValueError as error:
            return tr("{key}: {given} does not fit: {why}", key=point, given=repr(value), why=error)
        return None


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
        if isinstance(expect, ExpectVerdict) or expect.reaches is None:
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
            if isinstance(expect, Expect):
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


def _unsayable(scenario: Scenario, names: _Names) -> Iterator[Finding]:
    """Values that would end the story in its midst."""
    for loc, point, value in _values(scenario):
        if (what := names.unsayable(point, value)) is not None:
            yield loc, what


def _values(scenario: Scenario) -> Iterator[tuple[Loc, str, Value]]:
    """Every value that a point takes: where it stands, the point, and the value."""
    for point, value in scenario.start.items():
        yield ("start", point), point, value
    for n, step in enumerate(scenario.steps):
        at: Loc = ("steps", n, step.action)
        yield from (((*at, *rest), point, value) for rest, point, value in _values_of(step.action, step.what))


def _values_of(action: str, what: Any) -> Iterator[tuple[tuple[str, ...], str, Value]]:
    match action:
        case "press" | "release":
            yield (), what, action == "press"
        case "set":
            yield from (((point,), point, value) for point, value in what.items())
        case "force":
            yield ("leaves",), what.leaves, False
            yield ("comes_to",), what.comes_to, True
        case "ramp":
            yield ("start",), what.point, what.start
            yield ("end",), what.point, what.end


def _untold(scenario: Scenario, names: _Names) -> Iterator[Finding]:
    """What a fire panel does not say, and points that it cannot have."""
    for n, step in enumerate(scenario.steps):
        if step.panel is not None and step.panel.unit in names.boards:
            for key, what in _wrong_with(step.panel, names.boards[step.panel.unit]):
                yield ("steps", n, "panel", key), what


def _wrong_with(event: PanelEvent, board: Board) -> Iterator[tuple[str, str]]:
    if event.condition not in board.conditions:
        what = tr("{unit} does not say {condition}", unit=event.unit, condition=repr(event.condition))
        yield "condition", what + did_you_mean(event.condition, board.conditions)
    if not board.knows(event.address):
        form = {"given": repr(event.address), "example": repr(board.example)}
        yield "address", tr("{given} is no address of {unit}; want one like {example}", unit=event.unit, **form)
