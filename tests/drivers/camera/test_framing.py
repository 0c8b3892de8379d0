"""What cameras say, and what nobody may take for a camera: RTSP heads, HTTP answers, SOAP envelopes."""

from datetime import UTC, datetime

import pytest

from drivers.camera import onvif, rtsp
from drivers.camera.http import BODY_MOST, HEAD_MOST, HttpAnswer, read_answer
from drivers.errors import BadFrame

# As cameras say it (RFC 2326 10.1; ONVIF device service, GetSystemDateAndTime), with other prefixes each time.
RTSP_OK = (
    b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: OPTIONS, DESCRIBE, SETUP, TEARDOWN, PLAY, PAUSE\r\n"
    b"Date:  Tue, Nov 24 2026 07:20:11 GMT\r\n\r\n"
)
SOAP = """<?xml version="1.0" encoding="UTF-8"?>
<env:Envelope xmlns:env="http://www.w3.org/2003/05/soap-envelope" xmlns:tds="http://www.onvif.org/ver10/device/wsdl"
 xmlns:tt="http://www.onvif.org/ver10/schema"><env:Body><tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime>
<tt:DateTimeType>NTP</tt:DateTimeType><tt:DaylightSavings>false</tt:DaylightSavings>
<tt:TimeZone><tt:TZ>CST-8</tt:TZ></tt:TimeZone>
<tt:UTCDateTime><tt:Time><tt:Hour>23</tt:Hour><tt:Minute>20</tt:Minute><tt:Second>11</tt:Second></tt:Time>
<tt:Date><tt:Year>2026</tt:Year><tt:Month>11</tt:Month><tt:Day>23</tt:Day></tt:Date></tt:UTCDateTime>
<tt:LocalDateTime><tt:Time><tt:Hour>7</tt:Hour><tt:Minute>20</tt:Minute><tt:Second>11</tt:Second></tt:Time>
<tt:Date><tt:Year>2026</tt:Year><tt:Month>11</tt:Month><tt:Day>24</tt:Day></tt:Date></tt:LocalDateTime>
</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse></env:Body></env:Envelope>"""
MOMENT_S = datetime(2026, 11, 23, 23, 20, 11, tzinfo=UTC).timestamp()
FAULT = (
    '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body><s:Fault>'
    "<faultcode>s:Sender</faultcode></s:Fault></s:Body></s:Envelope>"
)


