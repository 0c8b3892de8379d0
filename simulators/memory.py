"""A wire in memory: two connected byte streams, for tests in virtual time."""

from drivers.inbox import Inbox


class MemoryStream:
    """One end of the wire; what is sent here arrives at the other end at once."""

    def __init__(self) -> None:
        self._inbox = Inbox()
        self._peer = self
        self.closed = False

    async def send(self, data: bytes) -> None:
        """Hand all of `data` to the other end."""
        self._inbox.check()
        self._peer._inbox.put(data)

    async def receive(self, until_s: float | None = None) -> bytes:
        """Wait for at least one byte, until `until_s` at most, and return all that has come."""
        return await self._inbox.take(until_s)

    async def aclose(self) -> None:
        """Close; the other end learns it after the bytes that came before."""
        self._end("closed", "closed by the far side")

    def vanish(self) -> None:
        """The adapter is pulled out, or the connection is reset: both ends learn it."""
        self._end("the adapter is gone", "the adapter is gone")

    def _end(self, here: str, there: str) -> None:
        self.closed = self._peer.closed = True
        self._inbox.end(here)
        self._peer._inbox.end(there)


def memory_pair() -> tuple[MemoryStream, MemoryStream]:
    """Two ends of a wire: near, the gateway's, and far, the field's."""
    near, far = MemoryStream(), MemoryStream()
    near._peer, far._peer = far, near
    return near, far
