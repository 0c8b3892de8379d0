"""A line to a far side in memory and in virtual time, for the tests of what it does there."""

import asyncio
from collections.abc import Awaitable, Callable

from drivers.modbus.framing import Frame, Framing
from drivers.modbus.line import ModbusLine
from drivers.modbus.mbap import MbapFraming
from drivers.modbus.pdu import read_request, registers
from drivers.modbus.rtu import RtuFraming
from simulators.clock import run_virtual
from tests.drivers.twin import Site, Wire

CHARACTER_S = 10 / 9600
READ = read_request("holding", 0, 1)
Far = Callable[[Wire, bytes], None]


def value(number: int) -> bytes:
    return b"\x03\x02" + number.to_bytes(2, "big")


def answers(*replies: tuple[float, bytes]) -> Far:
    """The n-th request is answered by the n-th (delay, bytes), the last one for ever."""
    left = list(replies)

    def respond(wire: Wire, request: bytes) -> None:
        delay_s, content = left.pop(0) if len(left) > 1 else left[0]
        if content:
            wire.later(len(request) * CHARACTER_S + delay_s, content)

    return respond


class Case:
    """A line to a far side, in virtual time."""

    def __init__(self, far: Far, framing: Framing | None = None, **options: float | bool) -> None:
        self.site = Site(far)
        self.frames: list[Frame] = []
        self.line = ModbusLine(
            self.site.open,
            framing or RtuFraming(),
            character_s=0.0 if isinstance(framing, MbapFraming) else CHARACTER_S,
            name="bus",
            trace=self.frames.append,
            **options,  # type: ignore[arg-type]
        )

    async def ask(self, unit: int = 1, pdu: bytes = READ, guard_s: float = 0.3) -> int | bytes:
        reply = await self.line.exchange(unit, pdu, timeout_s=0.3, guard_s=guard_s)
        return registers(reply)[0] if reply[0] == 3 else reply


def play(case: Case, script: Callable[[Case], Awaitable[None]]) -> None:
    async def whole() -> None:
        await script(case)
        await case.line.aclose()

    run_virtual(whole())


def now_s() -> float:
    return asyncio.get_running_loop().time()
