"""A record leaves only when the broker has confirmed that very record, whatever else the broker does."""

import asyncio
import json
import logging
from pathlib import Path

import aiomqtt
import pytest

from agent.errors import Rejected, UplinkError
from agent.records import Lane
from agent.session import Session, SessionRequest, Will
from agent.uplink.mqtt import open_session
from tests.agent.uplink.bench import at_port, gateway, settings, until
from tests.agent.uplink.scripted import DISCONNECT, PUBLISH, Published, ScriptedBroker

pytestmark = pytest.mark.asyncio

WILL = Will("campus/v1/1/2/3/status/gateway", b"{}")
PREFIX = "campus/v1/x"


@pytest.fixture(autouse=True)
def _losses_are_expected(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "agent.uplink")


async def session_with(broker: ScriptedBroker, **more: object) -> Session:
    return await open_session(SessionRequest(at_port(broker.port), "gw", WILL, **more))  # type: ignore[arg-type]


def nothing(_published: Published) -> None:
    pass


# --- one publish, one answer ------------------------------------------------------------------------------


async def test_a_refused_publish_is_rejected_with_its_code_and_the_link_stays() -> None:
    async with ScriptedBroker(lambda p: p.confirm(0x87 if p.topic.endswith("no") else 0)) as broker:
        session = await session_with(broker)
        with pytest.raises(Rejected, match="Not authorized") as refused:
            await session.publish(f"{PREFIX}/no", b"{}")
        assert refused.value.code == 0x87
        await session.publish(f"{PREFIX}/yes", b"{}")
        await session.aclose()


async def test_no_subscribers_is_no_refusal() -> None:
    async with ScriptedBroker(lambda p: p.confirm(0x10)) as broker:
        session = await session_with(broker)
        await session.publish(PREFIX, b"{}")
        await session.aclose()


async def test_a_confirmation_of_another_packet_confirms_nothing() -> None:
    async with ScriptedBroker(lambda p: p.confirm(mid=p.mid + 100)) as broker:
        session = await session_with(broker)
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await session.publish(PREFIX, b"{}")
        await session.aclose()


async def test_confirmations_in_any_order_and_twice_answer_each_its_own() -> None:
    async with ScriptedBroker(nothing) as broker:
        session = await session_with(broker)
        sends = [asyncio.create_task(session.publish(f"{PREFIX}/{n}", b"{}")) for n in range(10)]
        await until(lambda: len(broker.seen) == 10)
        for published in reversed(broker.seen):
            refused = int(published.topic[-1]) % 3 == 0
            for _ in range(2):
                published.confirm(0x97 if refused else 0)
        results = await asyncio.gather(*sends, return_exceptions=True)
        assert [isinstance(r, Rejected) for r in results] == [n % 3 == 0 for n in range(10)]
        await session.aclose()


async def test_packet_ids_start_again_after_65535_without_mixing_up_confirmations() -> None:
    async with ScriptedBroker() as broker:
        session = await session_with(broker)
        session._client._client._last_mid = 65533  # type: ignore[attr-defined]
        for n in range(5):
            await session.publish(f"{PREFIX}/{n}", b"{}")
        assert [p.mid for p in broker.seen] == [65534, 65535, 1, 2, 3]
        await session.aclose()


async def test_a_reset_link_fails_what_waits_at_once() -> None:
    async with ScriptedBroker(nothing) as broker:
        session = await session_with(broker)
        send = asyncio.create_task(session.publish(PREFIX, b"{}"))
        await until(lambda: bool(broker.seen))
        broker.links[0].reset()
        async with asyncio.timeout(1):
            with pytest.raises(UplinkError, match="link broke"):
                await send
            assert await session.wait_lost() == "the link broke"
            with pytest.raises(UplinkError):
                await session.publish(PREFIX, b"{}")
        await session.aclose()


async def test_a_disconnect_with_a_reason_is_said_in_its_words() -> None:
    async with ScriptedBroker() as broker:
        session = await session_with(broker)
        broker.links[0].disconnect(0x8E)
        async with asyncio.timeout(1):
            assert "another client" in await session.wait_lost()
        await session.aclose()


async def test_a_silent_link_is_lost_by_keepalive_though_nothing_is_sent() -> None:
    async with ScriptedBroker() as broker:
        broker.answer_pings = False
        session = await session_with(broker, keepalive_s=1)
        async with asyncio.timeout(6):
            await session.wait_lost()
        await session.aclose()


