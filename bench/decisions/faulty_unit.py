"""A Modbus unit that answers as told: late, short, in another's name, twice, broken or not at all.

Holding register n holds 1000 + n, input register n 2000 + n, so that an answer to another question shows.
"""

import asyncio
import os
import tty
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from drivers.modbus.rtu import wrap

Medium = Literal["serial", "tcp"]
REQUEST_BYTES = 8  # reads and single writes, RTU
MBAP_BYTES = 12


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer: after how long, and what is wrong with it."""

    after_s: float = 0.005
    unit: int | None = None
    function: int | None = None
    count: int | None = None
    broken: bool = False


GOOD = (Reply(),)
Script = Callable[[int, int], tuple[Reply, ...]]


def honest(_number: int, _unit: int) -> tuple[Reply, ...]:
    """Every request gets its answer."""
    return GOOD


@dataclass(slots=True)
class FaultyUnit:
    """Far side of a pseudo-terminal or of TCP connections; `script(n, unit)` says how request n is answered."""

    medium: Medium
    script: Script = honest
    requests: list[bytes] = field(default_factory=list)
    connections: int = 0
    place: str = ""
    port: int = 0
    _fds: tuple[int, ...] = ()
    _open: bool = True
    _server: asyncio.Server | None = None

    async def open(self) -> None:
        """Listen at `place` (a pty's name) or `port`."""
        if self.medium == "tcp":
            self._server = await asyncio.start_server(self._attend, "127.0.0.1", 0)
            self.port = self._server.sockets[0].getsockname()[1]
            return
        far, near = os.openpty()
        tty.setraw(near)
        self.place, self._fds = os.ttyname(near), (far, near)
        asyncio.get_running_loop().add_reader(far, self._read, far)

    def close(self) -> None:
        """Be gone; what was still to be said is not said to whoever gets these descriptors next."""
        self._open = False
        if self._server is not None:
            self._server.close()
        for fd in self._fds:
            asyncio.get_running_loop().remove_reader(fd)
            os.close(fd)

    def _read(self, far: int) -> None:
        frame = os.read(far, 256)
        self._hear(frame[:1], frame[1:-2], lambda unit, pdu: wrap(unit, pdu), lambda out: os.write(far, out))

    async def _attend(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while frame := await reader.read(MBAP_BYTES):
            head = frame[:4]

            def mbap(unit: int, pdu: bytes, head: bytes = head) -> bytes:
                return head + (len(pdu) + 1).to_bytes(2, "big") + bytes((unit,)) + pdu

            self._hear(frame[6:7], frame[7:], mbap, writer.write)
        writer.close()

    def _hear(
        self, unit: bytes, pdu: bytes, frame: Callable[[int, bytes], bytes], say: Callable[[bytes], object]
    ) -> None:
        self.requests.append(pdu)
        for reply in self.script(len(self.requests), unit[0]):
            content = frame(reply.unit or unit[0], answer(pdu, reply))
            if reply.broken:
                content = content[:-1] + bytes((content[-1] ^ 0xFF,))
            asyncio.get_running_loop().call_later(reply.after_s, self._say, say, content)

    def _say(self, say: Callable[[bytes], object], content: bytes) -> None:
        if self._open:
            say(content)


def answer(pdu: bytes, reply: Reply) -> bytes:
    """The reply PDU: registers for a read, the request itself for a write."""
    if pdu[0] not in (3, 4):
        return pdu
    first = int.from_bytes(pdu[1:3], "big")
    count = reply.count or int.from_bytes(pdu[3:5], "big")
    function = reply.function or pdu[0]
    base = 1000 if function == 3 else 2000
    words = b"".join((base + first + n).to_bytes(2, "big") for n in range(count))
    return bytes((function, len(words))) + words
