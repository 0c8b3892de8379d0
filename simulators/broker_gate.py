"""The way from the gateway to a broker, which a story can close: also a broker that is not ours to stop."""

import asyncio
import contextlib
from collections.abc import Callable

CHUNK_BYTES = 65536


class BrokerGate:
    """Passes every connection on to the broker; while it is closed there is nobody at its port."""

    def __init__(self, host: str, broker: Callable[[], tuple[str, int] | None]) -> None:
        self.port = 0
        self._host = host
        self._broker = broker
        self._server: asyncio.Server | None = None
        self._passing: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Let connections through, at the same port as before."""
        if self._server is None:
            self._server = await asyncio.start_server(self._pass, self._host, self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    async def close(self) -> None:
        """Cut every connection and take no more."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        for task in list(self._passing):
            task.cancel()
        await asyncio.gather(*self._passing, return_exceptions=True)

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._passing.add(task)
        try:
            with contextlib.suppress(OSError):
                await self._relay(reader, writer)
        except asyncio.CancelledError:
            pass  # the gate closes: a server's connection task that is cancelled would be told as a fault
        finally:
            writer.transport.abort()
            self._passing.discard(task)

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Both directions, until either end closes."""
        if (address := self._broker()) is None:
            return
        far_reader, far_writer = await asyncio.open_connection(*address)
        ways = [asyncio.create_task(_copy(reader, far_writer)), asyncio.create_task(_copy(far_reader, writer))]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            far_writer.transport.abort()


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(CHUNK_BYTES):
        writer.write(chunk)
        await writer.drain()
