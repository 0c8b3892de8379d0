"""Modbus servers that others have written, all with the same known values, on every kind of line."""

import asyncio
import contextlib
import os
import tempfile
from pathlib import Path
from random import Random
from typing import Literal, Protocol

from pymodbus.framer import FramerType
from pymodbus.pdu import ModbusPDU
from pymodbus.pdu.device import ModbusDeviceIdentification
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from drivers.modbus.framing import Framing
from drivers.modbus.line import ModbusLine
from drivers.modbus.mbap import MbapFraming
from drivers.modbus.rtu import RtuFraming
from drivers.open import open_stream
from drivers.stream import Endpoint, SerialPort, TcpEndpoint
from tests.others.serial_bus import SerialBus
from tests.waiting import ended, until, unused_port

Medium = Literal["tcp", "rtu", "rtu_over_tcp"]

BAUD = 115200
BITS, REGISTERS = 2048, 512
WRITES = (5, 6, 15, 16)


class Far(Protocol):
    """A server on a medium; `endpoint` is where our line finds it, `writes` the write functions it was asked."""

    medium: Medium
    endpoint: Endpoint
    writes: list[int]

    async def start(self) -> None:
        """Serve; after `stop` this is a new server at the same endpoint, with the first values."""

    async def stop(self) -> None:
        """Die."""

    async def set_input(self, address: int, value: bool) -> None:
        """Set a discrete input."""

    async def unplug(self) -> None:
        """The serial adapter is pulled out."""

    async def plug(self) -> None:
        """It is plugged in again, and serves."""

    async def aclose(self) -> None:
        """Stop, and take the medium away."""


def line_to(far: Far) -> ModbusLine:
    """Our line to that server."""
    framing: Framing = MbapFraming() if far.medium == "tcp" else RtuFraming()
    character_s = far.endpoint.character_s if isinstance(far.endpoint, SerialPort) else 0.0
    return ModbusLine(lambda: open_stream(far.endpoint), framing, character_s=character_s, name=far.medium)


class _Medium:
    """The wire between our line and a server: `endpoint` is our end, `served` the server's.

    A serial one has a stable name, as udev would give it, and can be pulled out and plugged in again.
    """

    def __init__(self, medium: Medium, chop: Random | None = None) -> None:
        self._chop = chop
        self._place = tempfile.TemporaryDirectory()
        self._bus: SerialBus | None = None
        self.endpoint: Endpoint = TcpEndpoint("127.0.0.1", unused_port())
        self.served = ""
        if medium == "rtu":
            self._link = Path(self._place.name, "rs485-1")
            self.endpoint = SerialPort(str(self._link), BAUD)
            self.plug()

    def plug(self) -> None:
        """Appear under the stable name."""
        taken = os.openpty()  # so that the kernel's own name is another one than before
        self._bus = SerialBus(chop=self._chop)
        for fd in taken:
            os.close(fd)
        self._link.symlink_to(self._bus.names[0])
        self.served = self._bus.names[1]

    def unplug(self) -> None:
        """Vanish, and the name with it."""
        assert self._bus is not None
        self._bus.close()
        self._bus = None
        self._link.unlink()

    def close(self) -> None:
        if self._bus is not None:
            self.unplug()
        self._place.cleanup()


class PymodbusFar:
    """A pymodbus server with units 1 and 2; the registers of unit 2 are 10000 higher.

    It answers "device failure" in the name of every other unit, on a bus too.
    """

    def __init__(self, medium: Medium, chop: Random | None = None) -> None:
        self.medium = medium
        self._wire = _Medium(medium, chop)
        self.endpoint = self._wire.endpoint
        self.writes: list[int] = []
        self._server: ModbusTcpServer | ModbusSerialServer | None = None

    async def start(self) -> None:
        """Serve."""
        units = [_unit(1, 0), _unit(2, 10_000)]
        maker = ModbusDeviceIdentification(info_name={"VendorName": "他人", "ProductCode": "X1"})  # type: ignore[no-untyped-call]
        if isinstance(self.endpoint, TcpEndpoint):
            self._server = ModbusTcpServer(
                units,
                framer=FramerType.SOCKET if self.medium == "tcp" else FramerType.RTU,
                address=(self.endpoint.host, self.endpoint.port),
                trace_pdu=self._count,
                identity=maker,
            )
        else:
            self._server = ModbusSerialServer(
                units,
                port=self._wire.served,
                baudrate=BAUD,
                trace_pdu=self._count,
                identity=maker,
            )
        await self._server.serve_forever(background=True)

    def _count(self, sending: bool, pdu: ModbusPDU) -> ModbusPDU:
        if not sending and pdu.function_code in WRITES:
            self.writes.append(pdu.function_code)
        return pdu

    async def stop(self) -> None:
        """Close everything."""
        if self._server is not None:
            await self._server.shutdown()  # type: ignore[no-untyped-call]
            self._server = None

    async def set_input(self, address: int, value: bool) -> None:
        """Set a discrete input of unit 1."""
        assert self._server is not None
        await self._server.async_setValues(1, 2, address, [value])

    async def unplug(self) -> None:
        """The serial adapter is pulled out."""
        await self.stop()
        self._wire.unplug()

    async def plug(self) -> None:
        """It is plugged in again, and serves."""
        self._wire.plug()
        await self.start()

    async def aclose(self) -> None:
        """Stop, and take the medium away."""
        await self.stop()
        self._wire.close()


