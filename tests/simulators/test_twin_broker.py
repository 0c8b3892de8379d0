"""The broker in memory does to a session what a real one and its network do."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import replace

import pytest

from agent.errors import Rejected, UplinkError
from agent.session import Broker, Incoming, SessionRequest, Will
from simulators.clock import run_virtual
from simulators.twin_broker import TwinBroker

REQUEST = SessionRequest(Broker("127.0.0.1"), "gw", Will("status", b"lost"), keepalive_s=30)


def with_broker(story: Callable[[TwinBroker], Awaitable[None]]) -> None:
    async def main() -> None:
        await story(TwinBroker(random.Random(1)))

    run_virtual(main(), seed=1)


def payloads(broker: TwinBroker) -> list[bytes]:
    return [message.payload for message in broker.arrived]


def test_messages_arrive_in_the_order_of_sending_and_are_confirmed_one_by_one() -> None:
    async def story(broker: TwinBroker) -> None:
        session = await broker.open(REQUEST)
        sending = [asyncio.ensure_future(session.publish("t", bytes((n,)), retain=n == 3)) for n in range(10)]
        await asyncio.gather(*sending)
        assert len(payloads(broker)) == 10
        assert broker.retained == {"t": b"\x03"}

    with_broker(story)


@pytest.mark.parametrize(("end", "will"), [("drop", True), ("stop", False)])
def test_a_link_that_breaks_fails_whoever_waits_and_leaves_a_will_if_the_broker_lives(
    end: str, will: bool
) -> None:
    async def story(broker: TwinBroker) -> None:
        session = await broker.open(REQUEST)
        waiting = asyncio.ensure_future(session.publish("t", b"x"))
        await asyncio.sleep(0)
        getattr(broker, end)()
        with pytest.raises(UplinkError):
            await waiting
        with pytest.raises(UplinkError):
            await session.publish("t", b"y")
        assert await session.wait_lost()
        await asyncio.sleep(1.0)
        assert payloads(broker) == ([b"lost"] if will else [])

    with_broker(story)


def test_a_goodbye_leaves_no_will_and_a_takeover_does() -> None:
    async def story(broker: TwinBroker) -> None:
        session = await broker.open(REQUEST)
        await session.aclose()
        await session.aclose()
        assert broker.retained == {}
        first = await broker.open(REQUEST)
        await broker.open(REQUEST)
        assert await first.wait_lost() == "taken over"
        assert broker.retained == {"status": b"lost"}

    with_broker(story)


def test_a_cut_link_holds_what_was_sent_until_it_is_mended_or_given_up() -> None:
    async def story(broker: TwinBroker) -> None:
        session = await broker.open(REQUEST)
        broker.cut()
        held = asyncio.ensure_future(session.publish("t", b"held"))
        await asyncio.sleep(40.0)
        assert payloads(broker) == []
        broker.mend()
        await held
        assert payloads(broker) == [b"held"]
        broker.cut()
        began_s = asyncio.get_running_loop().time()
        await session.wait_lost()
        assert asyncio.get_running_loop().time() - began_s == 45.0

    with_broker(story)


def test_a_refusal_names_its_reason_and_a_lost_confirmation_is_no_lost_message() -> None:
    async def story(broker: TwinBroker) -> None:
        session = await broker.open(REQUEST)
        broker.rejects["/alarm/"] = 0x97
        with pytest.raises(Rejected) as refused:
            await session.publish("a/alarm/b", b"x")
        assert refused.value.code == 0x97
        assert payloads(broker) == []
        broker.confirms = False
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(5.0):
                await session.publish("t", b"y")
        assert payloads(broker) == [b"y"]

    with_broker(story)


def test_a_client_that_ignores_the_window_is_found_out() -> None:
    async def story(broker: TwinBroker) -> None:
        broker.window = 2
        session = await broker.open(REQUEST)
        sending = [session.publish("t", b"x") for _ in range(3)]
        results = await asyncio.gather(*sending, return_exceptions=True)
        assert [type(result) for result in results if result is not None] == [AssertionError]

    with_broker(story)


def test_nobody_gets_in_when_it_is_down_or_refuses_the_login() -> None:
    async def story(broker: TwinBroker) -> None:
        broker.login_code = 0x87
        with pytest.raises(Rejected):
            await broker.open(REQUEST)
        broker.stop()
        with pytest.raises(UplinkError, match="refused"):
            await broker.open(REQUEST)
        broker.start()
        broker.login_code = 0
        assert not broker.connected
        await broker.open(REQUEST)
        assert broker.connected

    with_broker(story)


LISTENS = replace(REQUEST, listen="gw-1/command/+")


def test_who_listens_hears_its_own_topics_in_order_and_at_once_what_is_retained() -> None:
    async def story(broker: TwinBroker) -> None:
        broker.say("gw-1/command/old", b"0", retain=True)
        broker.say("gw-1/command/replay", b"nobody is there")
        session, deaf = await broker.open(LISTENS), await broker.open(replace(REQUEST, client_id="other"))
        for number in b"123":
            broker.say("gw-2/command/replay", b"for another")
            broker.say("gw-1/command/replay/more", b"deeper than asked")
            broker.say("gw-1/command/replay", bytes((number,)))
        heard = [await session.receive() for _ in range(4)]
        assert heard[0] == Incoming("gw-1/command/old", b"0", True)
        assert heard[1:] == [Incoming("gw-1/command/replay", bytes((n,)), False) for n in b"123"]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(60):
                await deaf.receive()

    with_broker(story)


def test_who_listens_learns_that_the_link_is_lost_and_hears_late_what_a_cut_cable_held_up() -> None:
    async def story(broker: TwinBroker) -> None:
        session = await broker.open(LISTENS)
        broker.cut()
        broker.say("gw-1/command/replay", b"1")
        await asyncio.sleep(5.0)
        broker.mend()
        assert (await session.receive()).payload == b"1"
        broker.drop()
        with pytest.raises(UplinkError, match="the link is lost"):
            await session.receive()

    with_broker(story)


def test_a_broker_may_refuse_the_subscription_alone() -> None:
    async def story(broker: TwinBroker) -> None:
        broker.deaf_code = 0x87
        session = await broker.open(LISTENS)
        await session.publish("t", b"x")
        with pytest.raises(Rejected):
            await session.receive()

    with_broker(story)
