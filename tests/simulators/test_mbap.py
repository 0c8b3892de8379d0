"""A Modbus TCP server: transaction ids, units behind it, and connections that hang."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from drivers.modbus.mbap import MbapFraming
from drivers.modbus.pdu import read_request
from simulators.clock import run_virtual
from simulators.mbap import MbapServer
from simulators.memory import MemoryStream, memory_pair
from tests.simulators.test_bus import REPLY, Unit, heard

ASK = read_request("holding", 0, 1)


def asked(unit: int, tag: int) -> bytes:
    return MbapFraming().ask(unit, ASK, tag).frame


def replied(unit: int, tag: int) -> bytes:
    return tag.to_bytes(2, "big") + b"\0\0" + (len(REPLY) + 1).to_bytes(2, "big") + bytes((unit,)) + REPLY


def with_server(talk: Callable[[MbapServer, MemoryStream], Awaitable[None]], *units: Unit) -> None:
    async def main() -> None:
        server = MbapServer(units, random=random.Random(1))
        near, far = memory_pair()
        serving = asyncio.create_task(server.run(far))
        await talk(server, near)
        await near.aclose()
        await serving

    run_virtual(main())


def test_each_request_is_answered_under_its_own_transaction_id() -> None:
    async def talk(_server: MbapServer, near: MemoryStream) -> None:
        both = asked(1, 7) + asked(1, 8)
        await near.send(both[:5])
        await near.send(both[5:])
        assert await heard(near) == replied(1, 7) + replied(1, 8)

    with_server(talk, Unit(1))


def test_a_slow_unit_does_not_hold_up_a_quick_one() -> None:
    async def talk(_server: MbapServer, near: MemoryStream) -> None:
        await near.send(asked(1, 1) + asked(2, 2))
        assert await heard(near, 3.0) == replied(2, 2) + replied(1, 1)

    with_server(talk, Unit(1, late_s=2.0), Unit(2))


def test_a_unit_without_power_or_that_is_not_there_says_nothing() -> None:
    async def talk(_server: MbapServer, near: MemoryStream) -> None:
        await near.send(asked(1, 1) + asked(9, 2))
        assert await heard(near) == b""

    with_server(talk, Unit(1, plugged=False))


def test_a_truncated_reply_leaves_the_connection_hanging() -> None:
    async def talk(server: MbapServer, near: MemoryStream) -> None:
        server.faults.truncated = 1.0
        await near.send(asked(1, 1))
        assert len(await heard(near)) in range(1, len(replied(1, 1)))
        server.faults.truncated = 0.0
        await near.send(asked(1, 2))
        assert await heard(near) == b""

    with_server(talk, Unit(1))


def test_a_foreign_answer_carries_another_transaction_id() -> None:
    async def talk(server: MbapServer, near: MemoryStream) -> None:
        server.faults.wrong_unit = 1.0
        await near.send(asked(1, 1))
        got = await heard(near)
        assert got[:2] != replied(1, 1)[:2]
        assert got[2:] == replied(1, 1)[2:]

    with_server(talk, Unit(1))
