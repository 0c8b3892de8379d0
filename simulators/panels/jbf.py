"""A JBF-193K card in a Jade Bird panel: pushes by itself, answers while it hears polls."""

import asyncio
from collections import deque

from drivers.counters import UnitCounters
from drivers.panels.cutter import Cutter
from drivers.panels.jbf_events import POLL, START, measure, pack, summed
from drivers.stream import ByteStream
from simulators.panels.panel import CLOCK, Board, at_the_wire, numbers

IDLE_ANSWER = bytes((0x09, 2, 3, 0, 0, 0, 0, 0, 0, 0, 0))  # firmware 2.3
RESET = 0x01
SMOKE = 3
CODES = {
    "fire": (0x80, 0x00),
    "fault": (0x81, 0x82),
    "activated": (0x85, 0x86),
    "disabled": (0x98, 0x97),
    "supervisory": (0x8C, 0x8D),
    "test": (0x8B, 0x00),
}


class JbfCard:
    """From v2.1 on a card is polled after power-up and pushes again `push_after_s` after the last poll."""

    def __init__(self, push_after_s: float = 3.0, turnaround_s: float = 0.02) -> None:
        self.plugged = True
        self.push_after_s = push_after_s
        self.board = Board(CODES)
        self._turnaround_s = turnaround_s
        self._events: deque[bytes] = deque()
        self._news = asyncio.Event()
        self._polled_s = -1e9

    async def run(self, stream: ByteStream) -> None:
        """Answer polls, push when there are none."""
        sending = asyncio.Lock()
        await at_the_wire(self._answer(stream, sending), self._push(stream, sending))

    def say(self, address: str, condition: str, active: bool = True, text: str = "") -> None:
        """One event; this protocol carries no text."""
        told = self.board.put(address, condition, active, text)
        code = CODES[condition][0 if active else 1]
        if not told or not code:
            return
        panel, loop, point = numbers(address)
        self._queue(bytes((code, panel, loop, point - (condition == "test"), SMOKE, *CLOCK)))

    def reset(self) -> None:
        """A reset event."""
        self.board.reset()
        self._queue(bytes((RESET, 1, 0, 0, 0, *CLOCK)))

    def _queue(self, content: bytes) -> None:
        if self.plugged:
            self._events.append(pack(summed(content)))
            self._news.set()

    async def _answer(self, stream: ByteStream, sending: asyncio.Lock) -> None:
        cutter = Cutter(START, measure, UnitCounters())
        while True:
            polls = cutter.feed(await stream.receive()).count(POLL)
            for _ in range(polls if self.plugged else 0):
                self._polled_s = _now()
                await asyncio.sleep(self._turnaround_s)
                async with sending:
                    await stream.send(self._events.popleft() if self._events else pack(summed(IDLE_ANSWER)))

    async def _push(self, stream: ByteStream, sending: asyncio.Lock) -> None:
        """What is pushed while nobody listens is lost: a card knows no acknowledgement."""
        while True:
            await self._news.wait()
            if (wait_s := self._polled_s + self.push_after_s - _now()) > 0:
                await asyncio.sleep(wait_s)
                continue
            self._news.clear()
            while self._events and self.plugged:
                async with sending:
                    await stream.send(self._events.popleft())


def _now() -> float:
    return asyncio.get_running_loop().time()
