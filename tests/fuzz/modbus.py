"""Targets on Modbus lines: the frames of both framings, and what registers mean."""

from collections.abc import Callable, Iterator
from functools import cache

from drivers.blocks import Block
from drivers.errors import NoResponse, Refused
from drivers.modbus import pdu
from drivers.modbus.device import ModbusDevice
from drivers.modbus.framing import Framing, Scan
from drivers.modbus.mbap import MbapFraming
from drivers.modbus.rtu import RtuFraming, crc16, sound
from drivers.profile import DeviceProfile
from drivers.profiles import load_profiles, profiles_dir
from tests.fuzz.target import Target, in_loop

UNIT, TAG = 1, 7
REQUESTS = (
    pdu.read_request("coil", 0, 16),
    pdu.read_request("discrete", 0, 5),
    pdu.read_request("holding", 0, 2),
    pdu.read_request("holding", 0, 125),
    pdu.read_request("input", 3, 1),
    pdu.write_coil(1, True),
    pdu.write_coils(0, [True, False, True]),
    pdu.write_register(1, 500),
    pdu.write_registers(0, [1, 2]),
    pdu.identify_request(),
)
REPLIES = (
    b"\x01\x02\xa5\x01",
    b"\x02\x01\x1f",
    b"\x03\x04\x00\x01\xff\xff",
    b"\x03\xfa" + bytes(250),
    b"\x04\x02\x12\x34",
    REQUESTS[5],
    REQUESTS[6][:5],
    REQUESTS[7],
    REQUESTS[8][:5],
    b"\x2b\x0e\x01\x01\x00\x00\x03\x00\x04Moxa\x01\x05E1212\x02\x03V1\xff",
)


def _modbus(framing: Framing, sounds: Callable[[bytes], bool]) -> Callable[[bytes], None]:
    """The first byte chooses what was asked; the rest is what came back, in two pieces."""

    def eat(given: bytes) -> None:
        request = REQUESTS[given[0] % len(REQUESTS)] if given else REQUESTS[0]
        received = given[1:]
        asked = framing.ask(UNIT, request, TAG)
        for piece in (received[: len(received) // 2], received):
            for wanted in (asked, None):
                scan = framing.scan(piece, wanted)
                assert 0 <= scan.used <= len(piece)
                assert wanted is not None or scan.reply is None
                assert all(sounds(stray.frame) for stray in scan.strays if stray.fault != "echo")
                _believed(request, scan)

    return eat


def _believed(request: bytes, scan: Scan) -> None:
    if scan.reply is None:
        return
    try:
        pdu.check_reply(request, scan.reply)
    except (Refused, NoResponse):
        return  # said so, in a good frame; BadFrame would mean that the framing believes what does not fit
    if request[0] in (1, 2):
        assert len(pdu.bits(scan.reply, request[4])) == request[4]
    elif request[0] in (3, 4):
        assert len(pdu.registers(scan.reply)) == request[4]
    elif request[0] == pdu.IDENTIFY:
        pdu.identity(scan.reply)


def _rtu_meals() -> Iterator[bytes]:
    for number, reply in enumerate(REPLIES):
        frame = bytes((UNIT,)) + reply
        whole = frame + crc16(frame).to_bytes(2, "little")
        refused = bytes((UNIT, REQUESTS[number][0] | 0x80, 2))
        yield bytes((number,)) + whole
        yield bytes((number,)) + RtuFraming().ask(UNIT, REQUESTS[number]).frame + whole
        yield bytes((number,)) + refused + crc16(refused).to_bytes(2, "little")


def _rtu_sealed(given: bytes) -> bytes:
    frame = given[1:-2]
    return given[:1] + frame + crc16(frame).to_bytes(2, "little")


def _tcp_meals() -> Iterator[bytes]:
    for number, reply in enumerate(REPLIES):
        for said in (reply, bytes((REQUESTS[number][0] | 0x80, 11))):
            yield _tcp_sealed(bytes((number, *bytes(6), UNIT)) + said)


def _tcp_sealed(given: bytes) -> bytes:
    """Our transaction, protocol 0 and the length that there is."""
    body = given[7:261]
    return given[:1] + TAG.to_bytes(2, "big") + b"\0\0" + len(body).to_bytes(2, "big") + body


class _Line:
    """Answers one block with what there is, of the length that was asked for."""

    reply = b""

    async def exchange(self, _unit: int, request: bytes, **_named: float) -> bytes:
        head = pdu.expected_head(request)
        return head + self.reply[: head[1]].ljust(head[1], b"\0")


@cache
def _blocks() -> tuple[tuple[DeviceProfile, Block], ...]:
    """Every point of every profile, each as a block of its own."""
    return tuple(
        (profile, Block(point.table, point.address, point.width, (point.name,)))
        for profile in load_profiles(profiles_dir()).values()
        for point in (profile.points if profile.protocol == "modbus" else ())
    )


def _meaning(given: bytes) -> None:
    """The first two bytes choose a point of all profiles; the rest is in its registers."""
    if len(given) < 2:
        return
    profile, block = _blocks()[int.from_bytes(given[:2], "big") % len(_blocks())]
    line = _Line()
    line.reply = given[2:]
    device = ModbusDevice(line, profile, 1, timeout_s=1.0, guard_s=1.0)  # type: ignore[arg-type]
    for reading in in_loop(device.read(block)):
        assert reading.point


def _registers() -> Iterator[bytes]:
    for number in range(0, len(_blocks()), 5):
        for words in (b"\x00\x01\x00\x02", b"\xff\xff\xff\xff", b"\x7f\xc0\x00\x00", b"\x41\xbb\x33\x33"):
            yield number.to_bytes(2, "big") + words


TARGETS = (
    Target("modbus_rtu", _modbus(RtuFraming(), sound), _rtu_meals, sealed=_rtu_sealed, longest=300),
    Target("modbus_tcp", _modbus(MbapFraming(), bool), _tcp_meals, sealed=_tcp_sealed, longest=300, share=6.0),
    Target("registers", _meaning, _registers, longest=64, share=4.0),
)
