"""A Fu-An FS5101W: polls the gateway, wants its answer within 100 ms, and says nothing to one that is silent."""

import asyncio
from collections import deque

from drivers.counters import UnitCounters
from drivers.panels.cutter import Cutter
from drivers.panels.fuan_events import EVENT, HEAD, POLL, RESEND, RESET_ALL, START, measure, wrap
from drivers.panels.texts import to_quwei
from drivers.stream import ByteStream
from simulators.panels.panel import CLOCK, Board, Ear, at_the_wire, numbers

POLL_S = 1.0
ANSWER_S = 0.1
FAULT_AFTER = 3
SLAVE, BROADCAST = 1, 0
TEXT_BYTES = 20
DETECTOR = 1
STATES = {  # condition: function attribute, state when it begins, when it ends
    "fire": (0xC3, 0x05, 0x00),
    "prealarm": (0xC3, 0x41, 0x00),
    "fault": (0xC2, 0x42, 0x00),
    "activated": (0xC1, 0x2C, 0x2D),
    "disabled": (0xC5, 0x28, 0x29),
}


class FuanPanelBoard:
    """Broadcasts are sent once each, and all that is there again when the answer asks so or the link returns."""

    def __init__(self) -> None:
        self.plugged = True
        self.board = Board(STATES)
        self.unanswered = 0
        self.slowest_s = 0.0
        self._news: deque[bytes] = deque()
        self._hurry = asyncio.Event()

    @property
    def communication_fault(self) -> bool:
        """The panel shows that nobody answers, and sends no events."""
        return self.unanswered >= FAULT_AFTER

    async def run(self, stream: ByteStream) -> None:
        """Be the master of this wire."""
        ear = Ear(Cutter(START, measure, UnitCounters()))
        await at_the_wire(ear.listen(stream), self._rule(stream, ear))

    def say(self, address: str, condition: str, active: bool = True, text: str = "") -> None:
        """One event."""
        if self.board.put(address, condition, active, text):
            self._tell(_event(address, condition, active, text))

    def reset(self) -> None:
        """A reset broadcast."""
        self.board.reset()
        self._tell(wrap(BROADCAST, bytes((RESET_ALL,))))

    def _tell(self, frame: bytes) -> None:
        if self.plugged and not self.communication_fault:
            self._news.append(frame)
            self._hurry.set()

    async def _rule(self, stream: ByteStream, ear: Ear) -> None:
        while True:
            if self.plugged:
                while self._news:
                    await stream.send(self._news.popleft())
                await self._poll(stream, ear)
            try:
                async with asyncio.timeout(POLL_S):
                    await self._hurry.wait()
                    self._hurry.clear()
            except TimeoutError:
                continue

    async def _poll(self, stream: ByteStream, ear: Ear) -> None:
        ear.forget()
        await stream.send(wrap(SLAVE, bytes((POLL,))))
        asked_s = asyncio.get_running_loop().time()
        if (frame := await ear.frame(ANSWER_S)) is None:
            self.unanswered += 1
            return
        self.slowest_s = max(self.slowest_s, asyncio.get_running_loop().time() - asked_s)
        if self.communication_fault or frame[HEAD + 1] == RESEND:
            self.unanswered = 0
            for (address, condition), text in self.board.lit.items():
                self._tell(_event(address, condition, True, text))
        self.unanswered = 0


def _event(address: str, condition: str, active: bool, text: str) -> bytes:
    attribute, begins, ends = STATES[condition]
    panel, loop, point = numbers(address)
    state = begins if active else ends
    content = (EVENT, attribute, DETECTOR, state, 1, panel, *CLOCK, loop, point, 1, 0, 0, 0, 0, 0)
    return wrap(BROADCAST, bytes(content) + (to_quwei(text, TEXT_BYTES) if text else b""))
