"""Bytes that have come from a wire and were not taken yet, and the news that no more will come."""

import asyncio

from drivers.errors import LineError

ROOM_BYTES = 65536


class Inbox:
    """One writer (the event loop's callbacks), one reader; a reader that is cancelled loses nothing."""

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._why = ""
        self._waiter: asyncio.Future[None] | None = None

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

    async def take(self) -> bytes:
        """Wait for at least one byte and take all there are."""
        while not self._bytes:
            self.check()
            self._waiter = asyncio.get_running_loop().create_future()
            await self._waiter
        taken = bytes(self._bytes)
        self._bytes.clear()
        return taken

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)
