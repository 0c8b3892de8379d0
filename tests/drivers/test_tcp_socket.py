"""A TCP connection as a stream of bytes, on real sockets of the loopback interface."""

import asyncio
import contextlib
import os
import socket
import struct
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from drivers.errors import LineError
from drivers.open import open_stream
from drivers.stream import TcpEndpoint
from drivers.tcp_socket import TcpStream, open_tcp
from tests.waiting import unused_port

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(20)]

AT_ONCE_S = 1.0  # generous for a busy machine; every one of these takes a few milliseconds


class Peer:
    """The far side: a listening socket, and its end of the one connection."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.listener.setblocking(False)
        self.endpoint = TcpEndpoint("127.0.0.1", self.listener.getsockname()[1])
        self.wire = self.listener

    async def meet(self) -> TcpStream:
        """Connect the near side and accept it."""
        stream = await open_tcp(self.endpoint)
        self.wire, _ = await asyncio.get_running_loop().sock_accept(self.listener)
        self.wire.setblocking(False)
        return stream

    async def say(self, content: bytes) -> None:
        await asyncio.get_running_loop().sock_sendall(self.wire, content)

    async def hear(self, count: int) -> bytes:
        heard = b""
        while len(heard) < count:
            heard += await asyncio.get_running_loop().sock_recv(self.wire, count - len(heard))
        return heard

    def reset(self) -> None:
        """Close so that a RST goes out instead of a FIN."""
        self.wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.wire.close()

    def close(self) -> None:
        self.wire.close()
        self.listener.close()


@pytest_asyncio.fixture
async def peer() -> AsyncIterator[Peer]:
    """A far side that listens; closed after the test."""
    far = Peer()
    yield far
    far.close()


def at_once() -> asyncio.Timeout:
    return asyncio.timeout(AT_ONCE_S)


async def take(stream: TcpStream, count: int) -> bytes:
    """Receive until `count` bytes are there."""
    taken = b""
    async with asyncio.timeout(10):
        while len(taken) < count:
            taken += await stream.receive()
    return taken


async def test_bytes_pass_unchanged_both_ways(peer: Peer) -> None:
    stream = await peer.meet()
    every = bytes(range(256))
    await stream.send(every)
    assert await peer.hear(256) == every
    await peer.say(every)
    assert await take(stream, 256) == every
    await stream.aclose()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chunks=st.lists(st.binary(min_size=1, max_size=40), min_size=1, max_size=20))
async def test_how_the_bytes_are_chopped_does_not_matter(chunks: list[bytes]) -> None:
    far = Peer()
    stream = await far.meet()
    taken = b""
    for chunk in chunks:
        await far.say(chunk)
        if len(chunk) % 2:
            taken += await stream.receive()
    taken += await take(stream, len(b"".join(chunks)) - len(taken))
    assert taken == b"".join(chunks)
    await stream.aclose()
    far.close()


async def test_a_cancelled_receive_loses_no_byte(peer: Peer) -> None:
    stream = await peer.meet()
    sent = taken = b""
    for number in range(200):
        waiting = asyncio.create_task(stream.receive())
        await asyncio.sleep(0)
        await peer.say(bytes((number,)))
        sent += bytes((number,))
        if number % 3:
            await asyncio.sleep(0)
        waiting.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            taken += await waiting
    taken += await take(stream, len(sent) - len(taken))
    assert taken == sent
    await stream.aclose()


async def test_a_refused_connection_says_what_to_look_at() -> None:
    port = unused_port()
    with pytest.raises(LineError, match=rf"127\.0\.0\.1:{port}: connection refused; is the device's port right"):
        await open_stream(TcpEndpoint("127.0.0.1", port))


async def test_a_name_without_an_address_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_such_name(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr("socket.getaddrinfo", no_such_name)
    with pytest.raises(LineError, match=r"dorm-io:502: this name has no address \(Name or service not known\)"):
        await open_tcp(TcpEndpoint("dorm-io"))


async def test_what_cannot_be_a_host_name_is_a_lost_line_too() -> None:
    with pytest.raises(LineError, match=r"dorm\.\.io:502: this is no host name"):
        await open_tcp(TcpEndpoint("dorm..io"))


async def test_a_host_that_does_not_answer_is_given_up_in_time() -> None:
    """A listener whose queue is full drops further SYNs, as a host does that is switched off."""
    full = socket.socket()
    full.bind(("127.0.0.1", 0))
    full.listen(0)
    waiting = [socket.socket() for _ in range(3)]
    for client in waiting:
        client.setblocking(False)
        client.connect_ex(full.getsockname())
    with pytest.raises(LineError, match=r"no answer within 0\.2 s"):
        async with asyncio.timeout(5):
            await open_tcp(TcpEndpoint("127.0.0.1", full.getsockname()[1], connect_timeout_s=0.2))
    for one in (*waiting, full):
        one.close()


async def test_a_closed_far_side_ends_a_waiting_receive_at_once(peer: Peer) -> None:
    stream = await peer.meet()
    waiting = asyncio.create_task(stream.receive())
    await asyncio.sleep(0)
    peer.wire.close()
    with pytest.raises(LineError, match="closed by the far side"):
        async with at_once():
            await waiting
    with pytest.raises(LineError):
        await stream.send(b"x")


async def test_a_far_side_that_only_stops_sending_counts_as_closed_too(peer: Peer) -> None:
    stream = await peer.meet()
    await peer.say(b"last words")
    peer.wire.shutdown(socket.SHUT_WR)
    assert await take(stream, 10) == b"last words"
    with pytest.raises(LineError, match="closed by the far side"):
        async with at_once():
            await stream.receive()
    async with at_once():
        assert await peer.hear(0) == b""
        assert await asyncio.get_running_loop().sock_recv(peer.wire, 1) == b"", "our side must close as well"


async def test_a_reset_ends_a_waiting_receive_at_once(peer: Peer) -> None:
    stream = await peer.meet()
    waiting = asyncio.create_task(stream.receive())
    await asyncio.sleep(0)
    peer.reset()
    with pytest.raises(LineError, match=r"127\.0\.0\.1:\d+: .*reset"):
        async with at_once():
            await waiting


async def test_a_reset_ends_a_waiting_send_at_once(peer: Peer) -> None:
    stream = await peer.meet()
    sending = asyncio.create_task(stream.send(bytes(20_000_000)))
    await asyncio.sleep(0)
    assert not sending.done()
    peer.reset()
    with pytest.raises(LineError):
        async with at_once():
            await sending


async def test_a_far_side_that_takes_nothing_makes_send_wait_and_nothing_is_lost(peer: Peer) -> None:
    content = os.urandom(10_000_000)
    stream = await peer.meet()
    sending = asyncio.create_task(stream.send(content))
    await asyncio.sleep(0)
    assert not sending.done()
    assert await asyncio.wait_for(peer.hear(len(content)), 10) == content
    async with at_once():
        await sending
    await stream.aclose()


async def test_a_connection_that_nobody_reads_is_not_read_without_end(peer: Peer) -> None:
    content = os.urandom(30_000_000)
    stream = await peer.meet()
    saying = asyncio.create_task(peer.say(content))
    for _ in range(2000):
        await asyncio.sleep(0)
    assert not saying.done(), "the reader takes everything and keeps it"
    assert await take(stream, len(content)) == content
    await saying
    await stream.aclose()


async def test_a_dead_peer_is_found_by_the_kernel_though_it_says_neither_fin_nor_rst(peer: Peer) -> None:
    stream = await peer.meet()
    wire: socket.socket = stream._transport.get_extra_info("socket")
    assert wire.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    idle_s, every_s, times = (
        wire.getsockopt(socket.IPPROTO_TCP, name)
        for name in (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
    )
    assert idle_s + every_s * times <= 30, "a lost device must be known within 30 s"
    assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) <= 30_000
    assert wire.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    await stream.aclose()


async def test_closing_may_be_done_twice_and_the_far_side_learns_it(peer: Peer) -> None:
    stream = await peer.meet()
    await stream.aclose()
    assert peer.wire.recv(1) == b"", "a device with room for one connection must know before the next one comes"
    await stream.aclose()
    with pytest.raises(LineError, match="closed"):
        await stream.receive()
    with pytest.raises(LineError, match="closed"):
        await stream.send(b"x")


async def test_closing_gives_the_socket_back_at_once_though_the_far_side_takes_nothing(peer: Peer) -> None:
    before = len(os.listdir("/proc/self/fd"))
    stream = await peer.meet()
    sending = asyncio.create_task(stream.send(bytes(20_000_000)))
    await asyncio.sleep(0)
    await stream.aclose()
    assert len(os.listdir("/proc/self/fd")) == before + 1  # the far end's
    with pytest.raises(LineError, match="closed"):
        async with at_once():
            await sending


async def test_a_hundred_connections_leave_no_open_file_behind(peer: Peer) -> None:
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(100):
        stream = await peer.meet()
        await stream.aclose()
        peer.wire.close()
    assert len(os.listdir("/proc/self/fd")) == before
