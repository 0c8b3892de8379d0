"""True wire time: at 9600 baud a character takes a millisecond, whoever is in a hurry."""

import asyncio

from drivers.stream import ByteStream

CHUNK_S = 0.008  # adapters hand bytes over some milliseconds' worth at a time, not one by one


class PacedStream:
    """The far side's end of a stream that moves bytes at once; both directions take their time here.

    `began_s` and `ends_s`: when the first bit of what came last was on the wire, and when its last bit is.
    """

    def __init__(self, raw: ByteStream, character_s: float) -> None:
        self.character_s = character_s
        self.began_s = 0.0
        self._raw = raw
        self._coming = bytearray()
        self.ends_s = 0.0
        self._chunk = max(1, round(CHUNK_S / character_s)) if character_s else 0

    async def send(self, data: bytes) -> None:
        """Returns when the last bit is on the wire."""
        if not self._chunk:
            await self._raw.send(data)
            return
        loop = asyncio.get_running_loop()
        ends_s = loop.time()
        for at in range(0, len(data), self._chunk):
            piece = data[at : at + self._chunk]
            ends_s += len(piece) * self.character_s
            await asyncio.sleep(ends_s - loop.time())
            await self._raw.send(piece)

    async def receive(self, until_s: float | None = None) -> bytes:
        """Wait for the last bit of what was sent."""
        if not self._coming:
            self._take_up(await self._raw.receive(until_s))
        await asyncio.sleep(self.ends_s - asyncio.get_running_loop().time())
        taken = bytes(self._coming)
        self._coming.clear()
        return taken

    async def aclose(self) -> None:
        """Close the stream below."""
        await self._raw.aclose()

    def _take_up(self, chunk: bytes) -> None:
        self.began_s = max(asyncio.get_running_loop().time(), self.ends_s)
        self.ends_s = self.began_s + len(chunk) * self.character_s
        self._coming += chunk
