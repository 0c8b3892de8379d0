"""A man in the middle of MQTT: hands on packet by packet, and drops, doubles or invents PUBACKs."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

PUBACK = 4
LONGEST_LENGTH = 4  # bytes of a packet's remaining length (MQTT 5, 1.5.5)
NEVER_SENT = 0xFFFE  # a packet id so high that no session of a test gets there


@dataclass(slots=True)
class Between:
    """Listens on loopback and calls the broker for each that comes; `altered` counts what it meddled with.

    `to_gateway` decides what becomes of each packet on its way back: none, itself, or several.
    """

    broker_port: int
    to_gateway: Callable[[bytes], list[bytes]] = field(default=lambda packet: [packet])
    port: int = 0
    altered: int = 0
    _server: asyncio.Server | None = None
    _links: set[asyncio.StreamWriter] = field(default_factory=set)

    async def start(self) -> None:
        """Listen; `port` says where."""
        self._server = await asyncio.start_server(self._attend, "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def break_links(self) -> None:
        """Every link ends now, without a word of MQTT."""
        for writer in list(self._links):
            writer.transport.abort()

    async def close(self) -> None:
        """Stop listening, and end every link."""
        if self._server is not None:
            self._server.close()
        self.break_links()

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            broker_reader, broker_writer = await asyncio.open_connection("127.0.0.1", self.broker_port)
        except OSError:
            writer.transport.abort()
            return
        self._links |= {writer, broker_writer}
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(_hand_on(reader, broker_writer, lambda packet: [packet]))
                group.create_task(_hand_on(broker_reader, writer, self._answer))
        except* (ConnectionError, asyncio.IncompleteReadError):
            pass  # one side has left, so the other is sent away too
        finally:
            for side in (writer, broker_writer):
                self._links.discard(side)
                side.transport.abort()

    def _answer(self, packet: bytes) -> list[bytes]:
        passed = self.to_gateway(packet)
        self.altered += passed != [packet]
        return passed


async def _hand_on(
    reader: asyncio.StreamReader, writer: asyncio.StreamWriter, passed: Callable[[bytes], list[bytes]]
) -> None:
    while True:
        for packet in passed(await _packet(reader)):
            writer.write(packet)
        await writer.drain()


async def _packet(reader: asyncio.StreamReader) -> bytes:
    """One control packet; raises IncompleteReadError at the end of the link."""
    head = await reader.readexactly(2)
    while head[-1] & 0x80 and len(head) <= LONGEST_LENGTH:
        head += await reader.readexactly(1)
    length = sum((byte & 0x7F) << 7 * n for n, byte in enumerate(head[1:]))
    return head + await reader.readexactly(length)


def is_puback(packet: bytes) -> bool:
    """Whether this confirms a publish."""
    return packet[0] >> 4 == PUBACK


def without_pubacks(packet: bytes) -> list[bytes]:
    """The broker has everything, and its word never comes."""
    return [] if is_puback(packet) else [packet]


def doubled_pubacks(packet: bytes) -> list[bytes]:
    """Every confirmation twice, and one of something that was never sent."""
    if not is_puback(packet):
        return [packet]
    stray = bytes((PUBACK << 4, 2, *NEVER_SENT.to_bytes(2, "big")))
    return [stray, packet, packet]
