"""RTU framing: the reply is found among whatever a serial line carries, or nothing is."""

import random

import pytest
from pymodbus.framer.rtu import FramerRTU

from drivers.modbus.framing import Asked
from drivers.modbus.pdu import identify_request, read_request, write_register, write_registers
from drivers.modbus.rtu import RtuFraming, crc16, sound, wrap

RTU = RtuFraming()
READ = RTU.ask(1, read_request("holding", 0, 2))
REPLY = bytes.fromhex("03 04 00 07 00 09")
FRAME = wrap(1, REPLY)
WRITE = RTU.ask(1, write_register(4, 9))


def test_the_checksum_is_the_one_of_the_standard_and_of_pymodbus() -> None:
    assert wrap(2, b"\x07") == bytes.fromhex("02 07 41 12")  # Modbus over serial line V1.02 §6.2.2
    rng = random.Random(1)
    for size in range(1, 200):
        content = rng.randbytes(size)
        assert crc16(content).to_bytes(2, "little") == FramerRTU.compute_CRC(content).to_bytes(2, "big")


def test_every_flip_of_up_to_two_bits_breaks_the_checksum() -> None:
    bits = 8 * len(FRAME)
    whole = int.from_bytes(FRAME, "big")
    for one in range(bits):
        for two in range(one, bits):
            flipped = whole ^ (1 << one) ^ (1 << two if two != one else 0)
            assert not sound(flipped.to_bytes(len(FRAME), "big"))


def test_a_reply_is_taken_only_when_it_is_whole() -> None:
    for size in range(len(FRAME)):
        scan = RTU.scan(FRAME[:size], READ)
        assert scan.reply is None
        assert not scan.hopeless
    assert RTU.scan(FRAME, READ).reply == REPLY


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("00", ""),
        ("ff ff 00", "00"),
        ("01", ""),
        ("01 03", ""),
        ("01 03 04 00", ""),
        ("01 03 04 00 07 00 09 00", ""),
        ("de ad be ef 01 83", "ff ff ff"),
        ("01 03 fa", "01 03"),
    ],
)
def test_garbage_around_the_reply_is_passed_over(before: str, after: str) -> None:
    scan = RTU.scan(bytes.fromhex(before) + FRAME + bytes.fromhex(after), READ)
    assert scan.reply == REPLY
    assert scan.noise == len(bytes.fromhex(before))


def test_sound_frames_of_others_are_passed_over_and_named() -> None:
    others = [wrap(2, REPLY), wrap(1, b"\x04" + REPLY[1:]), wrap(1, bytes.fromhex("03 02 00 07")), READ.frame]
    scan = RTU.scan(b"".join(others) + FRAME, READ)
    assert scan.reply == REPLY
    assert [(stray.unit, stray.fault) for stray in scan.strays] == [
        (2, "wrong_unit"),
        (1, "other_function"),
        (1, "short"),
        (1, "echo"),
    ]


def test_a_reply_inside_another_units_frame_is_not_ours() -> None:
    nested = wrap(2, bytes((3, len(FRAME) + 1)) + FRAME + b"\0")
    scan = RTU.scan(nested, READ)
    assert scan.reply is None
    assert [stray.unit for stray in scan.strays] == [2]


def test_a_whole_reply_with_a_wrong_checksum_is_hopeless_at_once() -> None:
    scan = RTU.scan(FRAME[:-1] + b"\0", READ)
    assert (scan.fault, scan.hopeless) == ("crc", True)


def test_a_broken_reply_followed_by_a_sound_one_gives_the_sound_one() -> None:
    assert RTU.scan(FRAME[:-1] + b"\0" + FRAME, READ).reply == REPLY


def test_two_different_replies_are_both_not_believed() -> None:
    other = wrap(1, bytes.fromhex("03 04 00 08 00 09"))
    for glued in (FRAME + other, other + FRAME, FRAME + b"\0\0" + other):
        scan = RTU.scan(glued, READ)
        assert (scan.reply, scan.fault, scan.hopeless) == (None, "ambiguous", True)


def test_the_same_reply_twice_is_one_reply() -> None:
    assert RTU.scan(FRAME + FRAME, READ).reply == REPLY


@pytest.mark.parametrize("asked", [READ, WRITE, RTU.ask(1, write_registers(0, [1, 2]))])
def test_an_exception_is_a_reply(asked: Asked) -> None:
    refusal = bytes((asked.pdu[0] | 0x80, 2))
    assert RTU.scan(wrap(1, refusal), asked).reply == refusal


def test_a_write_is_confirmed_only_by_its_exact_echo() -> None:
    assert RTU.scan(wrap(1, WRITE.pdu), WRITE).reply == WRITE.pdu
    assert RTU.scan(wrap(1, write_register(4, 8)), WRITE).reply is None
    assert RTU.scan(wrap(1, write_register(5, 9)), WRITE).reply is None


def test_the_echo_of_a_block_write_is_not_its_reply() -> None:
    asked = RTU.ask(1, write_registers(0x10, [1, 2]))
    assert [stray.fault for stray in RTU.scan(asked.frame, asked).strays] == ["echo"]
    assert RTU.scan(asked.frame + wrap(1, asked.pdu[:5]), asked).reply == asked.pdu[:5]


def test_an_echo_that_looks_like_the_beginning_of_a_reply_does_not_hide_the_reply() -> None:
    asked = RTU.ask(1, read_request("holding", 0x0400, 2))  # its address reads like the byte count 4
    for size in range(1, len(asked.frame) + 1):
        assert not RTU.scan(asked.frame[:size], asked).hopeless
    assert RTU.scan(asked.frame + FRAME, asked).reply == REPLY


def test_an_identification_is_measured_by_walking_its_objects() -> None:
    asked = RTU.ask(1, identify_request())
    reply = bytes.fromhex("2b 0e 01 01 00 00 02 00 02 41 42 01 01 43")
    frame = wrap(1, reply)
    for size in range(len(frame)):
        assert RTU.scan(frame[:size], asked).reply is None
    assert RTU.scan(frame, asked).reply == reply


def test_with_nothing_asked_everything_is_stray() -> None:
    scan = RTU.scan(FRAME + b"\xff" + wrap(7, REPLY), None)
    assert scan.reply is None
    assert [stray.unit for stray in scan.strays] == [1, 7]


def test_a_function_whose_reply_has_no_known_length_cannot_be_asked() -> None:
    with pytest.raises(ValueError, match="length"):
        RTU.ask(1, b"\x41\x00")


def test_any_bytes_at_all_are_judged_without_an_error() -> None:
    rng = random.Random(2)
    for _ in range(20_000):
        noise = bytes(rng.choice((0, 1, 3, 4, 0x83, 0x2B, rng.randrange(256))) for _ in range(rng.randrange(40)))
        scan = RTU.scan(noise, READ)
        assert scan.reply is None
        assert 0 <= scan.used <= len(noise)
