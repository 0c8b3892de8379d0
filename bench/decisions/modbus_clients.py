"""The two clients that are compared, behind one face, and what is counted of what they say."""

import time
from dataclasses import dataclass, field

from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient
from pymodbus.exceptions import ModbusException

from bench.decisions.faulty_unit import FaultyUnit
from drivers.errors import FieldError
from drivers.modbus.line import ModbusLine
from drivers.modbus.mbap import MbapFraming
from drivers.modbus.pdu import read_request, registers, write_register
from drivers.modbus.rtu import RtuFraming
from drivers.open import open_stream
from drivers.stream import SerialPort, TcpEndpoint

TIMEOUT_S = 0.3
BAUD = 115200


class Refusal(Exception):
    """The client says that it has no value."""


class Line:
    """Our line."""

    name = "our line"

    def __init__(self, far: FaultyUnit) -> None:
        serial = SerialPort(far.place, BAUD)
        endpoint = serial if far.medium == "serial" else TcpEndpoint("127.0.0.1", far.port)
        framing = RtuFraming() if far.medium == "serial" else MbapFraming()
        character_s = serial.character_s if far.medium == "serial" else 0.0
        self._line = ModbusLine(lambda: open_stream(endpoint), framing, character_s=character_s, name="line")

    async def open(self) -> None:
        """It opens when it is asked."""

    async def read(self, address: int, count: int = 1, unit: int = 1) -> list[int]:
        return registers(await self._ask(unit, read_request("holding", address, count)))

    async def write(self, address: int, value: int) -> None:
        await self._ask(1, write_register(address, value))

    async def _ask(self, unit: int, pdu: bytes) -> bytes:
        try:
            return await self._line.exchange(unit, pdu, timeout_s=TIMEOUT_S, guard_s=TIMEOUT_S)
        except FieldError as error:
            raise Refusal(str(error)) from error

    async def close(self) -> None:
        await self._line.aclose()


class Raw:
    """pymodbus's client as its documentation shows it; `retries` is its default where a case is about that."""

    name = "pymodbus client"

    def __init__(self, far: FaultyUnit, retries: int = 0) -> None:
        self._client: AsyncModbusSerialClient | AsyncModbusTcpClient
        if far.medium == "serial":
            self._client = AsyncModbusSerialClient(far.place, baudrate=BAUD, timeout=TIMEOUT_S, retries=retries)
        else:
            self._client = AsyncModbusTcpClient("127.0.0.1", port=far.port, timeout=TIMEOUT_S, retries=retries)

    async def open(self) -> None:
        await self._client.connect()

    async def read(self, address: int, count: int = 1, unit: int = 1) -> list[int]:
        try:
            reply = await self._client.read_holding_registers(address, count=count, device_id=unit)
        except ModbusException as error:
            raise Refusal(str(error)) from error
        if reply.isError():
            raise Refusal(str(reply))
        return list(reply.registers)

    async def write(self, address: int, value: int) -> None:
        try:
            await self._client.write_register(address, value, device_id=1)
        except ModbusException as error:
            raise Refusal(str(error)) from error

    async def close(self) -> None:
        self._client.close()


Client = Line | Raw
SUBJECTS: tuple[type[Raw] | type[Line], ...] = (Raw, Line)


@dataclass(slots=True)
class Tally:
    """What a client said of registers whose values are known."""

    right: int = 0
    refused: int = 0
    wrong: str = ""
    took_ms: list[float] = field(default_factory=list)

    async def read(self, client: Client, address: int, count: int = 1, unit: int = 1) -> None:
        """Read and compare."""
        started_s = time.perf_counter()
        want = [1000 + address + n for n in range(count)]
        try:
            got = await client.read(address, count, unit)
        except Refusal:
            self.refused += 1
        else:
            self.right += got == want
            self.wrong = self.wrong or (f"**{got} for {want}**" if got != want else "")
        self.took_ms.append(1000 * (time.perf_counter() - started_s))

    def __str__(self) -> str:
        return self.wrong or f"{self.right} right, {self.refused} refused"
