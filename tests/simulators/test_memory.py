"""A wire in memory keeps the promises of a ByteStream."""

import asyncio

import pytest

from drivers.errors import LineError
from simulators.clock import run_virtual
from simulators.memory import memory_pair


def test_what_one_end_sends_the_other_receives_in_both_directions() -> None:
    async def main() -> None:
        near, far = memory_pair()
        await near.send(b"ab")
        await near.send(b"c")
        assert await far.receive() == b"abc"
        await far.send(b"d")
        assert await near.receive() == b"d"

    run_virtual(main())


def test_a_receive_that_is_cancelled_loses_nothing() -> None:
    async def main() -> None:
        near, far = memory_pair()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1.0):
                await far.receive()
        await near.send(b"kept")
        assert await far.receive() == b"kept"

    run_virtual(main())


@pytest.mark.parametrize("end", ["closes", "vanishes"])
def test_an_end_is_known_at_both_sides_after_the_bytes_before_it(end: str) -> None:
    async def main() -> None:
        near, far = memory_pair()
        await near.send(b"last")
        if end == "closes":
            await near.aclose()
            await near.aclose()
        else:
            near.vanish()
        assert await far.receive() == b"last"
        for stream in (near, far):
            with pytest.raises(LineError):
                await stream.receive()
            with pytest.raises(LineError):
                await stream.send(b"x")

    run_virtual(main())
