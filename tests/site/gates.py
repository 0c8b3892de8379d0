"""A school with linkage in virtual time: gates, a bollard and what tells of fires, on wires that are watched."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from agent.config.load import load_site
from agent.service.control import Desk
from agent.service.requests import requests_of
from agent.site import Site
from drivers.reading import Value
from simulators.at_rest import bring_to_rest
from simulators.clock import run_virtual
from simulators.driven_gate import DrivenGate, GateWires
from simulators.field_file import read_lines
from simulators.modbus_unit import ModbusUnit
from simulators.scenario_file import read_yaml
from tests.site.school import School, running

CONFIG = Path(__file__).parent / "gates.yaml"
GATES = {
    "barrier": GateWires("gate-io.do1", "gate-io.do2", "gate-io.di2", "gate-io.di3"),
    "pulsed": GateWires("gate-io.do3", "gate-io.do4", "gate-io.di4", "gate-io.di5"),
    "bollard": GateWires("gate-io.do5", "gate-io.do6", "gate-io.di6", "gate-io.di7"),
}
LOOP, PANIC, CALL_POINT = "gate-io.di8", "gate-io.di1", "block-io.di1"
EAST, WEST = "smoke-east.smoke", "smoke-west.smoke"


@dataclass(frozen=True, slots=True)
class Written:
    """What an order changed at a module, or a pulse that ended there."""

    at_s: float
    output: str
    value: Value


class Gates(School):
    """The school, its gates, and everything that was written on its wires."""

    def __init__(self, directory: Path, seed: int, site: Site) -> None:
        lines = read_lines(CONFIG)
        super().__init__(directory, seed, site, lines)
        bring_to_rest(self.field, read_yaml(CONFIG), lines)
        self.written: list[Written] = []
        for unit in ("gate-io", "block-io"):
            self._watch(unit, self.module(unit))
        self.gates = {name: DrivenGate(self.field, wires) for name, wires in GATES.items()}
        self.gates["bollard"].rest("open")

    def module(self, unit: str) -> ModbusUnit:
        found = self.field.unit(unit)
        assert isinstance(found, ModbusUnit)
        return found

    def _watch(self, name: str, unit: ModbusUnit) -> None:
        def note(point: str, value: Value) -> None:
            self.written.append(Written(self.now_s, f"{name}.{point}", value))

        unit.on_write = note

    async def ask(self, do: str, **more: object) -> dict[str, Any]:
        answer = await Desk(requests_of(self.gateway)).answer(
            json.dumps({"version": 1, "do": do, **more}).encode()
        )
        assert isinstance(answer, dict)
        return answer

    async def state(self, effect: str) -> str:
        answer = await self.ask("linkage")
        assert answer["ok"], answer
        return next(str(one["state"]) for one in answer["effects"] if one["id"] == effect)

    def told_of(self, event: str) -> list[dict[str, Any]]:
        """The fields of every such event that has arrived, once."""
        found = (a.payload for a in self.heard if a.channel == "event" and not a.duplicate)
        return [p.fields for p in found if p is not None and getattr(p, "event", "") == event]

    def closings(self, since_s: float = 0.0) -> list[Written]:
        """Orders on the wire that would shut a gate."""
        shutting = {wires.close_relay for wires in GATES.values()}
        return [one for one in self.written if one.output in shutting and one.value and one.at_s >= since_s]

    def all_open(self) -> bool:
        return all(gate.is_open for gate in self.gates.values())

    def burn(self, *points: str) -> None:
        """These tell of a fire from now on."""
        for point in points or (EAST, WEST):
            self.field.set(point, True)

    async def fire_is_out(self) -> None:
        """The detectors are clear, and a person resets their alarms."""
        for point, device in ((EAST, "smoke-east"), (WEST, "smoke-west"), (CALL_POINT, "call-point")):
            if self.field.get(point):
                self.field.set(point, False)
                await self.heard_within(f"{device} alarm cleared", 40.0)
                await self.order(device, "alarm", "reset")


@cache
def gates_site() -> Site:
    return replace(load_site(CONFIG), control_socket=None)


def play(
    story: Callable[[Gates], Awaitable[None]], directory: Path, seed: int = 1, site: Site | None = None
) -> None:
    """Play a story from the moment on when the platform has met the gateway."""

    async def main() -> None:
        place = Gates(directory, seed, site or gates_site())
        async with running(place):
            await place.until(lambda: place.platform.heartbeats, within_s=10.0)
            await asyncio.sleep(3.0)
            await story(place)

    run_virtual(main(), seed)
