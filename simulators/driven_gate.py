"""A barrier, bollard or door leaf behind relays: it moves when one of them closes, and its limits follow."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from drivers.reading import Value
from simulators.field import Field
from simulators.modbus_unit import ModbusUnit

Way = Literal["open", "close"]


@dataclass(frozen=True, slots=True)
class GateWires:
    """Its relays and contacts as `unit.point`; a bollard opens by going down."""

    open_relay: str
    close_relay: str
    open_limit: str
    closed_limit: str


class DrivenGate:
    """Its controller takes pulses and stays where it is; while the opening relay is closed nothing shuts it.

    `stuck`: its motor does nothing. `moves` is what it was driven to, and when.
    """

    def __init__(self, field: Field, wires: GateWires, *, travel_s: float = 2.0) -> None:
        self.stuck = False
        self.moves: list[tuple[float, Way]] = []
        self._field, self._wires, self._travel_s = field, wires, travel_s
        self._travel: asyncio.TimerHandle | None = None
        self._watch(wires.open_relay, self._opened)
        self._watch(wires.close_relay, self._closed)

    @property
    def is_open(self) -> bool:
        """It is all the way open."""
        return self._field.get(self._wires.open_limit) is True

    @property
    def is_closed(self) -> bool:
        """It is all the way shut."""
        return self._field.get(self._wires.closed_limit) is True

    def rest(self, way: Way) -> None:
        """It stands there, as a story begins or as somebody has moved it by hand."""
        self._stop()
        self._field.set(self._wires.open_limit, way == "open")
        self._field.set(self._wires.closed_limit, way == "close")
        if way == "close" and self._field.get(self._wires.open_relay):
            self._move("open")

    def _watch(self, relay: str, told: Callable[[bool], None]) -> None:
        """Other gates may listen at the same module."""
        unit, _, name = relay.partition(".")
        module = self._field.unit(unit)
        assert isinstance(module, ModbusUnit), f"{unit} has no relays"
        before = module.on_write

        def heard(point: str, value: Value) -> None:
            if before is not None:
                before(point, value)
            if point == name:
                told(value is True)

        module.on_write = heard

    def _opened(self, on: bool) -> None:
        if on and not self.is_open:
            self._move("open")

    def _closed(self, on: bool) -> None:
        if on and not self.is_closed and not self._field.get(self._wires.open_relay):
            self._move("close")

    def _move(self, way: Way) -> None:
        if self.stuck or (self._travel is not None and self.moves[-1][1] == way):
            return
        self._stop()
        loop = asyncio.get_running_loop()
        self.moves.append((loop.time(), way))
        self._field.set(self._wires.open_limit, False)
        self._field.set(self._wires.closed_limit, False)
        self._travel = loop.call_later(self._travel_s, self.rest, way)

    def _stop(self) -> None:
        if self._travel is not None:
            self._travel.cancel()
            self._travel = None
