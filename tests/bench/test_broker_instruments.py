"""The instruments that spoil a link: what they carry, what they drop, and what they invent."""

import asyncio
import random
import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from bench.reliability.brokers.between import doubled_pubacks, is_puback, without_pubacks
from bench.reliability.brokers.relay import Relay

PUBACK = b"\x40\x02\x00\x07"
PUBLISH = b"\x32\x07\x00\x01t\x00\x01hi"


def test_only_confirmations_are_swallowed() -> None:
    assert without_pubacks(PUBACK) == []
    assert without_pubacks(PUBLISH) == [PUBLISH]


def test_confirmations_come_twice_and_one_for_nothing() -> None:
    stray, *twice = doubled_pubacks(PUBACK)
    assert twice == [PUBACK, PUBACK]
    assert is_puback(stray)
    assert stray != PUBACK
    assert doubled_pubacks(PUBLISH) == [PUBLISH]


@contextmanager
def link() -> Iterator[tuple[Relay, socket.socket, socket.socket]]:
    """A relay with a host at each end; datagram sockets keep packets apart as TUN devices do."""
    (left, near), (right, far) = (socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM) for _ in range(2))
    for end in (left, right):
        end.setblocking(False)
    relay = Relay(near.detach(), far.detach(), random.Random(1))
    relay.start()
    try:
        yield relay, left, right
    finally:
        relay.close()
        left.close()
        right.close()


async def sent(count: int, source: socket.socket, target: socket.socket) -> list[bytes]:
    """What arrives of so many packets, in order, until nothing more comes."""
    loop = asyncio.get_running_loop()
    arrived: list[bytes] = []
    sending = asyncio.create_task(_send(count, source))
    try:
        async with asyncio.timeout(0.3):
            while len(arrived) < count:
                arrived.append(await loop.sock_recv(target, 100))
    except TimeoutError:
        pass
    await sending
    return arrived


async def _send(count: int, source: socket.socket) -> None:
    for number in range(count):
        await asyncio.get_running_loop().sock_sendall(source, b"%d" % number)
        await asyncio.sleep(0.001)  # a queue of datagrams is ten long


@pytest.mark.asyncio
async def test_a_good_link_carries_every_packet_both_ways_and_in_order() -> None:
    with link() as (relay, left, right):
        relay.jitter_s = 0.01
        assert await sent(50, left, right) == [b"%d" % n for n in range(50)]
        assert await sent(50, right, left) == [b"%d" % n for n in range(50)]
        assert relay.lost == 0


@pytest.mark.asyncio
async def test_a_bad_link_loses_its_share_and_holds_up_the_rest() -> None:
    with link() as (relay, left, right):
        relay.loss, relay.delay_s = 0.3, 0.05
        began_s = asyncio.get_running_loop().time()
        arrived = await sent(100, left, right)
        assert asyncio.get_running_loop().time() - began_s >= 0.05
        assert 50 < len(arrived) < 90
        assert relay.lost == 100 - len(arrived)


@pytest.mark.asyncio
async def test_nothing_passes_a_cut_link_and_nobody_is_told() -> None:
    with link() as (relay, left, right):
        relay.cut = True
        assert await sent(3, left, right) == []
        relay.cut = False
        assert await sent(1, left, right) == [b"0"], "what was sent before is gone"
