"""Modbus TCP framing: a reply is ours by its transaction id, and a wrong header ends the link."""

import random

import pytest

from drivers.modbus.mbap import MbapFraming
from drivers.modbus.pdu import read_request

MBAP = MbapFraming()
ASKED = MBAP.ask(1, read_request("holding", 0, 2), 0x1234)
REPLY = bytes.fromhex("03 04 00 07 00 09")


def framed(
    reply: bytes, *, tag: int = 0x1234, unit: int = 1, protocol: int = 0, length: int | None = None
) -> bytes:
    size = len(reply) + 1 if length is None else length
    return tag.to_bytes(2, "big") + protocol.to_bytes(2, "big") + size.to_bytes(2, "big") + bytes((unit,)) + reply


def test_a_request_is_the_bytes_of_the_messaging_guide() -> None:
    assert ASKED.frame == bytes.fromhex("12 34 00 00 00 06 01 03 00 00 00 02")


def test_a_reply_is_taken_only_when_it_is_whole() -> None:
    frame = framed(REPLY)
    for size in range(len(frame)):
        scan = MBAP.scan(frame[:size], ASKED)
        assert (scan.reply, scan.hopeless, scan.used) == (None, False, 0)
    assert MBAP.scan(frame, ASKED).reply == REPLY


def test_replies_to_other_requests_are_passed_over() -> None:
    scan = MBAP.scan(framed(REPLY, tag=0x1233) + framed(REPLY, tag=1, unit=9) + framed(REPLY), ASKED)
    assert scan.reply == REPLY
    assert [stray.unit for stray in scan.strays] == [1, 9]


@pytest.mark.parametrize(
    ("reply", "unit", "fault"),
    [
        ("03 04 00 07 00 09", 2, "wrong_unit"),
        ("04 04 00 07 00 09", 1, "other_function"),
        ("03 02 00 07", 1, "short"),
        ("03 04 00 07", 1, "short"),
        ("03 04 00 07 00 09 00", 1, "short"),
        ("83", 1, "sync"),
    ],
)
def test_our_transaction_with_another_content_is_hopeless(reply: str, unit: int, fault: str) -> None:
    scan = MBAP.scan(framed(bytes.fromhex(reply), unit=unit), ASKED)
    assert (scan.reply, scan.fault, scan.hopeless) == (None, fault, True)


def test_an_exception_is_a_reply() -> None:
    assert MBAP.scan(framed(b"\x83\x02"), ASKED).reply == b"\x83\x02"


@pytest.mark.parametrize(
    "header", [{"protocol": 1}, {"length": 0}, {"length": 2}, {"length": 255}, {"length": 9999}]
)
def test_a_header_that_is_none_means_the_link_is_out_of_step(header: dict[str, int]) -> None:
    scan = MBAP.scan(framed(REPLY, **header), ASKED)
    assert (scan.reply, scan.fault, scan.hopeless) == (None, "sync", True)


def test_with_nothing_asked_whole_frames_go_and_half_a_frame_stays() -> None:
    scan = MBAP.scan(framed(REPLY) + framed(REPLY)[:9], None)
    assert scan.used == len(framed(REPLY))
    assert len(scan.strays) == 1


def test_any_bytes_at_all_are_judged_without_an_error() -> None:
    rng = random.Random(3)
    for _ in range(20_000):
        noise = bytes(rng.choice((0, 0, 1, 3, 5, rng.randrange(256))) for _ in range(rng.randrange(40)))
        assert 0 <= MBAP.scan(noise, ASKED).used <= len(noise)
