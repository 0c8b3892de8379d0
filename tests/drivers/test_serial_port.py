"""A serial port as a stream of bytes, on real pseudo-terminals."""

import asyncio
import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drivers.errors import LineError
from drivers.open import open_stream
from drivers.serial_port import SerialStream, open_serial
from drivers.stream import SerialPort
from tests.drivers.serial_pty import Pty

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(20)]

AT_ONCE_S = 1.0  # generous for a busy machine; every one of these takes a few milliseconds


@pytest.fixture
def pty() -> Iterator[Pty]:
    """A port, pulled out again after the test."""
    port = Pty()
    yield port
    port.vanish()


def at_once() -> asyncio.Timeout:
    return asyncio.timeout(AT_ONCE_S)


async def take(stream: SerialStream, count: int) -> bytes:
    """Receive until `count` bytes are there."""
    taken = b""
    async with asyncio.timeout(5):
        while len(taken) < count:
            taken += await stream.receive()
    return taken


def descriptors() -> int:
    return len(os.listdir("/proc/self/fd"))


async def test_bytes_pass_unchanged_both_ways_whatever_they_are(pty: Pty) -> None:
    every = bytes(range(256))
    stream = open_serial(SerialPort(pty.path))
    await stream.send(every)
    assert await asyncio.wait_for(pty.hear(256), 5) == every
    pty.say(every)
    assert await take(stream, 256) == every
    await stream.aclose()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chunks=st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=20))
async def test_how_the_bytes_are_chopped_does_not_matter(chunks: list[bytes]) -> None:
    pty = Pty()
    stream = open_serial(SerialPort(pty.path))
    taken = b""
    for chunk in chunks:
        pty.say(chunk)
        if len(chunk) % 2:
            taken += await stream.receive()
    taken += await take(stream, len(b"".join(chunks)) - len(taken))
    assert taken == b"".join(chunks)
    await stream.aclose()
    pty.vanish()


async def test_a_cancelled_receive_loses_no_byte(pty: Pty) -> None:
    stream = open_serial(SerialPort(pty.path))
    sent = taken = b""
    for number in range(200):
        waiting = asyncio.create_task(stream.receive())
        await asyncio.sleep(0)
        pty.say(bytes((number,)))
        sent += bytes((number,))
        if number % 3:
            await asyncio.sleep(0)
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            taken += await waiting
    taken += await take(stream, len(sent) - len(taken))
    assert taken == sent
    await stream.aclose()


async def test_what_stood_in_the_port_before_it_was_opened_is_no_reply(pty: Pty) -> None:
    keeps_it_alive = os.open(pty.path, os.O_RDWR | os.O_NOCTTY)
    pty.say(b"from yesterday")
    stream = open_serial(SerialPort(pty.path))
    pty.say(b"today")
    assert await take(stream, 5) == b"today"
    await stream.aclose()
    os.close(keeps_it_alive)


async def test_a_second_program_is_told_that_the_port_is_in_use(pty: Pty) -> None:
    stream = open_serial(SerialPort(pty.path))
    with pytest.raises(LineError, match=f"{pty.path}: in use by another program"):
        open_serial(SerialPort(pty.path))
    await stream.aclose()
    again = open_serial(SerialPort(pty.path))
    await again.aclose()


async def test_a_port_that_is_not_there_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(LineError, match=r"rs485-1: no such port: is the adapter plugged in\?"):
        await open_stream(SerialPort(str(tmp_path / "rs485-1")))


