"""Requests and replies as bytes, against the examples of Modbus Application Protocol V1.1b3 §6."""

import pytest

from drivers.errors import BadFrame, NoResponse, Refused
from drivers.modbus import pdu


@pytest.mark.parametrize(
    ("request_pdu", "wire"),
    [
        (pdu.read_request("coil", 0x13, 0x13), "01 00 13 00 13"),
        (pdu.read_request("discrete", 0xC4, 0x16), "02 00 c4 00 16"),
        (pdu.read_request("holding", 0x6B, 3), "03 00 6b 00 03"),
        (pdu.read_request("input", 8, 1), "04 00 08 00 01"),
        (pdu.write_coil(0xAC, True), "05 00 ac ff 00"),
        (pdu.write_coil(0xAC, False), "05 00 ac 00 00"),
        (pdu.write_register(1, 3), "06 00 01 00 03"),
        (pdu.write_coils(0x13, [1, 0, 1, 1, 0, 0, 1, 1, 1, 0]), "0f 00 13 00 0a 02 cd 01"),
        (pdu.write_registers(1, [0x000A, 0x0102]), "10 00 01 00 02 04 00 0a 01 02"),
        (pdu.identify_request(), "2b 0e 01 00"),
    ],
)
def test_requests_are_the_bytes_of_the_standard(request_pdu: bytes, wire: str) -> None:
    assert request_pdu == bytes.fromhex(wire)


@pytest.mark.parametrize(
    ("table", "address", "count"),
    [("holding", 0, 126), ("holding", 0, 0), ("coil", 0, 2001), ("input", -1, 1), ("input", 65536, 1)],
)
def test_what_modbus_cannot_ask_is_a_value_error(table: pdu.Table, address: int, count: int) -> None:
    with pytest.raises(ValueError):
        pdu.read_request(table, address, count)


@pytest.mark.parametrize("value", [-1, 65536])
def test_what_a_register_cannot_hold_is_a_value_error(value: int) -> None:
    with pytest.raises(ValueError, match="0 to 65535"):
        pdu.write_register(0, value)
    with pytest.raises(ValueError, match="0 to 65535"):
        pdu.write_registers(0, [1, value])


def test_a_write_of_more_registers_than_a_frame_holds_is_a_value_error() -> None:
    assert len(pdu.write_registers(0, [0] * 123)) == 6 + 246
    with pytest.raises(ValueError, match="123"):
        pdu.write_registers(0, [0] * 124)


def test_replies_are_decoded_as_the_standard_says() -> None:
    assert pdu.registers(bytes.fromhex("03 06 02 2b 00 00 00 64")) == [0x022B, 0, 0x64]
    assert pdu.bits(bytes.fromhex("01 03 cd 6b 05"), 19) == [bool(0x056BCD >> n & 1) for n in range(19)]
    objects = b"\x00\x05Maker\x01\x03IO8\x02\x04V1.2"
    assert pdu.identity(b"\x2b\x0e\x01\x01\x00\x00\x03" + objects) == {0: "Maker", 1: "IO8", 2: "V1.2"}


@pytest.mark.parametrize(
    ("request_pdu", "reply"),
    [
        ("03 00 6b 00 03", "03 06 02 2b 00 00 00 64"),
        ("01 00 13 00 13", "01 03 cd 6b 05"),
        ("05 00 ac ff 00", "05 00 ac ff 00"),
        ("06 00 01 00 03", "06 00 01 00 03"),
        ("10 00 01 00 02 04 00 0a 01 02", "10 00 01 00 02"),
        ("2b 0e 01 00", "2b 0e 01 01 00 00 01 00 02 41 42"),
    ],
)
def test_a_fitting_reply_passes_and_no_prefix_or_extension_of_it_does(request_pdu: str, reply: str) -> None:
    asked, answered = bytes.fromhex(request_pdu), bytes.fromhex(reply)
    pdu.check_reply(asked, answered)
    for wrong in [*(answered[:n] for n in range(1, len(answered))), answered + b"\0"]:
        with pytest.raises(BadFrame):
            pdu.check_reply(asked, wrong)


@pytest.mark.parametrize(
    ("request_pdu", "reply", "what"),
    [
        ("03 00 00 00 04", "04 08 00 01 00 02 00 03 00 04", "function 4 for function 3"),
        ("03 00 00 00 04", "03 04 00 01 00 02", "two registers for four"),
        ("01 00 00 00 08", "01 02 01 00", "sixteen bits for eight"),
        ("05 00 ac ff 00", "05 00 ac 00 00", "another state than written"),
        ("06 00 01 00 03", "06 00 02 00 03", "another address than written"),
        ("10 00 01 00 02 04 00 0a 01 02", "10 00 01 00 01", "fewer registers than written"),
        ("03 00 00 00 01", "84 02", "an exception to another function"),
    ],
)
def test_what_pymodbus_would_accept_is_a_bad_frame(request_pdu: str, reply: str, what: str) -> None:
    with pytest.raises(BadFrame, match="does not fit"):
        pdu.check_reply(bytes.fromhex(request_pdu), bytes.fromhex(reply))


def test_an_exception_is_a_refusal_in_words() -> None:
    with pytest.raises(Refused, match="illegal data address") as refused:
        pdu.check_reply(bytes.fromhex("03 00 00 00 01"), bytes.fromhex("83 02"))
    assert refused.value.code == 2
    with pytest.raises(Refused, match="exception 77"):
        pdu.check_reply(bytes.fromhex("03 00 00 00 01"), bytes.fromhex("83 4d"))


@pytest.mark.parametrize("code", ["0a", "0b"])
def test_a_gateway_that_cannot_reach_the_device_means_a_silent_device(code: str) -> None:
    with pytest.raises(NoResponse, match="gateway"):
        pdu.check_reply(bytes.fromhex("03 00 00 00 01"), bytes.fromhex("83" + code))