async def test_no_more_is_under_way_than_receive_maximum_allows() -> None:
    async with ScriptedBroker(nothing) as broker:
        broker.receive_maximum = 5
        session = await session_with(broker)
        sends = [asyncio.create_task(session.publish(f"{PREFIX}/{n}", b"{}")) for n in range(20)]
        await until(lambda: len(broker.seen) == 5)
        for answered in range(20):
            await until(lambda: len(broker.seen) > answered)  # noqa: B023
            assert len(broker.seen) - answered <= 5
            broker.seen[answered].confirm()
        await asyncio.gather(*sends)
        await session.aclose()


# --- the login -------------------------------------------------------------------------------------------


async def test_a_refused_login_is_rejected_with_its_code() -> None:
    async with ScriptedBroker() as broker:
        broker.connect_code = 0x86
        with pytest.raises(Rejected, match="login: Bad user name or password") as refused:
            await session_with(broker)
        assert refused.value.code == 0x86


async def test_a_login_that_is_never_answered_ends_in_time_and_leaves_no_link_behind() -> None:
    async with ScriptedBroker() as broker:
        broker.connack = False
        with pytest.raises(UplinkError, match=r"no answer within 0\.3 s"):
            await session_with(broker, connect_timeout_s=0.3)
        async with asyncio.timeout(2):
            await broker.links[0].ended.wait()


async def test_a_login_that_is_given_up_leaves_no_link_behind() -> None:
    async with ScriptedBroker() as broker:
        broker.connack = False
        opening = asyncio.create_task(session_with(broker))
        await until(lambda: bool(broker.kinds))
        opening.cancel()
        async with asyncio.timeout(2):
            await broker.links[0].ended.wait()


async def test_a_link_that_is_closed_before_the_login_is_answered_is_an_error_at_once() -> None:
    async with ScriptedBroker() as broker:
        broker.close_before_connack = True
        async with asyncio.timeout(2):
            with pytest.raises(UplinkError, match="closed the link before it let us in"):
                await session_with(broker)


async def test_nobody_at_the_port_is_an_error_in_words() -> None:
    async with ScriptedBroker() as broker:
        port = broker.port
    with pytest.raises(UplinkError, match="refused"):
        await open_session(SessionRequest(at_port(port), "gw", WILL))


# --- outbox and uplink together -----------------------------------------------------------------------------


async def test_a_record_whose_confirmation_is_lost_is_sent_again_under_the_same_id(tmp_path: Path) -> None:
    lost: list[Published] = []

    def lose_the_first_alarm(published: Published) -> None:
        if "/alarm/" in published.topic and not lost:
            lost.append(published)
        else:
            published.confirm()

    async with ScriptedBroker(lose_the_first_alarm) as broker:  # noqa: SIM117
        async with gateway(tmp_path, settings(at_port(broker.port), confirm_timeout_s=0.2)) as it:
            await it.alarm(1)
            it.start()
            await it.drained()
            assert it.uplink.status.reconnects == 1
    sent = [json.loads(p.payload)["id"] for p in broker.seen if "/alarm/" in p.topic]
    assert len(sent) == 2
    assert len(set(sent)) == 1


async def test_a_session_that_is_given_up_ends_without_a_goodbye_so_the_will_is_published(
    tmp_path: Path,
) -> None:
    def deaf_to_alarms(published: Published) -> None:
        if "/alarm/" not in published.topic:
            published.confirm()

    async with ScriptedBroker(deaf_to_alarms) as broker:
        how = settings(at_port(broker.port), confirm_timeout_s=0.2, backoff_first_s=30.0, backoff_most_s=30.0)
        async with gateway(tmp_path, how) as it:
            await it.alarm(1)
            it.start()
            await until(lambda: "no confirmation" in it.uplink.status.why)
            await until(lambda: broker.links[0].ended.is_set())
    assert DISCONNECT not in broker.kinds


async def test_a_gateway_that_is_stopped_says_goodbye_whatever_is_under_way(tmp_path: Path) -> None:
    def deaf_to_alarms(published: Published) -> None:
        if "/alarm/" not in published.topic:
            published.confirm()

    async with ScriptedBroker(deaf_to_alarms) as broker:
        async with gateway(tmp_path, settings(at_port(broker.port), confirm_timeout_s=30.0)) as it:
            await it.alarm(1)
            it.start()
            await until(lambda: any("/alarm/" in p.topic for p in broker.seen))
            await it.stop()
        await until(lambda: broker.links[0].ended.is_set())
    assert json.loads(broker.seen[-1].payload)["data"]["reason"] == "stopped"
    assert broker.kinds[-1] == DISCONNECT


