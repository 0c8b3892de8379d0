"""A simulated IP camera: an RTSP server, an ONVIF service, and what can be wrong with them."""

import asyncio
import contextlib
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Literal

from drivers.camera.onvif import SOAP
from drivers.camera.probe import ProbeKind
from drivers.errors import LineError
from drivers.profile import DeviceProfile
from drivers.reading import Value
from drivers.stream import ByteStream

RtspHabit = Literal["ok", "password", "no_path", "ignores_star", "server_error", "garbage", "trickle"]
OnvifHabit = Literal["ok", "password", "fault", "no_clock", "chunked", "web_page", "garbage", "trickle", "bomb"]

REQUEST_MOST = 8192
TRICKLE_S = 0.5
PAGE = b"<html><body>camera</body></html>"
GARBAGE = bytes(range(128, 256)) * 4
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>'
    f'<s:Envelope xmlns:s="{SOAP[0]}"><s:Body>&b;</s:Body></s:Envelope>'
).encode()


class SimulatedCamera:
    """One camera; its points are those of its profile, its habits are what real ones do besides.

    `reachable` False: no port takes a connection. `rtsp` or `onvif` False: the port does, and nothing answers.
    """

    def __init__(self, profile: DeviceProfile, utc_s: Callable[[], float | None]) -> None:
        self.profile = profile
        self.plugged = True
        self.late_s = 0.0
        self.rtsp: RtspHabit = "ok"
        self.onvif: OnvifHabit = "ok"
        self.open = 0
        self.open_most = 0
        self._utc_s = utc_s
        self._says: dict[str, bool | float] = {
            "reachable": True,
            "rtsp": True,
            "onvif": True,
            "clock_offset_s": 0.0,
        }

    def set(self, point: str, value: Value) -> None:
        """The camera changes; raises KeyError, ValueError."""
        known = self.profile.point(point)
        if isinstance(value, bool) != (known.type == "bool") or not isinstance(value, bool | int | float):
            raise ValueError(
                f"{point} takes {'true or false' if known.type == 'bool' else 'a number'}, not {value!r}"
            )
        self._says[point] = value

    def get(self, point: str) -> Value:
        """What a prober would find; raises KeyError."""
        return self._says[self.profile.point(point).name]

    @property
    def there(self) -> bool:
        """Whether its ports take connections."""
        return self.plugged and bool(self._says["reachable"])

    async def serve(self, kind: ProbeKind, stream: ByteStream) -> None:
        """One connection to one of its ports, until it is closed."""
        self.open += 1
        self.open_most = max(self.open_most, self.open)
        try:
            with contextlib.suppress(LineError):
                request = await _request(stream)
                await asyncio.sleep(self.late_s)
                if self.there and kind != "tcp" and self._says[kind]:
                    await self._answer(kind, request, stream)
                else:
                    await stream.receive()  # says nothing until the other side has enough of it
        finally:
            self.open -= 1
            await stream.aclose()

    async def _answer(self, kind: ProbeKind, request: bytes, stream: ByteStream) -> None:
        content = self._rtsp_answer(request) if kind == "rtsp" else self._onvif_answer()
        if (self.rtsp if kind == "rtsp" else self.onvif) != "trickle":
            await stream.send(content)
            return
        for byte in content:
            await asyncio.sleep(TRICKLE_S)
            await stream.send(bytes((byte,)))

    def _rtsp_answer(self, request: bytes) -> bytes:
        line, _, rest = request.partition(b"\r\n")
        cseq = next((f for f in rest.split(b"\r\n") if f.lower().startswith(b"cseq:")), b"CSeq: 0")
        if self.rtsp == "garbage":
            return GARBAGE
        if self.rtsp == "ignores_star" and line.split(b" ")[1] == b"*":
            return b""
        status = {"password": b"401 Unauthorized", "no_path": b"404 Not Found", "server_error": b"503 Busy"}
        said = status.get(self.rtsp, b"200 OK")
        return b"RTSP/1.0 " + said + b"\r\n" + cseq + b"\r\nPublic: OPTIONS, DESCRIBE, SETUP, PLAY\r\n\r\n"

    def _onvif_answer(self) -> bytes:
        match self.onvif:
            case "garbage":
                return GARBAGE
            case "web_page":
                return _http(b"404 Not Found", PAGE)
            case "password":
                return _http(b"401 Unauthorized", b"")
            case "fault":
                return _http(b"400 Bad Request", _soap("<s:Fault><s:Reason>no</s:Reason></s:Fault>"))
            case "bomb":
                return _http(b"200 OK", BOMB)
            case "chunked":
                body = _soap(self._date())
                half = len(body) // 2
                chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:half], body[half:], b""))
                return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks
        return _http(b"200 OK", _soap(self._date()))

    def _date(self) -> str:
        utc_s = self._utc_s()
        told = (
            ""
            if utc_s is None or self.onvif == "no_clock"
            else _clock(utc_s + float(self._says["clock_offset_s"]))
        )
        return (
            '<tds:GetSystemDateAndTimeResponse xmlns:tds="http://www.onvif.org/ver10/device/wsdl"'
            ' xmlns:tt="http://www.onvif.org/ver10/schema"><tds:SystemDateAndTime>'
            f"<tt:DateTimeType>NTP</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings>{told}"
            "</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
        )


async def _request(stream: ByteStream) -> bytes:
    """A head, and with it what comes in the same breath; nothing more is asked of a camera here."""
    heard = b""
    while b"\r\n\r\n" not in heard and len(heard) < REQUEST_MOST:
        heard += await stream.receive()
    return heard


def _http(status: bytes, body: bytes) -> bytes:
    head = b"HTTP/1.1 " + status + b"\r\nContent-Type: application/soap+xml\r\n"
    return head + b"Content-Length: %d\r\nConnection: close\r\n\r\n" % len(body) + body


def _soap(body: str) -> bytes:
    return f'<?xml version="1.0"?><s:Envelope xmlns:s="{SOAP[0]}"><s:Body>{body}</s:Body></s:Envelope>'.encode()


def _clock(utc_s: float) -> str:
    """In UTC and, eight hours on, as it is shown on site."""
    moments = (("UTCDateTime", utc_s), ("LocalDateTime", utc_s + 8 * 3600))
    return "".join(
        f"<tt:{name}>{_moment(datetime.fromtimestamp(at_s, UTC))}</tt:{name}>" for name, at_s in moments
    )


def _moment(at: datetime) -> str:
    clock = f"<tt:Hour>{at.hour}</tt:Hour><tt:Minute>{at.minute}</tt:Minute><tt:Second>{at.second}</tt:Second>"
    day = f"<tt:Year>{at.year}</tt:Year><tt:Month>{at.month}</tt:Month><tt:Day>{at.day}</tt:Day>"
    return f"<tt:Time>{clock}</tt:Time><tt:Date>{day}</tt:Date>"
