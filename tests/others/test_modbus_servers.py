"""Our line against the servers of pymodbus and libmodbus: Modbus TCP, RTU on a pseudo-terminal, RTU over TCP."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from random import Random
from typing import TypeVar

import pytest
import pytest_asyncio

from drivers.blocks import plan_blocks
from drivers.errors import FieldError, LineError, NoResponse, Refused
from drivers.modbus.device import ModbusDevice
from drivers.modbus.line import ModbusLine
from drivers.modbus.pdu import (
    Table,
    bits,
    identify_request,
    identity,
    read_request,
    registers,
    write_coil,
    write_coils,
    write_register,
    write_registers,
)
from drivers.profile import DeviceProfile
from tests.others.choice import against
from tests.others.servers import BITS, REGISTERS, Far, LibmodbusFar, Medium, PymodbusFar, line_to
from tests.waiting import until

T = TypeVar("T")

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(30)]

TIMEOUT_S = 1.0  # they answer within a millisecond; a busy machine must not make that a timeout
GUARD_S = 0.2

PROFILE = DeviceProfile.model_validate(
    {
        "id": "of_others",
        "name": {"en": "a bit of everything", "zh": "各样一点"},
        "vendor": "nobody",
        "model": "none",
        "kind": "di_do_module",
        "verified": "simulator",
        "source": ["this test"],
        "points": [
            {"name": name, "title": {"en": name, "zh": name}, "table": table, "address": address, **more}
            for name, table, address, more in (
                ("coil", "coil", 3, {"type": "bool", "access": "rw"}),
                ("input", "discrete", 5, {"type": "bool", "alarm": True}),
                ("word", "holding", 7, {"type": "u16", "access": "rw"}),
                ("tenths", "input", 10, {"type": "i16", "scale": 0.1}),
                ("long", "holding", 20, {"type": "u32", "access": "rw"}),
                ("swapped", "holding", 30, {"type": "u32", "word_order": "little"}),
            )
        ],
    }
)


@pytest_asyncio.fixture
async def line(far: Far) -> AsyncIterator[ModbusLine]:
    """Our line to the server, closed after the test."""
    ours = line_to(far)
    yield ours
    await ours.aclose()


async def ask(line: ModbusLine, pdu: bytes, unit: int = 1) -> bytes:
    return await line.exchange(unit, pdu, timeout_s=TIMEOUT_S, guard_s=GUARD_S)


async def words(line: ModbusLine, table: Table, address: int, count: int, unit: int = 1) -> list[int]:
    return registers(await ask(line, read_request(table, address, count), unit))


async def answers_again(call: Callable[[], Awaitable[T]]) -> T:
    """Ask as a poller does, until an answer comes."""
    async with asyncio.timeout(8):
        while True:
            with contextlib.suppress(FieldError):
                return await call()
            await asyncio.sleep(0.02)


async def test_every_table_is_read_as_it_stands(line: ModbusLine) -> None:
    assert bits(await ask(line, read_request("coil", 3, 10)), 10) == [i % 3 == 0 for i in range(3, 13)]
    assert bits(await ask(line, read_request("discrete", 5, 17)), 17) == [i % 5 == 0 for i in range(5, 22)]
    assert await words(line, "holding", 0, 4) == [1000, 1001, 1002, 1003]
    assert await words(line, "input", 100, 3) == [2100, 2101, 2102]


async def test_the_longest_reads_that_modbus_allows_come_whole(line: ModbusLine) -> None:
    # Again when a busy machine has torn a reply in two with more than the pause that a frame may have.
    whole = await answers_again(lambda: words(line, "holding", 17, 125))
    assert whole == [1017 + i for i in range(125)]
    reply = await answers_again(lambda: ask(line, read_request("coil", 1, 2000)))
    assert bits(reply, 2000) == [i % 3 == 0 for i in range(1, 2001)]


async def test_what_is_written_is_read_back_and_was_sent_once(line: ModbusLine, far: Far) -> None:
    await ask(line, write_coil(1, True))
    await ask(line, write_coils(10, [True, False, True]))
    await ask(line, write_register(40, 0xBEEF))
    await ask(line, write_registers(50, range(123)))
    assert bits(await ask(line, read_request("coil", 1, 1)), 1) == [True]
    assert bits(await ask(line, read_request("coil", 10, 3)), 3) == [True, False, True]
    assert await words(line, "holding", 40, 1) == [0xBEEF]
    assert await words(line, "holding", 50, 123) == list(range(123))
    await until(lambda: len(far.writes) >= 4, "the server to say what it was asked")
    assert far.writes == [5, 15, 6, 16]


@pytest.mark.parametrize(
    "pdu",
    [read_request("holding", REGISTERS, 1), read_request("discrete", BITS - 1, 2), write_register(0xFFFF, 1)],
    ids=["read", "partly", "write"],
)
async def test_an_address_that_is_not_there_is_refused_as_such_and_the_next_read_is_good(
    line: ModbusLine, pdu: bytes
) -> None:
    with pytest.raises(Refused) as refusal:
        await ask(line, pdu)
    assert refusal.value.code == 2
    assert await words(line, "holding", 9, 1) == [1009]
    assert line.counters.unit(1).refused == {2: 1}


async def test_a_device_with_a_profile_reads_every_kind_of_point(line: ModbusLine) -> None:
    device = ModbusDevice(line, PROFILE, 1, timeout_s=TIMEOUT_S, guard_s=GUARD_S)
    names = {point.name for point in PROFILE.points}
    blocks = plan_blocks(PROFILE, names, max_block_s=1, character_s=0)
    readings = {reading.point: reading.value for block in blocks for reading in await device.read(block)}
    assert readings == {
        "coil": True,
        "input": True,
        "word": 1007,
        "tenths": pytest.approx(201.0),
        "long": 1020 * 65536 + 1021,
        "swapped": 1031 * 65536 + 1030,
    }


async def test_a_device_with_a_profile_writes_coils_registers_and_long_values(line: ModbusLine, far: Far) -> None:
    device = ModbusDevice(line, PROFILE, 1, timeout_s=TIMEOUT_S, guard_s=GUARD_S)
    await device.write("coil", False)
    await device.write("word", 4711)
    await device.write("long", 0x12345678)
    assert bits(await ask(line, read_request("coil", 3, 1)), 1) == [False]
    assert await words(line, "holding", 7, 1) == [4711]
    assert await words(line, "holding", 20, 2) == [0x1234, 0x5678]
    await until(lambda: len(far.writes) >= 3, "the server to say what it was asked")
    assert far.writes == [5, 6, 16]


async def test_cancelled_reads_never_give_their_answer_to_the_next(line: ModbusLine) -> None:
    """Every register has its own value, so an answer to another question shows."""

    async def read(address: int) -> list[int]:
        pdu = read_request("holding", address, 1)
        return registers(await line.exchange(1, pdu, timeout_s=0.1, guard_s=0.02))

    for address in range(0, 100, 2):
        impatient = asyncio.create_task(read(address))
        for _ in range(address % 7):
            await asyncio.sleep(0)
        impatient.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            assert await impatient == [1000 + address]
        assert await answers_again(lambda address=address: read(address + 1)) == [1001 + address]  # type: ignore[misc]


async def test_many_who_ask_at_once_each_get_their_own_answer(line: ModbusLine) -> None:
    answers = await asyncio.gather(*(words(line, "holding", address, 3) for address in range(60)))
    assert answers == [[1000 + address, 1001 + address, 1002 + address] for address in range(60)]


async def test_a_server_that_dies_is_lost_and_one_that_comes_back_is_asked_again(
    line: ModbusLine, far: Far
) -> None:
    await ask(line, write_register(0, 7))
    await far.stop()
    gone = NoResponse if far.medium == "rtu" else LineError
    with pytest.raises(gone):
        await words(line, "holding", 0, 1)
    await far.start()
    assert await answers_again(lambda: words(line, "holding", 0, 1)) == [1000]
    assert line.counters.reopened == (far.medium != "rtu")


@against(("pymodbus", "rtu"), ("libmodbus", "rtu"))
async def test_an_adapter_that_comes_back_under_another_name_is_opened_again(line: ModbusLine, far: Far) -> None:
    assert await words(line, "holding", 0, 1) == [1000]
    await far.unplug()
    with pytest.raises(LineError):
        await words(line, "holding", 0, 1)
    await far.plug()
    assert await answers_again(lambda: words(line, "holding", 0, 1)) == [1000]
    assert line.counters.reopened == 1


async def test_a_unit_that_is_not_there_is_not_answered_for_by_its_neighbour(line: ModbusLine, far: Far) -> None:
    absent = line.exchange(9, read_request("holding", 0, 1), timeout_s=0.1, guard_s=0.1)
    if isinstance(far, PymodbusFar):
        with pytest.raises(Refused):
            await absent
    elif far.medium == "tcp":
        assert registers(await absent) == [1000]
    else:
        with pytest.raises(NoResponse):
            await absent
        assert line.counters.unit(9).timeouts == 1
    assert await answers_again(lambda: words(line, "holding", 0, 1)) == [1000]
    assert line.counters.dropped_bytes == 0


async def test_what_is_set_in_the_server_is_seen_at_the_next_read(line: ModbusLine, far: Far) -> None:
    assert bits(await ask(line, read_request("discrete", 1, 1)), 1) == [False]
    await far.set_input(1, True)

    async def pressed() -> list[int]:
        seen = bits(await ask(line, read_request("discrete", 1, 1)), 1)
        return [1] if seen[0] else await pressed()

    assert await answers_again(pressed) == [1]


@pytest.mark.parametrize("seed", range(5))
async def test_how_the_bus_chops_requests_and_replies_does_not_matter(seed: int) -> None:
    far = PymodbusFar("rtu", Random(seed))
    await far.start()
    line = line_to(far)
    for count in (1, 2, 20, 125):
        assert await words(line, "holding", seed, count) == [1000 + seed + n for n in range(count)]
    assert line.counters.dropped_bytes == 0
    await line.aclose()
    await far.aclose()


@pytest.mark.parametrize("medium", ["tcp", "rtu", "rtu_over_tcp"])
async def test_two_units_on_one_line_are_told_apart(medium: Medium) -> None:
    far = PymodbusFar(medium)
    await far.start()
    line = line_to(far)
    asked = [1, 2, 1, 2, 2, 1]
    assert [await words(line, "holding", 0, 1, unit) for unit in asked] == [
        [1000] if unit == 1 else [11000] for unit in asked
    ]
    await line.aclose()
    await far.aclose()


@pytest.mark.parametrize("medium", ["tcp", "rtu", "rtu_over_tcp"])
async def test_a_server_says_who_made_it(medium: Medium) -> None:
    far = PymodbusFar(medium)
    await far.start()
    line = line_to(far)
    assert identity(await ask(line, identify_request()))[0] == "他人"
    await line.aclose()
    await far.aclose()


@pytest.mark.libmodbus
@pytest.mark.parametrize("medium", ["tcp", "rtu"])
async def test_a_refusal_that_libmodbus_thinks_over_for_long_is_not_taken_for_the_next_answer(
    libmodbus_server: Path, medium: Medium
) -> None:
    """libmodbus sleeps its response timeout (0.4 s here) before it refuses a count that is not allowed."""
    too_many = bytes((3, 0, 0, 0, 126))
    far = LibmodbusFar(medium, libmodbus_server)
    await far.start()
    line = line_to(far)
    with pytest.raises(NoResponse):
        await line.exchange(1, too_many, timeout_s=0.1, guard_s=0.6)
    assert await words(line, "holding", 3, 1) == [1003]
    assert line.counters.unit(1).late == 1
    with pytest.raises(Refused) as refusal:
        await ask(line, too_many)
    assert refusal.value.code == 3
    await line.aclose()
    await far.aclose()
