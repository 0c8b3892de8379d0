"""A Songjiang JB-3208: polls the gateway, wants an answer within 500 ms, repeats what nobody acknowledged."""

import asyncio

from drivers.counters import UnitCounters
from drivers.panels.cutter import Cutter
from drivers.panels.songjiang_lists import CONDITIONS, NOTHING, RESTARTED, START, Letter, letter_of, measure, wrap
from drivers.panels.texts import to_quwei
from drivers.stream import ByteStream
from simulators.panels.panel import CLOCK, Board, Ear, at_the_wire, numbers

POLL_S = 1.0
ANSWER_S = 0.5
FAULT_AFTER = 3  # polls without an answer, then the panel calls a communication fault
TEXT_BYTES = 20
KINDS = {"fire": (110, 5, 1), "fault": (111, 0, 8), "activated": (113, 20, 2), "supervisory": (114, 13, 2)}
KINDS |= {"disabled": (115, 0, 3)}  # condition: list, device type, state


class SongjiangCrt:
    """The panel is the master: one exchange each second, its own news before the poll."""

    def __init__(self) -> None:
        self.plugged = True
        self.board = Board(KINDS)
        self.unanswered = 0
        self.slowest_s = 0.0
        self._news: list[tuple[int, bytes]] = []
        self._hurry = asyncio.Event()

    @property
    def communication_fault(self) -> bool:
        """The panel shows that its CRT does not answer."""
        return self.unanswered >= FAULT_AFTER

    @property
    def unacknowledged(self) -> int:
        """News that the gateway has not confirmed yet."""
        return len(self._news)

    async def run(self, stream: ByteStream) -> None:
        """Be the master of this wire."""
        ear = Ear(Cutter(START, measure, UnitCounters()))
        await at_the_wire(ear.listen(stream), self._rule(stream, ear))

    def say(self, address: str, condition: str, active: bool = True, text: str = "") -> None:
        """What begins is sent as a list of one; what ends is only missing from the next list asked for."""
        told = self.board.put(address, condition, active, text)
        if told and active and self.plugged:
            self._tell(KINDS[condition][0], _list([_entry(address, condition, text)]))

    def reset(self) -> None:
        """Code 0, as after a restart."""
        self.board.reset()
        if self.plugged:
            self._tell(RESTARTED, b"\0")

    def _tell(self, code: int, body: bytes) -> None:
        self._news.append((code, body))
        self._hurry.set()

    async def _rule(self, stream: ByteStream, ear: Ear) -> None:
        while True:
            if self.plugged:
                await self._exchange(stream, ear)
            try:
                async with asyncio.timeout(POLL_S):
                    await self._hurry.wait()
                    self._hurry.clear()
            except TimeoutError:
                continue

    async def _exchange(self, stream: ByteStream, ear: Ear) -> None:
        """The oldest news until they are acknowledged, else a poll and what the answer asks for."""
        code, body = self._news[0] if self._news else (NOTHING, bytes((NOTHING,)))
        ear.forget()
        await stream.send(wrap(1, code, body))
        answer = await self._answer(ear)
        if answer is None:
            return
        if code != NOTHING and answer.code == NOTHING:
            del self._news[0]
        if self._news:
            self._hurry.set()
        if answer.code in CONDITIONS:
            await stream.send(wrap(1, answer.code, self._whole(answer.code)))

    async def _answer(self, ear: Ear) -> Letter | None:
        asked_s = asyncio.get_running_loop().time()
        if (frame := await ear.frame(ANSWER_S)) is None:
            self.unanswered += 1
            return None
        self.unanswered = 0
        self.slowest_s = max(self.slowest_s, asyncio.get_running_loop().time() - asked_s)
        return letter_of(frame)

    def _whole(self, code: int) -> bytes:
        lit = self.board.lit.items()
        return _list([_entry(a, condition, text) for (a, condition), text in lit if KINDS[condition][0] == code])


def _list(entries: list[bytes]) -> bytes:
    return len(entries).to_bytes(2, "little") + b"".join(entries)


def _entry(address: str, condition: str, text: str) -> bytes:
    _, kind, state = KINDS[condition]
    clock = (number // 10 << 4 | number % 10 for number in CLOCK[:5])
    return bytes((*numbers(address), 10, 0, kind, state, *clock)) + to_quwei(text, TEXT_BYTES)
