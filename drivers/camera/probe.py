"""One look at one camera: connect, ask for RTSP's options, ask for ONVIF's clock; nothing is kept open."""

import asyncio
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Literal, TypeVar

from drivers.camera import onvif, rtsp
from drivers.camera.http import HttpAnswer, read_answer
from drivers.errors import BadFrame, DeviceError, FieldError, LineError, NoResponse
from drivers.stream import ByteStream, Endpoint, TcpEndpoint

ProbeKind = Literal["tcp", "rtsp", "onvif"]
OpenAt = Callable[[Endpoint], Awaitable[ByteStream]]
Answer = TypeVar("Answer")

TIMEOUT_S = 3.0


@dataclass(frozen=True, slots=True)
class Camera:
    """Where a camera is and what it is asked; `path`: one of its streams, for those that ignore `*`."""

    host: str
    ports: Mapping[ProbeKind, int]
    path: str = ""
    timeout_s: float = TIMEOUT_S


@dataclass(frozen=True, slots=True)
class Look:
    """What came of it; None: not asked, or nobody can tell. `causes`: why something is not so."""

    reachable: bool
    rtsp: bool | None = None
    onvif: bool | None = None
    clock_offset_s: float | None = None
    causes: Mapping[str, str] = field(default_factory=dict)


async def look_at(camera: Camera, open_at: OpenAt, utc_s: Callable[[], float | None]) -> Look:
    """Ask all that the camera is asked; `utc_s` is our own clock, None while it is not to be believed."""
    seen = _Looking(camera, open_at)
    for kind in camera.ports:
        if kind == "tcp":
            await seen.said("tcp", seen.connect())
        elif kind == "rtsp":
            seen.rtsp = await seen.said("rtsp", seen.options()) is not None
        else:
            answer = await seen.said("onvif", seen.clock(utc_s))
            seen.onvif, seen.clock_offset_s = answer is not None, answer.offset_s if answer else None
    return Look(seen.connected, seen.rtsp, seen.onvif, seen.clock_offset_s, seen.causes)


@dataclass(frozen=True, slots=True)
class _Clock:
    offset_s: float | None


class _Looking:
    """The probes of one look, one after the other."""

    def __init__(self, camera: Camera, open_at: OpenAt) -> None:
        self.connected = False
        self.rtsp: bool | None = None
        self.onvif: bool | None = None
        self.clock_offset_s: float | None = None
        self.causes: dict[str, str] = {}
        self._camera, self._open_at = camera, open_at

    async def said(self, kind: ProbeKind, probe: Awaitable[Answer]) -> Answer | None:
        """The probe's answer, or None and why there is none."""
        try:
            return await probe
        except FieldError as error:
            self.causes[kind] = str(error)
            return None

    async def connect(self) -> None:
        """No more than that the port takes a connection."""
        async with self._stream("tcp"):
            pass

    async def options(self) -> rtsp.RtspAnswer:
        """Ask about the server, then about a stream of its, since some know only the latter."""
        camera = self._camera
        try:
            answer = await self._options(1, "*")
        except DeviceError:
            answer = await self._options(2, rtsp.stream_uri(camera.host, camera.ports["rtsp"], camera.path))
        if not answer.alive:
            raise BadFrame(f"the RTSP server says {answer.status}")
        return answer

    async def clock(self, utc_s: Callable[[], float | None]) -> _Clock:
        """The camera's clock is that of halfway between question and answer."""
        async with self._stream("onvif") as stream:
            asked = utc_s()
            await stream.send(onvif.request(self._camera.host, self._camera.ports["onvif"]))
            heard = await self._http(stream)
            answered = utc_s()
        theirs = onvif.answer_of(heard).utc_s
        if theirs is None or asked is None or answered is None:
            return _Clock(None)
        return _Clock(float(math.ceil(theirs - (asked + answered) / 2)))  # they cut their seconds off

    async def _options(self, cseq: int, uri: str) -> rtsp.RtspAnswer:
        async with self._stream("rtsp") as stream:
            await stream.send(rtsp.options(cseq, uri))
            heard = b""
            until_s = _now() + self._camera.timeout_s
            while (head := rtsp.head_of(heard)) is None:
                heard += await _more(stream, until_s)
        return rtsp.answer_of(head)

    async def _http(self, stream: ByteStream) -> HttpAnswer:
        heard, ended = b"", False
        until_s = _now() + self._camera.timeout_s
        while (answer := read_answer(heard, ended=ended)) is None:
            try:
                heard += await _more(stream, until_s)
            except _Closed:
                ended = True
        return answer

    @asynccontextmanager
    async def _stream(self, kind: ProbeKind) -> AsyncIterator[ByteStream]:
        endpoint = TcpEndpoint(self._camera.host, self._camera.ports[kind], self._camera.timeout_s)
        stream = await self._open_at(endpoint)
        self.connected = True
        try:
            yield stream
        finally:
            await stream.aclose()


class _Closed(NoResponse):
    """The camera closed the connection: for HTTP that may be the end of an answer."""


async def _more(stream: ByteStream, until_s: float) -> bytes:
    try:
        heard = await stream.receive(until_s)
    except LineError as error:
        raise _Closed(f"closed without an answer: {error}") from error
    if not heard:
        raise NoResponse("connected, but nothing comes")
    return heard


def _now() -> float:
    return asyncio.get_running_loop().time()
