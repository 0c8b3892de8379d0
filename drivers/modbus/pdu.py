"""Requests and replies of Modbus as bytes; the one module that touches pymodbus, whose PDU classes code them.

Of pymodbus we use what it is good at, the coding. What fits what is decided here, because its own client
accepts function 4 for function 3 and two registers for four (docs/decisions/0001-modbus-engine.md).
"""

from collections.abc import Sequence
from functools import lru_cache
from typing import Literal

from pymodbus.pdu.bit_message import (
    ReadCoilsRequest,
    ReadCoilsResponse,
    ReadDiscreteInputsRequest,
    WriteMultipleCoilsRequest,
    WriteSingleCoilRequest,
)
from pymodbus.pdu.mei_message import ReadDeviceInformationRequest
from pymodbus.pdu.pdu import ModbusPDU
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadHoldingRegistersResponse,
    ReadInputRegistersRequest,
    WriteMultipleRegistersRequest,
    WriteSingleRegisterRequest,
)

from drivers.errors import BadFrame, NoResponse, Refused

Table = Literal["coil", "discrete", "holding", "input"]

REQUESTS_KEPT = 512  # a line asks the same questions for ever
ERROR_BIT = 0x80
IDENTIFY = 0x2B
WRITE_MOST = 123  # registers; Modbus Application Protocol V1.1b3 §6.12

EXCEPTIONS = {
    1: "illegal function",
    2: "illegal data address",
    3: "illegal data value",
    4: "device failure",
    5: "acknowledged, still working on it",
    6: "device busy",
    7: "negative acknowledge",
    8: "memory parity error",
    10: "gateway path unavailable",
    11: "gateway: the target device did not respond",
}
# Said by a gateway in between, not by the device: the device behind it is silent.
SILENT_TARGET = (10, 11)

_READS: dict[Table, type[ModbusPDU]] = {
    "coil": ReadCoilsRequest,
    "discrete": ReadDiscreteInputsRequest,
    "holding": ReadHoldingRegistersRequest,
    "input": ReadInputRegistersRequest,
}


@lru_cache(REQUESTS_KEPT)
def read_request(table: Table, address: int, count: int) -> bytes:
    """Ask for `count` bits or registers; raises ValueError where Modbus cannot ask that."""
    return _coded(_READS[table](address=address, count=count))


def write_coil(address: int, value: bool) -> bytes:
    """Set one coil."""
    return _coded(WriteSingleCoilRequest(address=address, bits=[value]))


def write_coils(address: int, values: Sequence[bool]) -> bytes:
    """Set several coils at once."""
    return _coded(WriteMultipleCoilsRequest(address=address, bits=list(values)))


def write_register(address: int, value: int) -> bytes:
    """Set one holding register."""
    return _coded(WriteSingleRegisterRequest(address=address, registers=_words([value])))


def write_registers(address: int, values: Sequence[int]) -> bytes:
    """Set several holding registers at once."""
    if not 1 <= len(values) <= WRITE_MOST:
        raise ValueError(f"1 to {WRITE_MOST} registers in one write, not {len(values)}")
    return _coded(WriteMultipleRegistersRequest(address=address, registers=_words(values)))


def identify_request(first: int = 0) -> bytes:
    """Ask for maker, product and revision (function 43/14, basic)."""
    return _coded(ReadDeviceInformationRequest(read_code=1, object_id=first))


def bits(reply: bytes, count: int) -> list[bool]:
    """The first `count` bits of a checked reply."""
    message = ReadCoilsResponse()
    message.decode(reply[1:])
    return list(message.bits[:count])


def registers(reply: bytes) -> list[int]:
    """The registers of a checked reply, 0 to 65535."""
    message = ReadHoldingRegistersResponse()
    message.decode(reply[1:])
    return list(message.registers)


def identity(reply: bytes) -> dict[int, str]:
    """The objects of a checked reply to `identify_request`: 0 maker, 1 product, 2 revision."""
    objects, at = {}, 7
    for _ in range(reply[6]):
        size = reply[at + 1]
        objects[reply[at]] = reply[at + 2 : at + 2 + size].decode("utf-8", "replace").strip("\0 ")
        at += 2 + size
    return objects


def check_reply(request: bytes, reply: bytes) -> None:
    """Raise Refused for an exception, NoResponse when a gateway says so, BadFrame for what fits not."""
    if len(reply) == 2 and reply[0] == request[0] | ERROR_BIT:
        _raise_exception(reply[1])
    head = expected_head(request)
    if reply[: len(head)] != head or len(reply) != reply_size(reply):
        raise BadFrame(f"reply {reply[:8].hex(' ')} does not fit request {request[:8].hex(' ')}")


def _raise_exception(code: int) -> None:
    text = EXCEPTIONS.get(code, f"exception {code}")
    if code in SILENT_TARGET:
        raise NoResponse(text)
    raise Refused(code, f"{text} (exception {code})")


@lru_cache(REQUESTS_KEPT)
def expected_head(request: bytes) -> bytes:
    """The bytes a good reply to `request` begins with: function, byte count, or the echo of a write."""
    function = request[0]
    if function in (1, 2):
        return bytes((function, (request[3] * 256 + request[4] + 7) // 8))
    if function in (3, 4, 23):
        return bytes((function, 2 * request[4]))
    if function in (5, 6, 15, 16):
        return request[:5]
    return request[:2] if function == IDENTIFY else request[:1]


def reply_size(head: bytes) -> int:
    """How long a reply is that begins with `head`; 0: more bytes must come to tell; -1: no reply begins so."""
    if not head:
        return 0
    function = head[0]
    if function & ERROR_BIT:
        return 2
    if function in (1, 2, 3, 4, 17, 23):
        return 2 + head[1] if len(head) > 1 else 0
    if function in (5, 6, 15, 16):
        return 5
    return _identity_size(head) if function == IDENTIFY else -1


def _identity_size(head: bytes) -> int:
    if len(head) < 7:
        return 0
    at = 7
    for _ in range(head[6]):
        if len(head) < at + 2:
            return 0
        at += 2 + head[at + 1]
    return at


def _coded(message: ModbusPDU) -> bytes:
    return bytes((message.function_code,)) + message.encode()


def _words(values: Sequence[int]) -> list[int]:
    wrong = [value for value in values if not 0 <= value <= 0xFFFF]
    if wrong:
        raise ValueError(f"a register holds 0 to 65535, not {wrong[0]}")
    return list(values)