async def test_something_that_is_no_serial_port_is_refused_in_words(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a port")
    before = descriptors()
    with pytest.raises(LineError, match=r"file: settings refused"):
        open_serial(SerialPort(str(tmp_path / "file")))
    assert descriptors() == before


async def test_without_permission_the_group_to_join_is_named(pty: Pty, monkeypatch: pytest.MonkeyPatch) -> None:
    if os.geteuid() == 0:  # root may open everything: be somebody else for the one call
        real = os.open

        def as_nobody(path: str, flags: int, *rest: int) -> int:
            os.seteuid(65534)
            try:
                return real(path, flags, *rest)
            finally:
                os.seteuid(0)

        monkeypatch.setattr("serial.serialposix.os.open", as_nobody)
    os.chmod(pty.path, 0o000)
    with pytest.raises(LineError, match=r"permission denied: add the user to the group dialout"):
        open_serial(SerialPort(pty.path))


async def test_a_pulled_adapter_ends_a_waiting_receive_at_once(pty: Pty) -> None:
    stream = open_serial(SerialPort(pty.path))
    waiting = asyncio.create_task(stream.receive())
    await asyncio.sleep(0)
    pty.vanish()
    with pytest.raises(LineError, match=pty.path):
        async with at_once():
            await waiting


async def test_a_pulled_adapter_ends_a_waiting_send_at_once(pty: Pty) -> None:
    stream = open_serial(SerialPort(pty.path))
    waiting = asyncio.create_task(stream.send(bytes(1_000_000)))
    await asyncio.sleep(0)
    assert not waiting.done()
    pty.vanish()
    with pytest.raises(LineError, match=pty.path):
        async with at_once():
            await waiting


async def test_what_came_before_the_adapter_was_pulled_is_still_delivered(pty: Pty) -> None:
    stream = open_serial(SerialPort(pty.path))
    pty.say(b"last words")
    assert await take(stream, 10) == b"last words"
    pty.vanish()
    with pytest.raises(LineError):
        async with at_once():
            await stream.receive()
    with pytest.raises(LineError):
        await stream.send(b"x")


async def test_a_pulled_adapter_leaves_no_open_file_that_would_keep_its_name_taken(pty: Pty) -> None:
    before = descriptors()
    stream = open_serial(SerialPort(pty.path))
    pty.vanish()
    with pytest.raises(LineError):
        async with at_once():
            await stream.receive()
    assert descriptors() == before - 1  # the far end is gone too


async def test_an_adapter_that_comes_back_under_another_name_is_found_by_its_stable_name(tmp_path: Path) -> None:
    link = tmp_path / "rs485-1"
    first = Pty(link)
    stream = open_serial(SerialPort(str(link)))
    second = Pty()  # made while the first is there, so that it has another name
    first.vanish()
    with pytest.raises(LineError):
        async with at_once():
            await stream.receive()
    link.unlink()
    with pytest.raises(LineError, match="no such port"):
        open_serial(SerialPort(str(link)))
    link.symlink_to(second.path)
    again = open_serial(SerialPort(str(link)))
    second.say(b"here again")
    assert await take(again, 10) == b"here again"
    await again.aclose()
    second.vanish()


async def test_a_full_port_makes_send_wait_and_nothing_is_lost(pty: Pty) -> None:
    content = os.urandom(200_000)
    stream = open_serial(SerialPort(pty.path))
    sending = asyncio.create_task(stream.send(content))
    await asyncio.sleep(0)
    assert not sending.done()
    assert await asyncio.wait_for(pty.hear(len(content)), 10) == content
    await asyncio.wait_for(sending, 1)
    await stream.aclose()


async def test_an_adapter_that_takes_nothing_more_is_a_line_that_is_gone(
    pty: Pty, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("drivers.serial_port.STUCK_S", 0.05)
    stream = open_serial(SerialPort(pty.path))
    async with at_once():
        with pytest.raises(LineError, match=f"{pty.path}: takes nothing since 0.05 s"):
            await stream.send(bytes(1_000_000))
    again = open_serial(SerialPort(pty.path))
    await again.aclose()


async def test_a_cancelled_send_leaves_the_port_usable(pty: Pty) -> None:
    stream = open_serial(SerialPort(pty.path))
    sending = asyncio.create_task(stream.send(bytes(1_000_000)))
    await asyncio.sleep(0)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    with contextlib.suppress(BlockingIOError):
        while True:
            os.read(pty.far, 65536)
    async with at_once():
        await stream.send(b"next")
        assert await pty.hear(4) == b"next"
    await stream.aclose()


async def test_a_port_that_nobody_reads_is_not_read_without_end(pty: Pty) -> None:
    stream = open_serial(SerialPort(pty.path))
    said = 0
    with contextlib.suppress(BlockingIOError):
        while said < 10_000_000:
            said += os.write(pty.far, bytes(1000))
            await asyncio.sleep(0)
    assert said < 1_000_000, "the reader takes everything and keeps it"
    assert len(await take(stream, said)) == said
    pty.say(b"more")
    assert await take(stream, 4) == b"more"
    await stream.aclose()


async def test_closing_is_quick_though_much_is_unsent_and_may_be_done_twice(pty: Pty) -> None:
    stream = open_serial(SerialPort(pty.path))
    sending = asyncio.create_task(stream.send(bytes(1_000_000)))
    await asyncio.sleep(0)
    async with at_once():
        await stream.aclose()
        await stream.aclose()
        with pytest.raises(LineError):
            await sending
    with pytest.raises(LineError, match="closed"):
        await stream.receive()


async def test_closing_wakes_who_is_waiting_for_bytes(pty: Pty) -> None:
    stream = open_serial(SerialPort(pty.path))
    waiting = asyncio.create_task(stream.receive())
    await asyncio.sleep(0)
    await stream.aclose()
    with pytest.raises(LineError, match="closed"):
        async with at_once():
            await waiting


async def test_a_hundred_openings_leave_no_open_file_behind(pty: Pty) -> None:
    before = descriptors()
    for _ in range(100):
        await open_serial(SerialPort(pty.path)).aclose()
    assert descriptors() == before