async def test_only_what_was_confirmed_leaves_when_the_link_dies_half_way(tmp_path: Path) -> None:
    confirmed: set[int] = set()

    def every_second(published: Published) -> None:
        if "/alarm/" not in published.topic:
            published.confirm()
            return
        n = json.loads(published.payload)["data"]["n"]
        if len(broker.links) == 1 and n >= 10:
            published.link.reset()
        elif len(broker.links) > 1 or n % 2 == 0:
            confirmed.add(n)
            published.confirm()

    async with ScriptedBroker(every_second) as broker:
        how = settings(at_port(broker.port), backoff_first_s=30.0, backoff_most_s=30.0)
        async with gateway(tmp_path, how) as it:
            await it.alarm(*range(16))
            it.start()
            await until(lambda: "link" in it.uplink.status.why)
            left = {s.record.data["n"] for s in await it.outbox.next({}, 100)}
            assert left >= set(range(16)) - confirmed
            assert confirmed == {0, 2, 4, 6, 8}
        async with gateway(tmp_path, settings(at_port(broker.port))) as it:
            it.start()
            await it.drained()
    assert confirmed == set(range(16))


async def test_a_refused_record_is_offered_again_after_its_rest(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.uplink.drain.REFUSED_REST_S", 0.2)
    refusals = 0

    def refuse_twice(published: Published) -> None:
        nonlocal refusals
        poor = "/alarm/" in published.topic and refusals < 2
        refusals += poor
        published.confirm(0x97 if poor else 0)

    async with ScriptedBroker(refuse_twice) as broker, gateway(tmp_path, settings(at_port(broker.port))) as it:
        await it.alarm(1)
        it.start()
        await it.drained()
        told = [json.loads(p.payload)["data"]["fields"]["code"] for p in broker.seen if "/event/uplink" in p.topic]
    assert refusals == 2
    assert told == [0x97], "said once"


async def test_a_lane_that_is_refused_altogether_does_not_hold_up_the_alarms(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.uplink.drain.REFUSED_MOST", 20)

    def no_events(published: Published) -> None:
        published.confirm(0x87 if "/event/" in published.topic else 0)

    async with ScriptedBroker(no_events) as broker, gateway(tmp_path, settings(at_port(broker.port))) as it:
        await it.event(*range(100))
        it.start()
        await until(lambda: sum("/event/" in p.topic for p in broker.seen) >= 20)
        await it.alarm(*range(30))
        await until(lambda: sum("/alarm/" in p.topic for p in broker.seen) == 30)
        await until(lambda: it.uplink.status.connected)
        assert sum("/event/" in p.topic for p in broker.seen) < 60, "a lane at rest is not hammered"
        async with asyncio.timeout(5):
            while await it.depth():
                await asyncio.sleep(0.01)
        assert await it.depth(Lane.EVENT) >= 100


async def test_a_refused_birth_costs_neither_session_nor_alarms(tmp_path: Path) -> None:
    async with ScriptedBroker(lambda p: p.confirm(0 if "/alarm/" in p.topic else 0x87)) as broker:  # noqa: SIM117
        async with gateway(tmp_path, settings(at_port(broker.port), heartbeat_s=0.05)) as it:
            it.board.put("panic-gate", {})
            it.start()
            await it.alarm(1)
            async with asyncio.timeout(5):
                while await it.depth():
                    await asyncio.sleep(0.01)
            assert it.uplink.status.reconnects == 0


# --- what aiomqtt alone does: reasons for AckClient, and a bell that rings when aiomqtt mends them --------------


async def test_aiomqtt_alone_takes_a_refusal_for_success() -> None:
    async with ScriptedBroker(lambda p: p.confirm(0x87)) as broker:  # noqa: SIM117
        async with aiomqtt.Client("127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5) as client:
            await client.publish(PREFIX, b"{}", 1)


async def test_aiomqtt_alone_ignores_receive_maximum() -> None:
    async with ScriptedBroker(nothing) as broker:
        broker.receive_maximum = 5
        async with aiomqtt.Client("127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5) as client:
            client.pending_calls_threshold = 100
            sends = [asyncio.create_task(client.publish(PREFIX, b"{}", 1)) for _ in range(19)]
            await until(lambda: broker.kinds.count(PUBLISH) == 19)
            for send in sends:
                send.cancel()


async def test_aiomqtt_alone_waits_for_its_timeout_on_a_reset_link() -> None:
    async with ScriptedBroker(nothing) as broker:
        client = aiomqtt.Client("127.0.0.1", broker.port, protocol=aiomqtt.ProtocolVersion.V5, timeout=1.5)
        await client.__aenter__()
        send = asyncio.create_task(client.publish(PREFIX, b"{}", 1))
        await until(lambda: bool(broker.seen))
        broker.links[0].reset()
        await until(client._disconnected.done)
        done, _ = await asyncio.wait([send], timeout=1.0)
        assert not done
        with pytest.raises(aiomqtt.MqttError, match="timed out"):
            await send
        with pytest.raises(aiomqtt.MqttError):
            client._disconnected.result()
