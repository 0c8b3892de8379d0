"""Units on one pair of wires: turnaround, silence, collisions, and what faults make of a frame."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import pytest

from drivers.modbus.pdu import read_request
from drivers.modbus.rtu import sound, wrap
from simulators.bus import RtuBus, request_size
from simulators.clock import run_virtual
from simulators.memory import MemoryStream, memory_pair

CHARACTER_S = 10 / 9600
ASK = read_request("holding", 0, 1)
REPLY = b"\x03\x02\x00\x2a"
PAUSE_S = 0.1


@dataclass
class Unit:
    """Answers everything with the same word."""

    address: int
    turnaround_s: float = 0.02
    late_s: float = 0.0
    plugged: bool = True
    asked: list[bytes] = field(default_factory=list)

    def answer(self, pdu: bytes) -> bytes | None:
        self.asked.append(pdu)
        return REPLY


def on_bus(talk: Callable[[RtuBus, MemoryStream], Awaitable[None]], *units: Unit, strict: bool = False) -> None:
    async def main() -> None:
        bus = RtuBus(units, character_s=CHARACTER_S, random=random.Random(1), strict=strict)
        near, far = memory_pair()
        serving = asyncio.create_task(bus.run(far))
        await asyncio.sleep(PAUSE_S)
        await talk(bus, near)
        await near.aclose()
        await serving

    run_virtual(main())


async def heard(near: MemoryStream, for_s: float = 1.0) -> bytes:
    received = bytearray()
    try:
        async with asyncio.timeout(for_s):
            while True:
                received += await near.receive()
    except TimeoutError:
        return bytes(received)


def test_the_unit_that_is_asked_answers_after_wire_time_and_turnaround() -> None:
    async def talk(_bus: RtuBus, near: MemoryStream) -> None:
        began_s = asyncio.get_running_loop().time()
        await near.send(wrap(2, ASK))
        assert await near.receive() == wrap(2, REPLY)
        took_s = asyncio.get_running_loop().time() - began_s
        assert took_s == pytest.approx((8 + 7) * CHARACTER_S + 0.02)

    on_bus(talk, Unit(1), Unit(2))


def test_nobody_answers_for_a_unit_that_is_not_there_or_has_no_power() -> None:
    async def talk(_bus: RtuBus, near: MemoryStream) -> None:
        await near.send(wrap(9, ASK))
        await asyncio.sleep(PAUSE_S)
        await near.send(wrap(1, ASK))
        assert await heard(near) == b""

    on_bus(talk, Unit(1, plugged=False))


def test_a_unit_pulled_off_while_it_thinks_says_nothing() -> None:
    unit = Unit(1)

    async def talk(_bus: RtuBus, near: MemoryStream) -> None:
        await near.send(wrap(1, ASK))
        await asyncio.sleep(0.015)
        unit.plugged = False
        assert unit.asked
        assert await heard(near) == b""

    on_bus(talk, unit)


def test_all_hear_a_broadcast_and_nobody_answers() -> None:
    units = Unit(1), Unit(2)

    async def talk(_bus: RtuBus, near: MemoryStream) -> None:
        await near.send(wrap(0, ASK))
        assert await heard(near) == b""
        assert [unit.asked for unit in units] == [[ASK], [ASK]]

    on_bus(talk, *units)


@pytest.mark.parametrize("strict", [False, True])
def test_a_request_that_breaks_the_silence_is_counted_and_a_strict_bus_ignores_it(strict: bool) -> None:
    async def talk(bus: RtuBus, near: MemoryStream) -> None:
        await near.send(wrap(1, ASK))
        await near.receive()
        await near.send(wrap(1, ASK))
        assert await heard(near) == (b"" if strict else wrap(1, REPLY))
        assert bus.violations == 1

    on_bus(talk, Unit(1), strict=strict)


def test_two_that_talk_at_once_spoil_each_other() -> None:
    async def talk(bus: RtuBus, near: MemoryStream) -> None:
        await near.send(wrap(1, ASK))
        await asyncio.sleep(0.042)
        await near.send(wrap(2, ASK))
        assert wrap(1, REPLY) not in await heard(near)
        assert bus.collisions >= 1

    on_bus(talk, Unit(1, late_s=0.02), Unit(2))


def test_a_late_reply_reaches_whoever_has_opened_the_port_meanwhile() -> None:
    async def main() -> None:
        bus = RtuBus([Unit(1, late_s=0.5)], character_s=CHARACTER_S, random=random.Random(1))
        (first, far), (second, other) = memory_pair(), memory_pair()
        tasks = [asyncio.create_task(bus.run(far))]
        await asyncio.sleep(PAUSE_S)
        await first.send(wrap(1, ASK))
        await asyncio.sleep(PAUSE_S)
        await first.aclose()
        tasks.append(asyncio.create_task(bus.run(other)))
        assert await heard(second) == wrap(1, REPLY)
        await second.aclose()
        await asyncio.wait(tasks)

    run_virtual(main())


FAULTS: dict[str, Callable[[bytes], bool]] = {
    "noise": lambda got: got != wrap(1, REPLY) and (got == b"" or not sound(got)),
    "truncated": lambda got: 0 < len(got) < len(wrap(1, REPLY)) and wrap(1, REPLY).startswith(got),
    "duplicated": lambda got: got == wrap(1, REPLY) * 2,
    "wrong_unit": lambda got: got == wrap(2, REPLY),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_does_to_a_frame_what_its_name_says(fault: str) -> None:
    async def talk(bus: RtuBus, near: MemoryStream) -> None:
        setattr(bus.faults, fault, 1.0)
        for _ in range(20):
            await near.send(wrap(1, ASK))
            assert FAULTS[fault](await heard(near))

    on_bus(talk, Unit(1))


def test_a_request_in_two_pieces_is_one_request() -> None:
    async def talk(_bus: RtuBus, near: MemoryStream) -> None:
        await near.send(wrap(1, ASK)[:3])
        await asyncio.sleep(0.005)
        await near.send(wrap(1, ASK)[3:])
        assert await heard(near) == wrap(1, REPLY)

    on_bus(talk, Unit(1))


def test_half_a_request_is_forgotten_after_a_silence() -> None:
    async def talk(_bus: RtuBus, near: MemoryStream) -> None:
        await near.send(wrap(1, ASK)[:3])
        await asyncio.sleep(0.5)
        await near.send(wrap(1, ASK))
        assert await heard(near) == wrap(1, REPLY)

    on_bus(talk, Unit(1))


@pytest.mark.parametrize(
    ("request_hex", "size"),
    [("01 03 00 00 00 01", 8), ("01 10 00 00 00 02 04", 13), ("01 0f 00 00 00", 0), ("01 2b 0e", 7), ("01", 0)],
)
def test_a_request_tells_its_own_length(request_hex: str, size: int) -> None:
    assert request_size(bytes.fromhex(request_hex)) == size
