"""The simulated unit answers as a real one with this profile would, faults of a master included."""

import asyncio
from pathlib import Path

import pytest

from drivers.modbus.pdu import (
    Table,
    bits,
    identify_request,
    read_request,
    registers,
    write_coil,
    write_coils,
    write_register,
    write_registers,
)
from drivers.profile import DeviceProfile
from drivers.profiles import load_profile
from drivers.reading import Value
from simulators.clock import run_virtual
from simulators.modbus_unit import ModbusUnit

MODULE = """
id: module
name: {en: module, zh: 模块}
vendor: nobody
model: of this test
kind: di_do_module
verified: simulator
source: [this test]
turnaround_s: 0.015
limits: {max_bits: 16, max_registers: 20, functions: [1, 2, 3, 5, 6, 15, 16]}
heartbeat: {point: beat, still_s: 5}
identity:
  - {name: type, title: {en: type, zh: 型号}, table: holding, address: 100, type: ascii, length: 3, expect: IO8}
points:
  - {name: "di{n}", range: [1, 8], title: &title {en: it, zh: 它}, table: discrete, address: 0, type: bool}
  - name: do{n}
    range: [1, 4]
    title: *title
    table: coil
    address: 0
    type: bool
    access: rw
    safe: false
    pulse: {coil: 0x200, unit_s: 0.1, most: 50}
  - {name: restart, title: *title, table: coil, address: 16, type: bool, access: w, momentary: true}
  - {name: mode, title: *title, table: holding, address: 0, values: {1: plain, 2: linked}, access: rw}
  - {name: limit, title: *title, table: holding, address: 1, type: f32, word_order: little, access: rw}
  - {name: heat, title: *title, table: holding, address: 3, type: i16, scale: 0.1, invalid: [-32768]}
  - {name: beat, title: *title, table: holding, address: 4}
  - {name: tamper, title: *title, table: holding, address: 5, type: bool, bit: 0}
  - {name: fault, title: *title, table: holding, address: 5, type: bool, bit: 9}
  - name: last
    title: *title
    table: holding
    address: 6
    type: event
    codes: {0: {clear: [fire]}, 7: {set: [fire]}}
"""


@pytest.fixture
def profile(tmp_path: Path) -> DeviceProfile:
    file = tmp_path / "module.yaml"
    file.write_text(MODULE)
    return load_profile(file)


@pytest.fixture
def unit(profile: DeviceProfile) -> ModbusUnit:
    """Its heart stands still, so that it can be asked without a loop."""
    unit = ModbusUnit(profile, 7)
    unit.alive = False
    return unit


def told(unit: ModbusUnit) -> list[tuple[str, Value]]:
    """What its owner hears of orders from now on."""
    heard: list[tuple[str, Value]] = []
    unit.on_write = lambda point, value: heard.append((point, value))
    return heard


def words(unit: ModbusUnit, table: Table, address: int, count: int) -> list[int]:
    reply = unit.answer(read_request(table, address, count))
    assert reply is not None
    assert reply[0] == read_request(table, address, count)[0], reply.hex()
    return [int(bit) for bit in bits(reply, count)] if table in ("coil", "discrete") else registers(reply)


def test_what_the_field_does_is_what_a_reader_sees(unit: ModbusUnit) -> None:
    unit.set("di3", True)
    unit.set("di8", True)
    unit.set("heat", -12.3)
    unit.set("fault", True)
    unit.set("tamper", True)
    unit.set("fault", False)
    unit.set("limit", 1.0)
    assert words(unit, "discrete", 0, 8) == [0, 0, 1, 0, 0, 0, 0, 1]
    assert words(unit, "holding", 1, 5) == [0, 0x3F80, 0x10000 - 123, 0, 1]
    assert (unit.get("di3"), unit.get("heat"), unit.get("fault"), unit.get("limit")) == (True, -12.3, False, 1.0)


def test_a_unit_rests_at_believable_values(unit: ModbusUnit) -> None:
    assert (unit.get("di1"), unit.get("mode"), unit.get("heat"), unit.get("type")) == (False, "plain", 0.0, "IO8")


def test_a_value_can_be_absent(unit: ModbusUnit) -> None:
    unit.set("heat", None)
    assert words(unit, "holding", 3, 1) == [0x8000]
    assert unit.get("heat") is None
    with pytest.raises(ValueError, match="no value"):
        unit.set("beat", None)


def test_an_event_is_set_by_its_code_or_by_what_it_means(unit: ModbusUnit) -> None:
    unit.set("last", "fire")
    assert (unit.get("last"), words(unit, "holding", 6, 1)) == (7, [7])
    unit.set("last", 0)
    assert unit.get("last") == 0


def test_an_unknown_point_or_value_is_the_callers_mistake(unit: ModbusUnit) -> None:
    with pytest.raises(KeyError, match="door"):
        unit.set("door", True)
    for point, value in (("di1", 1), ("mode", "fast"), ("heat", "hot"), ("heat", 4000.0), ("last", "flood")):
        with pytest.raises(ValueError, match=point):
            unit.set(point, value)