def _unit(address: int, above: int) -> SimDevice:
    def bits(every: int) -> list[SimData]:
        return [SimData(0, values=[i % every == 0 for i in range(BITS)], datatype=DataType.BITS)]

    def words(first: int) -> list[SimData]:
        return [SimData(0, values=[first + i for i in range(REGISTERS)], datatype=DataType.REGISTERS)]

    return SimDevice(address, simdata=(bits(3), bits(5), words(1000 + above), words(2000 + above)))


class LibmodbusFar:
    """A process that is nothing but libmodbus (libmodbus_server.c), unit 1; behind socat where it is RTU over TCP.

    On TCP it answers for any unit. On a bus it takes what comes after a request to another unit for that unit's
    answer: when the other is dead, requests to itself are lost until the line was silent for half a second.
    """

    def __init__(self, medium: Medium, program: Path) -> None:
        self.medium = medium
        self._program = program
        self._wire = _Medium(medium)
        self._bridge = SerialBus() if medium == "rtu_over_tcp" else None
        self.endpoint = self._wire.endpoint
        self.writes: list[int] = []
        self._processes: list[asyncio.subprocess.Process] = []
        self._listening: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Serve."""
        if self._bridge:
            await self._start_socat(self._bridge.names[0])
        port = self._bridge.names[1] if self._bridge else self._wire.served
        tcp = self.endpoint.port if isinstance(self.endpoint, TcpEndpoint) else 0
        words = ["tcp", str(tcp)] if self.medium == "tcp" else ["rtu", port, str(BAUD), "1"]
        pipe = asyncio.subprocess.PIPE
        server = await asyncio.create_subprocess_exec(self._program, *words, stdin=pipe, stdout=pipe)
        self._processes.insert(0, server)
        assert server.stdout is not None
        assert await server.stdout.readline() == b"ready\n"
        self._listening = asyncio.create_task(self._listen(server.stdout))

    async def _start_socat(self, port: str) -> None:
        assert isinstance(self.endpoint, TcpEndpoint)
        listen = f"TCP-LISTEN:{self.endpoint.port},bind=127.0.0.1,reuseaddr"
        self._processes.append(await asyncio.create_subprocess_exec("socat", listen, f"OPEN:{port},raw,echo=0"))

        listening = (
            f"0100007F:{self.endpoint.port:04X} 00000000:0000 0A"  # asking it would take its one connection
        )
        await until(lambda: listening in Path("/proc/net/tcp").read_text(), "socat to listen")

    async def _listen(self, said: asyncio.StreamReader) -> None:
        while line := await said.readline():
            self.writes.append(int(line.split()[1]))

    async def stop(self) -> None:
        """Be killed."""
        for process in self._processes:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await ended(process)
        self._processes = []
        if self._listening is not None:
            await self._listening
            self._listening = None

    async def set_input(self, address: int, value: bool) -> None:
        """Set a discrete input."""
        channel = self._processes[0].stdin
        assert channel is not None
        channel.write(f"di {address} {value:d}\n".encode())
        await channel.drain()

    async def unplug(self) -> None:
        """The serial adapter is pulled out."""
        await self.stop()
        self._wire.unplug()

    async def plug(self) -> None:
        """It is plugged in again, and serves."""
        self._wire.plug()
        await self.start()

    async def aclose(self) -> None:
        """Stop, and take the medium away."""
        await self.stop()
        self._wire.close()
        if self._bridge:
            self._bridge.close()
