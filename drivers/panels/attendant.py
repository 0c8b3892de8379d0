"""Stays at a panel's wire: answers it in time, keeps what it says until that is fetched, knows when it is silent.

A panel that polls us wants its answer within 100 to 500 ms, and a disk may take longer. So the wire is read by a
task of its own. What it keeps is not acknowledged yet: the panel still owns it.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from drivers.counters import UnitCounters
from drivers.errors import BadFrame, LineError, NoResponse
from drivers.panels.cutter import noise_of
from drivers.stream import ByteStream, OpenStream

ROOM = 64  # messages kept; when full the wire is not read, and the panel sees that nobody answers
PAUSE_S = 0.2  # within a frame: USB adapters deliver 16 ms apart, radio links somewhat more
SEND_S = 2.0  # nothing that we say to a panel takes a tenth of that; a wire that takes nothing more is gone
ATTENDED_S = 10.0  # unless somebody fetches, we do not pretend to the panel that all is well

Frame = TypeVar("Frame")
Item = TypeVar("Item")


class Parser(Protocol[Frame]):
    """Bytes in, frames out; `pause` says that the line fell silent inside a frame."""

    @property
    def pending(self) -> bool:
        """Something has begun that is not complete."""

    def feed(self, chunk: bytes) -> list[Frame]:
        """The frames that are complete with these bytes."""

    def pause(self) -> list[Frame]:
        """What can be made of the rest, since nothing follows for now."""


@dataclass(frozen=True, slots=True)
class Take(Generic[Item]):
    """What to do with a frame: keep an item for whoever fetches, send an answer at once; was it a sign of life?"""

    keep: Item | None = None
    send: bytes = b""
    heard: bool = True


class Attendant(Generic[Frame, Item]):
    """One panel's open wire; it is opened when first needed, and again after it was lost."""

    def __init__(
        self,
        open_stream: OpenStream,
        parser: Parser[Frame],
        take: Callable[[Frame], Take[Item]],
        counters: UnitCounters,
        *,
        pause_s: float = PAUSE_S,
    ) -> None:
        self.heard_s = 0.0
        self._open_stream = open_stream
        self._parser = parser
        self._take = take
        self._counters = counters
        self._pause_s = pause_s
        self._kept: deque[Item] = deque()
        self._news = asyncio.Event()
        self._room = asyncio.Event()
        self._sending = asyncio.Lock()
        self._stream: ByteStream | None = None
        self._reader: asyncio.Task[None] | None = None
        self._attended_s = 0.0
        self._alive = True
        self._noise = 0

    @property
    def waiting(self) -> tuple[Item, ...]:
        """What nobody has fetched yet, the oldest first."""
        return tuple(self._kept)

    async def next(self, until_s: float) -> Item | None:
        """The oldest item, None when there is none by then; raises LineError when the wire is gone."""
        _, reader = await self._open()
        self._attended_s = _now()
        while not self._kept:
            if reader.done():
                await self.aclose()
                reader.result()
            self._news.clear()
            try:
                async with asyncio.timeout_at(until_s):
                    await self._news.wait()
            except TimeoutError:
                break
        self._room.set()
        return self._kept.popleft() if self._kept else None

    async def send(self, content: bytes) -> None:
        """Say something of our own accord; raises LineError."""
        stream, _ = await self._open()
        try:
            await self._send(stream, content)
        except LineError:
            await self.aclose()
            raise

    def check_alive(self, allowed_s: float) -> None:
        """Raise NoResponse when the panel has been silent for longer; once lost, it has to be heard first.

        Raises BadFrame when there is something on the wire, but no message in it.
        """
        silent_s = _now() - self.heard_s
        if self._alive and silent_s <= allowed_s:
            return
        self._alive = False
        if noise_of(self._counters) > self._noise:
            raise BadFrame("bytes come, but no message: are baud rate, parity and wiring right?")
        self._counters.timeouts += 1
        raise NoResponse(f"nothing heard from the panel for {silent_s:.0f} s")

    async def aclose(self) -> None:
        """Close the wire; what was kept stays."""
        stream, reader = self._stream, self._reader
        self._stream = self._reader = None
        self._alive = False
        if reader is not None and not reader.done():
            reader.cancel()
            await asyncio.wait([reader])
        if stream is not None:
            await stream.aclose()

    async def _open(self) -> tuple[ByteStream, asyncio.Task[None]]:
        if self._stream is None or self._reader is None:
            self._stream = await self._open_stream()
            self.heard_s = self._attended_s = _now()
            self._reader = asyncio.get_running_loop().create_task(self._read(self._stream), name="panel wire")
            self._reader.add_done_callback(self._ended)
        return self._stream, self._reader

    async def _read(self, stream: ByteStream) -> None:
        try:
            while True:
                await self._treat(stream, await self._frames(stream))
        finally:
            for frame in self._parser.pause():  # what came whole before the break counts
                self._keep(self._take(frame))

    def _ended(self, reader: asyncio.Task[None]) -> None:
        """Whoever waits learns it; a failure that nobody asks for is no failure of anybody."""
        if not reader.cancelled():
            reader.exception()
        self._news.set()

    async def _frames(self, stream: ByteStream) -> list[Frame]:
        """What the next bytes complete, or what a pause in the middle of a message makes of it."""
        heard = await stream.receive(_now() + self._pause_s if self._parser.pending else None)
        return self._parser.feed(heard) if heard else self._parser.pause()

    async def _treat(self, stream: ByteStream, frames: list[Frame]) -> None:
        for frame in frames:
            take = self._take(frame)
            if take.send and _now() - self._attended_s <= ATTENDED_S:
                await self._send(stream, take.send)
            self._keep(take)
        while len(self._kept) >= ROOM:
            self._room.clear()
            await self._room.wait()

    def _keep(self, take: Take[Item]) -> None:
        """Note a sign of life, and keep what is to be stored; a repetition of the last item is the same item."""
        if take.heard:
            self.heard_s = self._counters.last_reply_s = _now()
            self._counters.replies += 1
            self._noise = noise_of(self._counters)
            self._alive = True
        if take.keep is not None and (not self._kept or self._kept[-1] != take.keep):
            self._kept.append(take.keep)
            self._news.set()

    async def _send(self, stream: ByteStream, content: bytes) -> None:
        try:
            async with asyncio.timeout(SEND_S), self._sending:
                self._counters.exchanges += 1
                await stream.send(content)
        except TimeoutError:
            raise LineError(f"the wire took nothing for {SEND_S:g} s") from None


def _now() -> float:
    return asyncio.get_running_loop().time()