def http(body: str, status: str = "200 OK", head: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\n{head}Content-Length: {len(body)}\r\n\r\n{body}".encode()


# --- RTSP -------------------------------------------------------------------------------------------


def test_the_question_is_the_one_of_the_standard() -> None:
    assert rtsp.options(1) == b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nUser-Agent: campusgw\r\n\r\n"
    assert rtsp.stream_uri("192.168.1.64", 554, "/a/b") == "rtsp://192.168.1.64:554/a/b"
    assert rtsp.stream_uri("fd00::1", 554, "") == "rtsp://[fd00::1]:554/"


@pytest.mark.parametrize(
    ("status", "alive"),
    [("200 OK", True), ("401 Unauthorized", True), ("404 Not Found", True), ("454", True),
     ("501 Not Implemented", True), ("500 Internal Server Error", False), ("503 Busy", False)],
)  # fmt: skip
def test_whatever_shows_a_server_that_serves_is_alive(status: str, alive: bool) -> None:
    head = rtsp.head_of(f"RTSP/1.0 {status}\r\ncseq:7\r\n\r\n".encode())
    assert head is not None
    answer = rtsp.answer_of(head)
    assert (answer.alive, answer.cseq) == (alive, 7)


def test_a_head_that_comes_byte_by_byte_is_read_when_it_is_whole() -> None:
    whole = [n for n in range(len(RTSP_OK) + 1) if rtsp.head_of(RTSP_OK[:n]) is not None]
    assert whole == [len(RTSP_OK)]


@pytest.mark.parametrize(
    "heard",
    [b"HTTP/1.1 400 Bad Request\r\n\r\n", b"\x00\xff", b"SSH-2.0-x\r\n", b"RTSP/1.0" + b"a" * (HEAD_MOST + 10)],
)
def test_what_is_no_rtsp_is_told_at_once(heard: bytes) -> None:
    with pytest.raises(BadFrame):
        rtsp.head_of(heard)


@pytest.mark.parametrize("head", [b"RTSP/1.0 OK", b"RTSP/1.0 999 x", b"RTSP/1.0  200 OK", b"RTSP/2.0 200 OK"])
def test_a_crooked_status_line_is_none(head: bytes) -> None:
    with pytest.raises(BadFrame):
        rtsp.answer_of(head)


# --- HTTP -------------------------------------------------------------------------------------------


def test_a_body_ends_by_its_length_in_chunks_or_with_the_connection() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    open_ended = b"HTTP/1.0 200 OK\r\nServer: x\r\n\r\nabcde"
    assert read_answer(http("abcde"), ended=False) == HttpAnswer(200, b"abcde")
    assert read_answer(chunked, ended=False) == HttpAnswer(200, b"abcde")
    assert read_answer(open_ended, ended=False) is None
    assert read_answer(open_ended, ended=True) == HttpAnswer(200, b"abcde")
    for whole in (http("abcde"), chunked):
        assert all(read_answer(whole[:n], ended=False) is None for n in range(len(whole) - 6))


@pytest.mark.parametrize(
    "heard",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort",
        b"HTTP/1.1 200 OK\r\nContent-Le",
        b"HTTP/1.1 20 OK\r\n\r\n",
        b"RTSP/1.0 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ],
)
def test_an_answer_that_breaks_off_or_is_none_is_no_answer(heard: bytes) -> None:
    with pytest.raises(BadFrame):
        read_answer(heard, ended=True)


@pytest.mark.parametrize(
    "heard",
    [
        b"HTTP/1.1 200 OK\r\nX: " + b"a" * HEAD_MOST,
        b"HTTP/1.1 200 OK\r\nContent-Length: 999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n\r\n" + b"a" * (BODY_MOST + 1),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + b"1\r\na\r\n" * (BODY_MOST // 2),
    ],
)
def test_nothing_is_read_without_a_bound(heard: bytes) -> None:
    with pytest.raises(BadFrame):
        read_answer(heard, ended=False)


# --- ONVIF ------------------------------------------------------------------------------------------


def test_the_request_is_soap_1_2_with_its_length() -> None:
    head, _, body = onvif.request("192.168.1.64", 80).partition(b"\r\n\r\n")
    assert head.startswith(b"POST /onvif/device_service HTTP/1.1\r\nHost: 192.168.1.64:80\r\n")
    assert b"Content-Type: application/soap+xml; charset=utf-8" in head
    assert b"Content-Length: %d" % len(body) in head
    assert b'<GetSystemDateAndTime xmlns="http://www.onvif.org/ver10/device/wsdl"/>' in body


def test_the_clock_is_the_utc_one_and_not_the_local_one() -> None:
    assert onvif.answer_of(HttpAnswer(200, SOAP.encode())).utc_s == MOMENT_S


def test_a_fault_and_a_wish_for_a_password_are_answers_of_a_device_that_lives() -> None:
    assert onvif.answer_of(HttpAnswer(400, FAULT.encode())).utc_s is None
    assert onvif.answer_of(HttpAnswer(401, b"")).utc_s is None


@pytest.mark.parametrize(
    ("was", "becomes"),
    [("<tt:Month>11<", "<tt:Month>13<"), ("<tt:Year>2026<", "<tt:Year>0<"), ("<tt:Hour>23<", "<tt:Hour>x<"),
     ("<tt:Day>23</tt:Day>", ""), ("UTCDateTime", "Other"), ("<tt:Second>11<", "<tt:Second>61<")],
)  # fmt: skip
def test_a_clock_that_is_no_moment_is_not_known_and_the_device_lives(was: str, becomes: str) -> None:
    assert onvif.answer_of(HttpAnswer(200, SOAP.replace(was, becomes).encode())).utc_s is None


def test_a_leap_second_is_the_second_before() -> None:
    answer = onvif.answer_of(HttpAnswer(200, SOAP.replace("<tt:Second>11", "<tt:Second>60").encode()))
    assert answer.utc_s == MOMENT_S - 11 + 59


@pytest.mark.parametrize(
    "body",
    [
        "",
        "<html><body>camera</body></html>",
        "<html/>",
        SOAP.replace("http://www.w3.org/2003/05/soap-envelope", "urn:other"),
        SOAP[:-20],
        '<!DOCTYPE a [<!ENTITY b "c">]>' + FAULT,
        '<!DOCTYPE a SYSTEM "file:///etc/passwd">' + FAULT,
        FAULT.replace("s:Sender", "&undeclared;"),
        FAULT.replace("<s:Body>", "<s:Body>" + "<a>" * 100),
        '<?xml version="1.0" encoding="no-such"?>' + FAULT,
    ],
)
def test_whatever_is_no_plain_soap_is_no_onvif_device(body: str) -> None:
    with pytest.raises(BadFrame):
        onvif.answer_of(HttpAnswer(200, body.encode()))
