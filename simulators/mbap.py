"""The far side of a Modbus TCP connection: a server with the units behind it."""

import asyncio
import contextlib
import random
from collections.abc import Iterable
from dataclasses import dataclass

from drivers.errors import LineError
from drivers.modbus.mbap import HEADER
from drivers.stream import ByteStream
from simulators.bus import BusUnit
from simulators.faults import Faults, hits

TAG_BYTES = 2


@dataclass(slots=True)
class _Connection:
    """One client's; a connection that hangs stays open and moves nothing more."""

    stream: ByteStream
    hangs: bool = False

    async def say(self, content: bytes) -> None:
        if not self.hangs:
            await self.stream.send(content)


class MbapServer:
    """A Modbus TCP server; a unit without power says nothing, one that is not there neither.

    TCP loses and flips no bits, so of the faults `truncated` makes the connection hang within a frame, `noise`
    has no effect, and `wrong_unit` answers under another transaction id.
    """

    def __init__(self, units: Iterable[BusUnit], *, random: random.Random) -> None:
        self.units = {unit.address: unit for unit in units}
        self.faults = Faults()
        self._dice = random

    async def run(self, stream: ByteStream) -> None:
        """Serve one connection until it is gone."""
        connection, heard = _Connection(stream), bytearray()
        async with asyncio.TaskGroup() as replies:
            with contextlib.suppress(LineError):
                while True:
                    heard += await stream.receive()
                    for frame in _frames(heard):
                        replies.create_task(self._serve(connection, frame))

    async def _serve(self, connection: _Connection, frame: bytes) -> None:
        unit = self.units.get(frame[HEADER - 1])
        if unit is None or not unit.plugged or (reply := unit.answer(frame[HEADER:])) is None:
            return
        await asyncio.sleep(unit.turnaround_s + unit.late_s + self.faults.delay_s(self._dice))
        if unit.plugged:
            with contextlib.suppress(LineError):
                await self._say(connection, self._framed(frame, reply))

    def _framed(self, request: bytes, reply: bytes) -> bytes:
        tag = int.from_bytes(request[:TAG_BYTES], "big")
        if hits(self.faults.wrong_unit, self._dice):
            tag ^= self._dice.randint(1, 0xFFFF)
        length = (len(reply) + 1).to_bytes(2, "big")
        return tag.to_bytes(TAG_BYTES, "big") + b"\0\0" + length + request[HEADER - 1 : HEADER] + reply

    async def _say(self, connection: _Connection, frame: bytes) -> None:
        if hits(self.faults.truncated, self._dice):
            await connection.say(frame[: self._dice.randrange(1, len(frame))])
            connection.hangs = True
        else:
            await connection.say(frame * (2 if hits(self.faults.duplicated, self._dice) else 1))


def _frames(heard: bytearray) -> list[bytes]:
    """Take whole frames from the front."""
    frames = []
    while len(heard) >= HEADER and len(heard) >= (size := 6 + int.from_bytes(heard[4:6], "big")):
        frames.append(bytes(heard[:size]))
        del heard[:size]
    return frames
