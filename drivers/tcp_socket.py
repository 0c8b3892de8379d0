"""A TCP connection as a ByteStream: Modbus TCP devices and serial device servers."""

import asyncio
import contextlib
import socket

from drivers.errors import LineError
from drivers.inbox import Inbox
from drivers.stream import TcpEndpoint

# A peer that lost its power sends neither FIN nor RST: asked after 10 s of silence, given up 15 s later.
KEEPALIVE = {"TCP_KEEPIDLE": 10, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3, "TCP_USER_TIMEOUT": 15_000}


async def open_tcp(endpoint: TcpEndpoint) -> "TcpStream":
    """Connect; raises LineError when nobody answers in time."""
    where = f"{endpoint.host}:{endpoint.port}"
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(endpoint.connect_timeout_s):
            _, protocol = await loop.create_connection(lambda: TcpStream(where), endpoint.host, endpoint.port)
    except TimeoutError:
        raise LineError(f"{where}: no answer within {endpoint.connect_timeout_s:g} s") from None
    except (OSError, UnicodeError) as error:  # UnicodeError: Python's own verdict on a name like "a..b"
        raise LineError(f"{where}: {_reason(error)}") from error
    return protocol


def _reason(error: OSError | UnicodeError) -> str:
    if isinstance(error, ConnectionRefusedError):
        return "connection refused; is the device's port right and its server on?"
    if isinstance(error, UnicodeError):
        return "this is no host name"
    if isinstance(error, socket.gaierror):
        return f"this name has no address ({error.strerror})"
    return error.strerror or str(error)


class TcpStream(asyncio.Protocol):
    """An open connection; a FIN or RST ends it at once."""

    def __init__(self, where: str) -> None:
        self._where = where
        self._inbox = Inbox()
        self._writable = asyncio.Event()
        self._writable.set()
        self._paused = False

    async def send(self, data: bytes) -> None:
        """Hand all of `data` to the connection, never a part of it."""
        self._inbox.check()
        self._transport.write(data)
        await self._writable.wait()
        self._inbox.check()

    async def receive(self, until_s: float | None = None) -> bytes:
        """Wait for at least one byte, until `until_s` at most, and return all that has come."""
        taken = await self._inbox.take(until_s)
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        return taken

    async def aclose(self) -> None:
        """Close at once; what a far side that hangs has not taken is dropped: it may allow one connection only."""
        self._inbox.end(f"{self._where}: closed")
        self._transport.abort()
        await asyncio.sleep(0)  # lets the transport give its socket back before anyone connects again

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Small frames go out at once, and a dead peer is found."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        wire: socket.socket = transport.get_extra_info("socket")
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in KEEPALIVE.items():
            with contextlib.suppress(AttributeError, OSError):  # not on every kernel; keepalive itself is
                wire.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)

    def data_received(self, data: bytes) -> None:
        """Keep what came; stop reading when nobody takes it."""
        self._inbox.put(data)
        if self._inbox.full and not self._paused:
            self._paused = True
            self._transport.pause_reading()

    def eof_received(self) -> None:
        """The far side closed: no half-open connections here."""
        self._inbox.end(f"{self._where}: closed by the far side")

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell reader and writer."""
        self._inbox.end(f"{self._where}: {exc or 'closed'}")
        self._writable.set()

    def pause_writing(self) -> None:
        """The far side takes nothing more for now."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """It does again."""
        self._writable.set()
