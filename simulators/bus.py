"""The far side of an RTU line: several units on one pair of wires, with turnaround, silence and faults."""

import asyncio
import contextlib
import random
from collections.abc import Iterable
from typing import Protocol

from drivers.errors import LineError
from drivers.modbus.rtu import CRC_BYTES, sound, t35_s, wrap
from drivers.stream import ByteStream
from simulators.faults import Faults, flipped, hits
from simulators.wire import PacedStream

BROADCAST = 0
PATIENCE_S = 0.1  # the rest of a request comes within this; on a real pty no shorter silence can be trusted
SLACK = 0.9  # of t3.5: clocks and timers of the near side may be off by so much


class BusUnit(Protocol):
    """What a bus asks of the units on it."""

    address: int
    turnaround_s: float
    late_s: float
    plugged: bool

    def answer(self, pdu: bytes) -> bytes | None:
        """The reply PDU to a request PDU; None: says nothing."""


class RtuBus:
    """RTU units on one medium; `violations` counts requests that broke the silence between frames.

    A `strict` bus does not answer those. Two that talk at once spoil each other. Replies go to whoever
    listens when they are due, also when the port was opened anew meanwhile. With `character_s` 0 it is RTU
    over TCP, where frames have no silence between them. `echo`: the adapter gives back what it sends.
    """

    def __init__(
        self,
        units: Iterable[BusUnit],
        *,
        character_s: float,
        random: random.Random,
        strict: bool = False,
        echo: bool = False,
    ) -> None:
        self.units = {unit.address: unit for unit in units}
        self.faults = Faults()
        self.violations = 0
        self.collisions = 0
        self._character_s = character_s
        self._dice = random
        self._strict = strict
        self._echo = echo
        self._gap_s = t35_s(character_s) * SLACK
        self._wire: PacedStream | None = None
        self._heard = bytearray()
        self._quiet_since_s = float("-inf")

    async def run(self, stream: ByteStream) -> None:
        """Serve until the stream is gone; the wire time is added here, so hand in the bare stream."""
        wire = self._wire = PacedStream(stream, self._character_s)
        self._heard.clear()
        async with asyncio.TaskGroup() as replies:
            with contextlib.suppress(LineError):
                while True:
                    chunk = await wire.receive()
                    if self._echo:
                        await stream.send(chunk)
                    for unit, frame in self._hear(wire.began_s, chunk):
                        replies.create_task(self._reply(unit, frame))

    def _hear(self, began_s: float, chunk: bytes) -> list[tuple[BusUnit, bytes]]:
        """Note what was on the wire; returns the replies it leads to."""
        if began_s - self._quiet_since_s > PATIENCE_S:
            self._heard.clear()
        fresh = not self._heard
        rushed = fresh and began_s - self._quiet_since_s < self._gap_s
        self.violations += rushed
        collided = began_s < self._quiet_since_s
        self.collisions += collided
        self._quiet_since_s = max(self._quiet_since_s, began_s + len(chunk) * self._character_s)
        if collided or (rushed and self._strict):
            return []
        self._heard += flipped(chunk, self._dice) if hits(self.faults.noise, self._dice) else chunk
        return self._answers()

    def _answers(self) -> list[tuple[BusUnit, bytes]]:
        answers = []
        while 0 < (size := request_size(self._heard)) <= len(self._heard):
            frame = bytes(self._heard[:size])
            del self._heard[:size]
            if not sound(frame):
                self._heard.clear()  # a unit waits for silence then
            elif (answer := self._ask(frame[0], frame[1:-CRC_BYTES])) is not None:
                answers.append(answer)
        return answers

    def _ask(self, address: int, pdu: bytes) -> tuple[BusUnit, bytes] | None:
        if address == BROADCAST:
            for each in self.units.values():
                if each.plugged:
                    each.answer(pdu)
            return None
        unit = self.units.get(address)
        if unit is None or not unit.plugged or (reply := unit.answer(pdu)) is None:
            return None
        return unit, wrap(self._sender(unit), reply)

    def _sender(self, unit: BusUnit) -> int:
        """A late reply keeps its address: under another's it would be that one's reply, and nobody could tell."""
        wrong = hits(self.faults.wrong_unit, self._dice) and not unit.late_s
        return unit.address % 247 + 1 if wrong else unit.address

    async def _reply(self, unit: BusUnit, frame: bytes) -> None:
        await asyncio.sleep(unit.turnaround_s + unit.late_s + self.faults.delay_s(self._dice))
        if unit.plugged:
            await self._say(self.faults.spoiled(frame, self._dice))

    async def _say(self, frame: bytes) -> None:
        assert self._wire is not None
        now_s = asyncio.get_running_loop().time()
        if now_s < max(self._quiet_since_s, self._wire.ends_s):
            self.collisions += 1
            frame = self._dice.randbytes(len(frame))
        self._quiet_since_s = max(self._quiet_since_s, now_s + len(frame) * self._character_s)
        with contextlib.suppress(LineError):
            await self._wire.send(frame)


def request_size(heard: bytes | bytearray) -> int:
    """How long the request frame is that begins so; 0: more bytes must come to tell."""
    if len(heard) < 2:
        return 0
    function = heard[1]
    if function in (15, 16):
        return 9 + heard[6] if len(heard) > 6 else 0
    if function == 23:
        return 13 + heard[10] if len(heard) > 10 else 0
    if function in (7, 17):
        return 4
    return 7 if function == 43 else 8
