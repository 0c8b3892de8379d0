"""Stands between the agent and its Host: counts every operation, and lets the n-th of a kind fail or hang."""

import asyncio
import contextlib
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from typing import Any, Literal, TypeVar

from agent.errors import UplinkError
from agent.host import Host
from agent.session import Incoming, Session, SessionRequest
from drivers.errors import LineError
from drivers.serial_port import STUCK_S
from drivers.stream import ByteStream, Endpoint, TcpEndpoint

T = TypeVar("T")
Kind = Literal["open a line", "send", "receive", "open a session", "publish", "hear", "store"]
Manner = Literal["fails", "hangs"]
KINDS: tuple[Kind, ...] = ("open a line", "send", "receive", "open a session", "publish", "hear", "store")
HANG_S = 20.0  # longer than any time-out of the agent but the watchdog's
ALMOST_AT_ONCE_S = 0.5


@dataclass
class Tap:
    """`nth` 0 only counts. `struck_s`: when it happened (loop time), None: it did not."""

    kind: Kind = "store"
    nth: int = 0
    manner: Manner = "fails"
    counted: Counter[Kind] = field(default_factory=Counter)
    struck_s: float | None = None
    over: asyncio.Event = field(default_factory=asyncio.Event)  # the process is ended, and with it what hangs

    def host(self, host: Host) -> Host:
        """The same host, seen through this tap."""
        one_thread = asyncio.Lock()  # what hangs there, hangs for all who store something

        async def open_line(endpoint: Endpoint) -> ByteStream:
            await self.strike("open a line", lambda: LineError("no such port"), hang_s=_patience_s(endpoint))
            return _Stream(self, await host.open_line(endpoint))

        async def open_session(request: SessionRequest) -> Session:
            refused, patience_s = UplinkError("connection refused"), request.connect_timeout_s
            await self.strike("open a session", lambda: refused, hang_s=patience_s)
            return _Session(self, await host.open_session(request))

        async def offload(call: Callable[[], T]) -> T:
            async with one_thread:
                await self.strike("store", lambda: sqlite3.OperationalError("disk I/O error"))
                return await host.offload(call)

        return replace(host, open_line=open_line, open_session=open_session, offload=offload)

    def hangs_now(self, kind: Kind) -> bool:
        """The next of that kind is the one that hangs; it is counted and marked."""
        if (kind, self.counted[kind] + 1, "hangs") != (self.kind, self.nth, self.manner):
            return False
        self.counted[kind] += 1
        self.struck_s = _now_s()
        return True

    async def strike(
        self, kind: Kind, error: Callable[[], Exception], broken: Callable[[], object] = int, hang_s: float = 0.0
    ) -> None:
        """One more of that kind; what fails breaks its connection, and what is given up after `hang_s` fails."""
        self.counted[kind] += 1
        if kind != self.kind or self.counted[kind] != self.nth:
            return
        self.struck_s = _now_s()
        if self.manner == "hangs":
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(hang_s or HANG_S):
                    await self.over.wait()
            if not hang_s:
                return
        done = broken()
        if isinstance(done, Awaitable):
            await done
        raise error()


def _patience_s(endpoint: Endpoint) -> float:
    """How long opening it may take; a serial port that does not open says so at once."""
    return endpoint.connect_timeout_s if isinstance(endpoint, TcpEndpoint) else ALMOST_AT_ONCE_S


def _now_s() -> float:
    return asyncio.get_running_loop().time()


class _Stream:
    """A line's stream."""

    def __init__(self, tap: Tap, real: ByteStream) -> None:
        self._tap, self._real = tap, real
        self.aclose = real.aclose
        self._mute_until_s = 0.0  # a far side that says nothing: no call takes longer than it was told to

    async def send(self, data: bytes) -> None:
        gone = LineError("the port is gone")
        await self._tap.strike("send", lambda: gone, self._real.aclose, STUCK_S)
        await self._real.send(data)

    async def receive(self, until_s: float | None = None) -> bytes:
        if self._tap.hangs_now("receive"):
            self._mute_until_s = _now_s() + HANG_S
        else:
            await self._tap.strike("receive", lambda: LineError("the port is gone"), self._real.aclose)
        if (mute_s := self._mute_until_s - _now_s()) > 0:
            await asyncio.sleep(mute_s if until_s is None else max(0.0, min(mute_s, until_s - _now_s())))
            if until_s is not None:
                return b""
        return await self._real.receive(until_s)


class _Session:
    """A session; what it has beyond publishing and hearing is its own."""

    def __init__(self, tap: Tap, real: Any) -> None:
        self._tap, self._real = tap, real

    def __getattr__(self, name: str) -> Any:
        return getattr(self._real, name)

    def _broken(self) -> None:
        with contextlib.suppress(UplinkError):
            self._real.end("the link is lost")

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        await self._tap.strike("publish", lambda: UplinkError("the link is lost"), self._broken)
        await self._real.publish(topic, payload, retain=retain)

    async def receive(self) -> Incoming:
        await self._tap.strike("hear", lambda: UplinkError("the link is lost"), self._broken)
        heard: Incoming = await self._real.receive()
        return heard
