"""Characters take their time in both directions, and no byte is lost on the way."""

import asyncio

import pytest

from simulators.clock import run_virtual
from simulators.memory import memory_pair
from simulators.wire import CHUNK_S, PacedStream

CHARACTER_S = 10 / 9600


def now_s() -> float:
    return asyncio.get_running_loop().time()


def test_a_request_is_heard_when_its_last_bit_has_passed() -> None:
    async def main() -> None:
        near, far = memory_pair()
        paced, began_s = PacedStream(far, CHARACTER_S), now_s()
        await near.send(bytes(8))
        assert await paced.receive() == bytes(8)
        assert now_s() - began_s == pytest.approx(8 * CHARACTER_S)
        assert paced.began_s == began_s

    run_virtual(main())


def test_what_is_sent_without_a_pause_queues_on_the_wire() -> None:
    async def main() -> None:
        near, far = memory_pair()
        paced, began_s = PacedStream(far, CHARACTER_S), now_s()
        await near.send(bytes(8))
        await paced.receive()
        await near.send(bytes(4))
        await paced.receive()
        assert now_s() - began_s == pytest.approx(12 * CHARACTER_S)

    run_virtual(main())


def test_a_reply_comes_in_pieces_as_an_adapter_hands_it_over() -> None:
    async def main() -> None:
        near, far = memory_pair()
        paced, began_s = PacedStream(far, CHARACTER_S), now_s()
        sending = asyncio.create_task(paced.send(bytes(range(100))))
        received = bytearray(await near.receive())
        assert now_s() - began_s == pytest.approx(CHUNK_S, abs=CHARACTER_S)
        while len(received) < 100:
            received += await near.receive()
        await sending
        assert received == bytes(range(100))
        assert now_s() - began_s == pytest.approx(100 * CHARACTER_S)

    run_virtual(main())


def test_a_receive_that_is_cancelled_on_the_way_loses_nothing() -> None:
    async def main() -> None:
        near, far = memory_pair()
        paced = PacedStream(far, CHARACTER_S)
        await near.send(b"eight by")
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2 * CHARACTER_S):
                await paced.receive()
        assert await paced.receive() == b"eight by"

    run_virtual(main())


def test_a_medium_without_wire_time_adds_none() -> None:
    async def main() -> None:
        near, far = memory_pair()
        paced, began_s = PacedStream(far, 0.0), now_s()
        await near.send(bytes(300))
        await paced.send(await paced.receive())
        assert len(await near.receive()) == 300
        assert now_s() == began_s

    run_virtual(main())
