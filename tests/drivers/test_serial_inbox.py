"""What stands between a wire and its reader: nothing is lost, reordered or invented."""

import asyncio
import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.errors import LineError
from drivers.inbox import ROOM_BYTES, Inbox

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(20)]

Step = tuple[str, bytes]


@settings(max_examples=100, deadline=None)
@given(
    steps=st.lists(
        st.one_of(
            st.tuples(st.just("put"), st.binary(min_size=1, max_size=30)),
            st.tuples(st.sampled_from(["take", "give up", "turn"]), st.just(b"")),
        ),
        max_size=60,
    )
)
async def test_however_takes_puts_and_cancellations_meet_the_bytes_come_out_as_they_went_in(
    steps: list[Step],
) -> None:
    inbox = Inbox()
    taken: list[bytes] = []
    given_in = b""
    reader: asyncio.Task[bytes] | None = None
    for step, content in steps:
        if step == "put":
            inbox.put(content)
            given_in += content
        elif step == "take" and reader is None:
            reader = asyncio.create_task(inbox.take())
        elif step == "give up" and reader is not None:
            reader.cancel()
        else:
            await asyncio.sleep(0)
        if reader is not None and (step == "give up" or reader.done()):
            with contextlib.suppress(asyncio.CancelledError):
                taken.append(await reader)
            reader = None
    inbox.end("over")
    if reader is not None:
        with contextlib.suppress(LineError):
            taken.append(await reader)
    with contextlib.suppress(LineError):
        while True:
            taken.append(await inbox.take())
    assert b"".join(taken) == given_in


async def test_the_end_is_told_after_the_bytes_and_its_first_reason_stays() -> None:
    inbox = Inbox()
    inbox.put(b"last")
    inbox.end("pulled out")
    inbox.end("closed")
    assert await inbox.take() == b"last"
    with pytest.raises(LineError, match="pulled out"):
        await inbox.take()
    with pytest.raises(LineError, match="pulled out"):
        inbox.check()


async def test_it_says_when_nobody_takes_what_comes() -> None:
    inbox = Inbox()
    inbox.put(bytes(ROOM_BYTES - 1))
    assert not inbox.full
    inbox.put(b"x")
    assert inbox.full
    await inbox.take()
    assert not inbox.full
