"""ONVIF GetSystemDateAndTime: the one question that every camera answers without credentials (PRE_AUTH). Pure.

Any SOAP answer means that the device's process lives, a fault too; only a good one tells its clock.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.parsers import expat

from drivers.camera.http import HttpAnswer
from drivers.errors import BadFrame

PATH = "/onvif/device_service"
SOAP = ("http://www.w3.org/2003/05/soap-envelope", "http://schemas.xmlsoap.org/soap/envelope/")
BODY = (
    '<?xml version="1.0" encoding="UTF-8"?>'
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
    '<GetSystemDateAndTime xmlns="http://www.onvif.org/ver10/device/wsdl"/>'
    "</s:Body></s:Envelope>"
)
ACTION = "http://www.onvif.org/ver10/device/wsdl/GetSystemDateAndTime"
PARTS = ("Year", "Month", "Day", "Hour", "Minute", "Second")
UNAUTHORIZED = 401
LEAP_SECOND = 60
DEEPEST = 32
LONGEST = 16  # characters of a number


@dataclass(frozen=True, slots=True)
class OnvifAnswer:
    """A device that lives; `utc_s` is its clock, where it tells it."""

    utc_s: float | None = None


def request(host: str, port: int) -> bytes:
    """The whole request; the camera closes the connection when it has answered."""
    name = f"[{host}]" if ":" in host else host
    head = (
        f"POST {PATH} HTTP/1.1",
        f"Host: {name}:{port}",
        f'Content-Type: application/soap+xml; charset=utf-8; action="{ACTION}"',
        f"Content-Length: {len(BODY)}",
        "Connection: close",
    )
    return ("\r\n".join(head) + "\r\n\r\n" + BODY).encode()


def answer_of(http: HttpAnswer) -> OnvifAnswer:
    """What an HTTP answer says of the device; raises BadFrame where it is none of ONVIF's."""
    if http.status == UNAUTHORIZED:
        return OnvifAnswer()
    return OnvifAnswer(_utc_s(_Envelope(http.body).parts))


def _utc_s(parts: Mapping[str, str]) -> float | None:
    """The moment, if it is one: some cameras say the year 0 before they know better."""
    try:
        year, month, day, hour, minute, second = (int(parts[name]) for name in PARTS)
        whole = second - (second == LEAP_SECOND)
        return datetime(year, month, day, hour, minute, whole, tzinfo=UTC).timestamp()
    except (KeyError, ValueError, OverflowError):
        return None


class _Envelope:
    """Reads a SOAP envelope with no entity, no document type, and nothing that is deep or long.

    `parts`: the texts of the elements within UTCDateTime.
    """

    def __init__(self, body: bytes) -> None:
        self.parts: dict[str, str] = {}
        self._path: list[str] = []
        parser = expat.ParserCreate(namespace_separator=" ")
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._text
        parser.StartDoctypeDeclHandler = self._refuse
        parser.EntityDeclHandler = self._refuse
        try:
            parser.Parse(body, True)
        except (expat.ExpatError, ValueError, LookupError) as error:  # the last two: strange encodings
            raise BadFrame(f"no SOAP envelope: {error}") from error

    def _start(self, name: str, _attributes: object) -> None:
        space, _, local = name.rpartition(" ")
        if not self._path and (local != "Envelope" or space not in SOAP):
            raise BadFrame(f"no SOAP envelope but {name[:40]!r}")
        if len(self._path) >= DEEPEST:
            raise BadFrame("XML that is deeper than any answer")
        self._path.append(local)

    def _end(self, _name: str) -> None:
        self._path.pop()

    def _text(self, text: str) -> None:
        local = self._path[-1]
        if local in PARTS and "UTCDateTime" in self._path:
            self.parts[local] = (self.parts.get(local, "") + text)[:LONGEST]

    def _refuse(self, *_declared: object) -> None:
        raise BadFrame("XML with declarations of its own")
