"""Bytes that have come from a wire and were not taken yet, and the news that no more will come."""

import asyncio

from drivers.errors import LineError

ROOM_BYTES = 65536


class Inbox:
    """One writer (the event loop's callbacks), one reader; a reader that is cancelled loses nothing."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._why = ""
        self._waiter: asyncio.Future[bool] | None = None

    @property
    def full(self) -> bool:
        """Nobody takes what comes: the writer should pause."""
        return len(self._bytes) >= ROOM_BYTES

    def put(self, chunk: bytes) -> None:
        """Add bytes and wake the reader."""
        self._bytes += chunk
        self._wake()

    def end(self, why: str) -> None:
        """The medium is gone; the reader learns it after the bytes that came before."""
        self._why = self._why or why
        self._wake()

    def check(self) -> None:
        """Raise LineError when the medium is gone."""
        if self._why:
            raise LineError(self._why)

    async def take(self, until_s: float | None = None) -> bytes:
        """Wait for at least one byte and take all there are; nothing when none has come by `until_s`.

        The event loop reads what has come before it runs a timer, so on a busy loop too nothing is missed.
        """
        while not self._bytes:
            self.check()
            if not await self._news(until_s):
                break
        taken = bytes(self._bytes)
        self._bytes.clear()
        return taken

    async def _news(self, until_s: float | None) -> bool:
        """A plain future and timer: asyncio.timeout would cost two rounds of the loop more, at every wait."""
        loop = asyncio.get_running_loop()
        waiter = self._waiter = loop.create_future()
        timer = loop.call_at(until_s, _settle, waiter, False) if until_s is not None else None
        try:
            return bool(await waiter)
        finally:
            if timer is not None:
                timer.cancel()

    def _wake(self) -> None:
        if self._waiter is not None:
            _settle(self._waiter, True)


def _settle(waiter: asyncio.Future[bool], news: bool) -> None:
    if not waiter.done():
        waiter.set_result(news)