@pytest.mark.parametrize(
    ("request_pdu", "code"),
    [
        (read_request("input", 0, 1), 1),
        (identify_request(), 1),
        (read_request("discrete", 0, 9), 2),
        (read_request("discrete", 8, 1), 2),
        (read_request("holding", 0, 8), 2),
        (read_request("holding", 0, 21), 3),
        (read_request("discrete", 0, 17), 3),
        (bytes.fromhex("03 00 00 00 00"), 3),
        (bytes.fromhex("03 00 00"), 3),
        (write_coil(4, True), 2),
        (write_coils(2, [True] * 3), 2),
        (bytes.fromhex("05 00 00 12 34"), 3),
        (bytes.fromhex("05 02 00 00 00"), 3),
        (bytes.fromhex("05 02 00 00 33"), 3),
        (bytes.fromhex("0f 00 00 00 02 02 01 00"), 3),
        (write_coil(16, False), 3),
        (write_register(3, 1), 2),
        (write_register(1, 1), 2),
        (write_register(0, 3), 3),
        (write_registers(1, [0x0000, 0x7FC0]), 3),
    ],
    ids=lambda value: value.hex(" ") if isinstance(value, bytes) else str(value),
)
def test_what_the_real_one_would_not_do_is_refused_and_changes_nothing(
    unit: ModbusUnit, request_pdu: bytes, code: int
) -> None:
    heard = told(unit)
    before = {point.name: unit.get(point.name) for point in unit.profile.points}
    assert unit.answer(request_pdu) == bytes((request_pdu[0] | 0x80, code))
    assert {point.name: unit.get(point.name) for point in unit.profile.points} == before
    assert not heard


@pytest.mark.parametrize(
    ("request_pdu", "heard"),
    [
        (write_coil(1, True), [("do2", True)]),
        (write_coils(0, [True, False, True]), [("do1", True), ("do2", False), ("do3", True)]),
        (write_register(0, 2), [("mode", "linked")]),
        (write_registers(0, [2, 0x0000, 0x3F80]), [("mode", "linked"), ("limit", 1.0)]),
    ],
)
def test_an_order_is_echoed_kept_and_told(
    unit: ModbusUnit, request_pdu: bytes, heard: list[tuple[str, Value]]
) -> None:
    listener = told(unit)
    assert unit.answer(request_pdu) == request_pdu[:5]
    assert listener == heard
    assert {point: unit.get(point) for point, _ in heard} == dict(heard)


def test_a_momentary_order_is_told_and_leaves_nothing_behind(unit: ModbusUnit) -> None:
    heard = told(unit)
    assert unit.answer(write_coil(16, True)) == write_coil(16, True)
    assert heard == [("restart", True)]
    assert unit.get("restart") is False


def test_a_pulse_ends_by_the_units_own_clock(profile: DeviceProfile) -> None:
    async def script() -> None:
        unit = ModbusUnit(profile, 1)
        heard = told(unit)
        order = bytes.fromhex("05 02 02 00 0a")
        assert unit.answer(order) == order
        assert unit.get("do3") is True
        await asyncio.sleep(0.99)
        assert heard == [("do3", True)]
        await asyncio.sleep(0.02)
        assert heard == [("do3", True), ("do3", False)]
        assert unit.get("do3") is False

    run_virtual(script())


def test_a_pulse_is_prolonged_by_another_and_overruled_by_a_plain_order(profile: DeviceProfile) -> None:
    async def script() -> None:
        unit = ModbusUnit(profile, 1)
        unit.answer(bytes.fromhex("05 02 00 00 0a"))
        await asyncio.sleep(0.9)
        unit.answer(bytes.fromhex("05 02 00 00 0a"))
        await asyncio.sleep(0.9)
        assert unit.get("do1") is True
        unit.answer(write_coil(0, True))
        await asyncio.sleep(2)
        assert unit.get("do1") is True

    run_virtual(script())


def test_its_heart_beats_until_it_stands_still(profile: DeviceProfile) -> None:
    async def script() -> None:
        unit = ModbusUnit(profile, 1)
        first = words(unit, "holding", 4, 1)
        await asyncio.sleep(1.1)
        second = words(unit, "holding", 4, 1)
        unit.alive = False
        await asyncio.sleep(10)
        assert first != second == words(unit, "holding", 4, 1)

    run_virtual(script())


def test_an_unplugged_unit_says_nothing(unit: ModbusUnit) -> None:
    unit.plugged = False
    assert unit.answer(read_request("discrete", 0, 8)) is None


def test_its_pace_is_the_profiles_unless_told(profile: DeviceProfile) -> None:
    assert ModbusUnit(profile, 1).turnaround_s == 0.015
    assert ModbusUnit(profile, 1, turnaround_s=0.2).turnaround_s == 0.2


def test_an_exact_block_is_answered_whole_or_not_at_all(profile: DeviceProfile) -> None:
    exact = profile.model_dump() | {"exact_blocks": [{"table": "holding", "address": 0, "count": 12}]}
    unit = ModbusUnit(DeviceProfile.model_validate(exact), 1)
    unit.alive = False
    assert len(words(unit, "holding", 0, 12)) == 12
    for address, count in ((0, 11), (3, 1), (1, 12)):
        assert unit.answer(read_request("holding", address, count)) == b"\x83\x02"
    assert words(unit, "holding", 100, 3) == [0x494F, 0x3800, 0]


def test_a_device_with_holes_fills_them_with_zeros(profile: DeviceProfile) -> None:
    unit = ModbusUnit(DeviceProfile.model_validate(profile.model_dump() | {"holes": True}), 1)
    unit.alive = False
    assert words(unit, "holding", 5, 10) == [0] * 10
    assert unit.answer(read_request("holding", 30, 2)) == b"\x83\x02"
