"""Targets at what stands on the network or alone on a port: cameras' answers, a UPS's reply."""

import math
from collections.abc import Iterator

from drivers.camera import onvif, rtsp
from drivers.camera.http import BODY_MOST, END, read_answer
from drivers.errors import BadFrame
from drivers.profiles import load_profile, profiles_dir
from drivers.reading import Quality
from drivers.ups.q1_reply import BITS, NUMBERS, reply_of
from simulators.camera import OnvifHabit, RtspHabit, SimulatedCamera
from simulators.ups import SimulatedUps
from tests.fuzz.target import Target

RTSP_HABITS: tuple[RtspHabit, ...] = ("ok", "password", "no_path", "server_error", "garbage")
ONVIF_HABITS: tuple[OnvifHabit, ...] = ("ok", "password", "fault", "no_clock", "chunked", "web_page", "bomb")


def _camera(utc_s: float = 1_790_000_000.0) -> SimulatedCamera:
    return SimulatedCamera(load_profile(profiles_dir() / "ip_camera.yaml"), lambda: utc_s)


def _rtsp(given: bytes) -> None:
    """In two pieces, as it may come: a head that is whole stays what it is when more follows."""
    early = rtsp.head_of(given[: len(given) // 2])
    head = rtsp.head_of(given)
    assert early is None or early == head
    if head is not None:
        answer = rtsp.answer_of(head)
        assert 100 <= answer.status < 600
        assert answer.cseq is None or answer.cseq >= 0


def _rtsp_meals() -> Iterator[bytes]:
    camera = _camera()
    for habit in RTSP_HABITS:
        camera.rtsp = habit
        yield camera._rtsp_answer(rtsp.options(1))


def _onvif(given: bytes) -> None:
    early = read_answer(given, ended=False)
    answer = read_answer(given, ended=True)
    assert answer is not None
    assert early is None or early == answer
    assert len(answer.body) <= BODY_MOST
    utc_s = onvif.answer_of(answer).utc_s
    assert utc_s is None or math.isfinite(utc_s)


def _onvif_meals() -> Iterator[bytes]:
    for utc_s in (0.0, 1_790_000_000.0, 4e9):
        camera = _camera(utc_s)
        for habit in ONVIF_HABITS:
            camera.onvif = habit
            yield camera._onvif_answer()


def _onvif_sealed(given: bytes) -> bytes:
    """The body with its length, so that what lies behind the head is reached."""
    body = given.partition(END)[2] or given
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d%s%s" % (len(body), END, body)


def _q1(given: bytes) -> None:
    readings = reply_of(given)
    assert [reading.point for reading in readings] == [*NUMBERS, *BITS]
    assert all(reading.quality is Quality.GOOD for reading in readings)
    assert all(math.isfinite(reading.value) for reading in readings if isinstance(reading.value, float))


def _q1_meals() -> Iterator[bytes]:
    ups = SimulatedUps(load_profile(profiles_dir() / "ups_serial_q1.yaml"))
    yield ups.reply()
    ups.set("battery_v", 2.3)
    ups.set("on_battery", True)
    yield ups.reply()
    yield b"(208.4 140.0 208.4 034 59.9 2.05 35.0 00110000\r"


TARGETS = (
    Target("rtsp", _rtsp, _rtsp_meals, (BadFrame,), longest=512, share=0.5),
    Target("onvif", _onvif, _onvif_meals, (BadFrame,), sealed=_onvif_sealed, longest=1200, share=0.5),
    Target("ups_q1", _q1, _q1_meals, (BadFrame,), longest=64, share=0.5),
)
