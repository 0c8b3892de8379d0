"""A simulated device server: a TCP port on loopback, with the same far side behind every connection."""

import asyncio
import errno

from drivers.tcp_socket import TcpStream
from simulators.claims import Claims
from simulators.pty_port import FarSide, FarSides, PortRefused

NOT_TO_BE_HAD = (errno.EADDRINUSE, errno.EACCES)  # taken; below 1024, and we are not root


class _Accepted(TcpStream):
    """One client's connection, with a far side of its own."""

    def __init__(self, port: "TcpPort") -> None:
        super().__init__(port.name)
        self._port = port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._port.took(self, transport)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._port.lost(self)


class TcpPort:
    """One listening port; with `claims`, a free one is found when it cannot be had, and `port` says which."""

    def __init__(
        self, host: str, port: int, far: FarSide, far_sides: FarSides, *, claims: Claims | None = None
    ) -> None:
        self.host = host
        self.port = port
        self._far = far
        self._far_sides = far_sides
        self._claims = claims
        self._server: asyncio.Server | None = None
        self._connections: dict[_Accepted, asyncio.BaseTransport] = {}

    @property
    def name(self) -> str:
        """How whoever connects calls it."""
        return f"{self.host}:{self.port}"

    async def restore(self) -> None:
        """Listen; raises PortRefused."""
        if self._server is not None:
            return
        if self._claims is not None and not self._claims.take(self.port):
            self.port = 0
        try:
            self._server = await self._listen(self.port)
        except OSError as error:
            if error.errno not in NOT_TO_BE_HAD or self._claims is None:
                raise PortRefused(f"{self.name}: {error.strerror or error}") from error
            self._server = await self._listen(0)
        self.port = self._server.sockets[0].getsockname()[1]
        self._claims = None  # from now on it is known by this one

    async def vanish(self) -> None:
        """Stop listening and reset every connection, as a device does that loses its power."""
        if self._server is None:
            return
        self._server.close()
        self._server = None
        for transport in list(self._connections.values()):
            assert isinstance(transport, asyncio.Transport)
            transport.abort()
        await asyncio.sleep(0)  # the sockets are given back by the loop's next turn

    def took(self, connection: _Accepted, transport: asyncio.BaseTransport) -> None:
        """A client has connected."""
        self._connections[connection] = transport
        self._far_sides.speak(self._far, connection, self.name)

    def lost(self, connection: _Accepted) -> None:
        """A client has left."""
        self._connections.pop(connection, None)

    async def _listen(self, port: int) -> asyncio.Server:
        return await asyncio.get_running_loop().create_server(lambda: _Accepted(self), self.host, port)
