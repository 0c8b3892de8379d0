"""A wire in memory whose far side a test plays by hand: what the line's tests talk to."""

import asyncio
from collections.abc import Callable

from drivers.errors import LineError
from drivers.inbox import Inbox


class Wire:
    """A ByteStream; `respond(wire, request)` plays the far side and calls `wire.later(delay_s, bytes)`."""

    def __init__(self, respond: Callable[["Wire", bytes], None]) -> None:
        self.sent: list[tuple[float, bytes]] = []
        self.closed = False
        self.hung = False
        self._respond = respond
        self._inbox = Inbox()

    async def send(self, data: bytes) -> None:
        self._inbox.check()
        self.sent.append((asyncio.get_running_loop().time(), data))
        self._respond(self, data)

    async def receive(self, until_s: float | None = None) -> bytes:
        return await self._inbox.take(until_s)

    async def aclose(self) -> None:
        self.closed = True
        self._inbox.end("closed")

    def later(self, delay_s: float, content: bytes) -> None:
        """These bytes arrive after `delay_s`."""
        asyncio.get_running_loop().call_later(delay_s, self.arrive, content)

    def arrive(self, content: bytes) -> None:
        """These bytes arrive now."""
        if not self.closed and not self.hung:
            self._inbox.put(content)

    def hang(self) -> None:
        """Nothing arrives any more, and nobody says so."""
        self.hung = True

    def vanish(self) -> None:
        """The adapter is pulled out."""
        self._inbox.end("the adapter is gone")


class Site:
    """Where wires are opened: every one it gave, and whether it gives any."""

    def __init__(self, respond: Callable[[Wire, bytes], None]) -> None:
        self.wires: list[Wire] = []
        self.present = True
        self._respond = respond

    async def open(self) -> Wire:
        if not self.present:
            raise LineError("no such port")
        self.wires.append(Wire(self._respond))
        return self.wires[-1]

    @property
    def sent(self) -> list[tuple[float, bytes]]:
        return [entry for wire in self.wires for entry in wire.sent]
