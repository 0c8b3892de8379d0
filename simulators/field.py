"""Everything that hangs on a gateway's lines, and what a story can do to it.

`open` gives the near end of a line in memory, for virtual time; on real ports the same lines are served by
`line(id).run(stream)`.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from drivers.errors import LineError
from drivers.reading import Value
from drivers.stream import ByteStream, Endpoint, SerialPort, TcpEndpoint
from simulators.bus import RtuBus
from simulators.faults import Faults, NoisyStream
from simulators.field_file import LineSetup
from simulators.mbap import MbapServer
from simulators.memory import MemoryStream, memory_pair
from simulators.modbus_unit import ModbusUnit
from simulators.named_field import CameraField, UpsField
from simulators.panels import SIMULATED_PANELS, SimulatedPanel
from simulators.units import SimulatedUnit, modbus_unit
from simulators.wire import PacedStream


class ModbusField:
    """The far side of a Modbus line."""

    def __init__(self, setup: LineSetup, dice: random.Random, *, strict: bool) -> None:
        self.setup = setup
        self.present = True
        self.units: dict[str, ModbusUnit] = {u.id: modbus_unit(u.profile, u.address) for u in setup.units}
        self.far: RtuBus | MbapServer
        if setup.kind == "modbus_tcp":
            self.far = MbapServer(self.units.values(), random=dice)
        else:
            self.far = RtuBus(
                self.units.values(), character_s=setup.character_s, random=dice, strict=strict, echo=setup.echo
            )

    @property
    def faults(self) -> Faults:
        """What goes wrong on this line."""
        return self.far.faults

    @property
    def reachable(self) -> bool:
        """Whether it can be opened; a Modbus TCP device without power takes no connection."""
        powered = any(unit.plugged for unit in self.units.values())
        return self.present and (powered or self.setup.kind != "modbus_tcp")

    async def run(self, stream: ByteStream) -> None:
        """Serve until the stream is gone."""
        await self.far.run(stream)


class PanelField:
    """The far side of a line with one fire panel."""

    def __init__(self, setup: LineSetup, dice: random.Random) -> None:
        self.setup = setup
        self.present = True
        self.faults = Faults()
        self.panel: SimulatedPanel = SIMULATED_PANELS[setup.units[0].profile.protocol]()
        self._dice = dice

    @property
    def reachable(self) -> bool:
        """Whether it can be opened: the port is there, with or without a panel behind it."""
        return self.present

    async def run(self, stream: ByteStream) -> None:
        """Serve until the stream is gone."""
        noisy = NoisyStream(stream, self.faults, self._dice)
        await self.panel.run(PacedStream(noisy, self.setup.character_s))


FieldLine = ModbusField | PanelField | UpsField | CameraField


class Field:
    """All lines of a gateway; points are called `unit.point`, as in its configuration.

    `utc_s` is the true time, by which cameras set their clocks; without one they tell none.
    """

    def __init__(self, lines: Iterable[LineSetup], random: random.Random, *, strict: bool = False) -> None:
        self.utc_s: Callable[[], float | None] = lambda: None
        self._dice, self._strict = random, strict
        self.lines: dict[str, FieldLine] = {setup.id: self._line(setup) for setup in lines}
        self._open: dict[str, MemoryStream] = {}
        self._serving: set[asyncio.Task[None]] = set()

    def _line(self, setup: LineSetup) -> FieldLine:
        if setup.kind == "cameras":
            return CameraField(setup, lambda: self.utc_s())
        if setup.kind != "serial":
            return ModbusField(setup, self._dice, strict=self._strict)
        is_ups = setup.units[0].profile.protocol == "megatec_q1"
        return UpsField(setup, self._dice) if is_ups else PanelField(setup, self._dice)

    def line(self, line: str) -> FieldLine:
        """One line; raises KeyError."""
        return self.lines[line]

    def unit(self, unit: str) -> SimulatedUnit:
        """One unit that is no fire panel; raises KeyError."""
        for line in self.lines.values():
            if not isinstance(line, PanelField) and unit in line.units:
                return line.units[unit]
        raise KeyError(f"no unit {unit!r} with points")

    def panel(self, unit: str) -> SimulatedPanel:
        """One fire panel; raises KeyError."""
        for line in self.lines.values():
            if isinstance(line, PanelField) and line.setup.units[0].id == unit:
                return line.panel
        raise KeyError(f"no fire panel {unit!r}")

    # --- what happens in the field ------------------------------------------------------------------

    def set(self, point: str, value: Value) -> None:
        """The point says `value` from now on."""
        unit, _, name = point.partition(".")
        self.unit(unit).set(name, value)

    def get(self, point: str) -> Value:
        """What the point says."""
        unit, _, name = point.partition(".")
        return self.unit(unit).get(name)

    def unplug(self, unit: str) -> None:
        """The device loses its power or its wire: it is silent."""
        self._powered(unit).plugged = False

    def plug(self, unit: str) -> None:
        """It is back."""
        self._powered(unit).plugged = True

    def late(self, unit: str, late_s: float) -> None:
        """Each of its replies comes so much later."""
        self.unit(unit).late_s = late_s

    def noise(self, line: str, rate: float) -> None:
        """This part of the frames on the line is spoiled; 0: none."""
        self.lines[line].faults.noise = rate

    def vanish(self, line: str) -> None:
        """The adapter is pulled out, or the network cable: open ports are gone, and none can be opened."""
        self.lines[line].present = False
        if (near := self._open.get(line)) is not None:
            near.vanish()

    def restore(self, line: str) -> None:
        """It is back, under the same stable name."""
        self.lines[line].present = True

    # --- the near end, in virtual time --------------------------------------------------------------

    async def open(self, endpoint: Endpoint) -> MemoryStream:
        """The near end of the line at this endpoint; raises LineError as a real port would."""
        name, reachable, serve = self._at(endpoint)
        if not reachable:
            if isinstance(endpoint, TcpEndpoint):
                await asyncio.sleep(endpoint.connect_timeout_s)
            raise LineError(f"{_called(endpoint)}: nothing there")
        if (taken := self._open.get(name)) is not None and not taken.closed and isinstance(endpoint, SerialPort):
            raise LineError(f"{_called(endpoint)}: in use by another program")
        near, far = memory_pair()
        self._open[name] = near
        task = asyncio.get_running_loop().create_task(_served(serve, far), name=f"field of {name}")
        self._serving.add(task)
        task.add_done_callback(self._served)
        return near

    def _served(self, task: asyncio.Task[Any]) -> None:
        self._serving.discard(task)
        if not task.cancelled():
            task.result()  # a simulated device that fails is a fault of the simulation: let it be seen

    def _at(self, endpoint: Endpoint) -> tuple[str, bool, Callable[[ByteStream], Awaitable[None]]]:
        """What is called so, whether it can be opened now, and what is behind it."""
        for name, line in self.lines.items():
            if isinstance(line, CameraField):
                if (found := line.far(endpoint)) is not None:
                    return found[0], line.there(found[0]), found[1]
            elif line.setup.endpoint is not None and _called(line.setup.endpoint) == _called(endpoint):
                return name, line.reachable, line.run
        raise LineError(f"{_called(endpoint)}: no such line in this field")

    def _powered(self, unit: str) -> SimulatedUnit | SimulatedPanel:
        try:
            return self.unit(unit)
        except KeyError:
            return self.panel(unit)


async def _served(serve: Callable[[ByteStream], Awaitable[None]], far: ByteStream) -> None:
    await serve(far)


def _called(endpoint: Endpoint) -> str:
    return endpoint.path if isinstance(endpoint, SerialPort) else f"{endpoint.host}:{endpoint.port}"
