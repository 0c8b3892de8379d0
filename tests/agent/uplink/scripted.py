"""An MQTT 5 broker of a few lines that does what a good broker never would."""

import asyncio
import struct
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

CONNECT, CONNACK, PUBLISH, PUBACK, SUBSCRIBE, SUBACK, PINGREQ, PINGRESP, DISCONNECT = 1, 2, 3, 4, 8, 9, 12, 13, 14
GRANTED_QOS_1 = 1


@dataclass
class Published:
    """One PUBLISH as it came, and the link on which it may be answered."""

    topic: str
    payload: bytes
    mid: int
    link: "Link"

    def confirm(self, code: int = 0, mid: int | None = None) -> None:
        self.link.send(PUBACK, struct.pack(">HB", self.mid if mid is None else mid, code))


@dataclass
class Link:
    """One connection."""

    writer: asyncio.StreamWriter
    unconfirmed: int = 0
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def send(self, kind: int, body: bytes) -> None:
        self.writer.write(bytes([kind << 4, len(body)]) + body)

    def disconnect(self, code: int) -> None:
        self.send(DISCONNECT, bytes([code, 0]))
        self.writer.close()

    def reset(self) -> None:
        self.writer.transport.abort()


def confirm(published: Published) -> None:
    published.confirm()


class ScriptedBroker:
    """`on_publish` decides what becomes of a message; without `connack` it never answers a login."""

    def __init__(self, on_publish: Callable[[Published], None] = confirm) -> None:
        self.on_publish = on_publish
        self.connack = True
        self.connect_code: int = 0
        self.connack_late_s = 0.0
        self.close_before_connack = False
        self.answer_pings = True
        self.receive_maximum: int | None = None
        self.seen: list[Published] = []
        self.links: list[Link] = []
        self.kinds: list[int] = []
        self.port = 0
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> "ScriptedBroker":
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        assert self._server is not None
        self._server.close()
        for link in self.links:
            link.reset()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        link = Link(writer)
        self.links.append(link)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                await self._packet(*await _read(reader), link)
        link.ended.set()
        writer.close()

    async def _packet(self, kind: int, flags: int, body: bytes, link: Link) -> None:
        self.kinds.append(kind)
        if kind == CONNECT:
            await self._connack(link)
        elif kind == PUBLISH:
            published = _publish(flags, body, link)
            self.seen.append(published)
            self.on_publish(published)
        elif kind == SUBSCRIBE:
            link.send(SUBACK, body[:2] + bytes([0, GRANTED_QOS_1]))
        elif kind == PINGREQ and self.answer_pings:
            link.send(PINGRESP, b"")

    async def _connack(self, link: Link) -> None:
        if self.close_before_connack:
            link.writer.close()
        elif self.connack:
            await asyncio.sleep(self.connack_late_s)
            limit = b"" if self.receive_maximum is None else b"\x21" + struct.pack(">H", self.receive_maximum)
            link.send(CONNACK, bytes([0, self.connect_code, len(limit)]) + limit)


async def _read(reader: asyncio.StreamReader) -> tuple[int, int, bytes]:
    (first,) = await reader.readexactly(1)
    length, shift = 0, 0
    while True:
        (byte,) = await reader.readexactly(1)
        length |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            return first >> 4, first & 0x0F, await reader.readexactly(length)


def _publish(flags: int, body: bytes, link: Link) -> Published:
    assert flags & 0x06 == 0x02, "QoS 1 only"
    (topic_length,) = struct.unpack_from(">H", body)
    topic = body[2 : 2 + topic_length].decode()
    (mid,) = struct.unpack_from(">H", body, 2 + topic_length)
    properties = body[4 + topic_length]
    return Published(topic, body[5 + topic_length + properties :], mid, link)
