"""The uplink against a broker that others wrote: Debian's mosquitto."""

import asyncio
import json
import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from agent.records import Lane
from agent.session import Session, SessionRequest, Will
from agent.uplink.mqtt import open_session
from tests.agent.uplink.bench import IDENTITY, PREFIX, at_port, gateway, platform, record, settings, until
from tests.mosquitto import Mosquitto

pytestmark = [pytest.mark.asyncio, pytest.mark.mosquitto]

WILL = Will("campus/v1/1/2/3/status/gateway", b"{}")
ROOT = Path(__file__).parents[3]
CUTS = (150, 350)
PLATFORM_S = 90.0  # its own link may be half dead after a cut, which it finds out by its keepalive of 60 s
MakeBroker = Callable[..., Mosquitto]


async def test_birth_states_and_heartbeat_come_when_connected_and_only_state_is_retained(
    broker: Mosquitto, tmp_path: Path
) -> None:
    async with gateway(tmp_path, settings(at_port(broker.port))) as it, platform(broker.port) as early:
        it.board.put("panic-gate", {"device": "panic-gate", "name": "门卫室"})
        it.start()
        await until(lambda: {"status", "state", "heartbeat"} <= {t.split("/")[5] for t, _, _ in early.heard})
        await it.alarm(1)
        await it.drained()
        async with platform(broker.port, f"{PREFIX}/#", name="late") as late:
            await until(lambda: len(late.heard) >= 2, "the retained messages")
    retained = {topic: body for topic, body, retain in late.heard if retain}
    assert set(retained) == {f"{PREFIX}/status/gateway", f"{PREFIX}/state/panic-gate"}
    assert retained[f"{PREFIX}/status/gateway"]["data"]["online"] is True
    assert retained[f"{PREFIX}/state/panic-gate"]["data"]["name"] == "门卫室"
    assert all(len(topic.split("/")) == 7 for topic, _, _ in early.heard)


async def test_alarms_go_before_events_before_telemetry_each_oldest_first(
    broker: Mosquitto, tmp_path: Path
) -> None:
    async with gateway(tmp_path, settings(at_port(broker.port), window=1)) as it, platform(broker.port) as seen:
        await it.outbox.telemetry([record(Lane.TELEMETRY, "room", n=n) for n in range(5)])
        await it.event(*range(5))
        await it.alarm(*range(5))
        it.start()
        await it.drained()
        await until(lambda: len(seen.numbers("telemetry")) == 5)
        order = [(t.split("/")[5], b["data"]["n"]) for t, b, _ in seen.heard if "n" in b["data"]]
    assert order == [(lane.channel, n) for lane in Lane for n in range(5)]


async def test_a_new_alarm_overtakes_a_backlog(broker: Mosquitto, tmp_path: Path) -> None:
    async with gateway(tmp_path, settings(at_port(broker.port), window=2)) as it, platform(broker.port) as seen:
        for start in range(0, 600, 100):
            await it.event(*range(start, start + 100))
        it.start()
        await until(lambda: len(seen.numbers("event")) > 20)
        await it.alarm(1)
        await until(lambda: seen.numbers("alarm") == [1])
        assert len(seen.numbers("event")) < 500
        await it.drained()


async def test_a_goodbye_says_stopped_and_the_will_is_not_published(broker: Mosquitto, tmp_path: Path) -> None:
    async with gateway(tmp_path, settings(at_port(broker.port))) as it, platform(broker.port) as seen:
        it.start()
        await until(lambda: seen.statuses() == ["connected"])
        await it.stop()
        await until(lambda: seen.statuses() == ["connected", "stopped"])
        async with platform(broker.port, f"{PREFIX}/status/#", name="late") as late:
            await until(lambda: late.statuses() == ["stopped"])


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_a_session_that_dies_without_a_goodbye_leaves_its_will_retained(
    broker: Mosquitto, protocol: str
) -> None:
    will = Will(f"{PREFIX}/status/gateway", b'{"data":{"reason":"lost"}}')
    async with platform(broker.port) as seen:
        session = await open_session(SessionRequest(at_port(broker.port), "gw", will, protocol))  # type: ignore[arg-type]
        session._client._client.socket().shutdown(2)  # type: ignore[attr-defined]
        await until(lambda: seen.statuses() == ["lost"])
        async with platform(broker.port, f"{PREFIX}/status/#", name="late") as late:
            await until(lambda: late.statuses() == ["lost"])


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
@pytest.mark.parametrize("end", ["stop", "kill"])
async def test_a_broker_that_restarts_in_the_middle_of_a_stream_costs_no_record(
    broker: Mosquitto, tmp_path: Path, protocol: str, end: str
) -> None:
    how = settings(at_port(broker.port), protocol=protocol)
    async with gateway(tmp_path, how) as it, platform(broker.port) as seen:
        it.start()
        confirmed = []
        for n in range(600):
            await it.alarm(n)
            if n in CUTS:
                await until(partial(it.connected, after=CUTS.index(n)), "the session before the cut")
                confirmed = [body["id"] for body in seen.on("alarm")]
                getattr(broker, end)()
                await it.alarm(*range(1000 + n, 1020 + n))
                await broker.start()
        await it.drained()
        assert confirmed
        expected = {*range(600), *(1000 + n + more for n in CUTS for more in range(20))}
        if end == "stop":  # a killed mosquitto forgets what it has confirmed but not yet passed on
            lacking = expected - set(seen.numbers())
            await until(lambda: expected <= set(seen.numbers()), f"all of {lacking} at the platform", PLATFORM_S)
            assert set(seen.numbers()) == expected
            sequences = sorted({int(body["sequence"]) for body in seen.on("alarm")})
            assert sequences == list(range(sequences[0], sequences[0] + len(sequences)))
        assert await it.depth() == 0
        await until(partial(it.connected, after=len(CUTS)), "the session after the last cut")


async def test_a_record_that_the_broker_refuses_stays_while_others_go_and_an_event_tells(
    make_broker: MakeBroker, tmp_path: Path
) -> None:
    rules = tmp_path / "acl"
    rules.write_text(f"topic read #\ntopic write {PREFIX}/event/#\ntopic write {PREFIX}/alarm/smoke\n")
    broker = make_broker(f"acl_file {rules}")
    await broker.start()
    async with gateway(tmp_path, settings(at_port(broker.port))) as it, platform(broker.port) as seen:
        it.board.put("panic-gate", {"device": "panic-gate"})
        it.start()
        await it.alarm(1, 2, device="panic-gate")
        await it.alarm(3, device="smoke")
        await until(lambda: seen.numbers() == [3])
        await until(lambda: len(seen.events("uplink.refused")) == 1)
        fields = seen.events("uplink.refused")[0]["fields"]
        assert (fields["code"], fields["topic"]) == (0x87, f"{PREFIX}/alarm/panic-gate")
        assert await it.depth() == 2, "what was refused stays"
        assert it.uplink.status.connected, "a refused birth, state or heartbeat ends no session"


async def test_the_example_acl_lets_a_gateway_write_below_its_own_prefix_only(
    make_broker: MakeBroker, tmp_path: Path
) -> None:
    broker = make_broker(f"acl_file {ROOT / 'configs/broker/mosquitto-acl.example'}")
    await broker.start()
    name = "430102-4301020017-gw-1"
    own = replace(IDENTITY, site="4301020017", gateway="gw-1")
    how = settings(at_port(broker.port, username=name))
    async with (
        gateway(tmp_path / "own", how, identity=own) as it,
        gateway(tmp_path / "other", how, identity=replace(own, gateway="gw-2")) as other,
        platform(broker.port, username="platform") as seen,
    ):
        for one in (it, other):
            await one.alarm(1)
            one.start()
        await it.drained()
        await until(lambda: seen.numbers() == [1])
        await until(lambda: other.uplink.status.connected)
        assert await other.depth() == 1
        assert {topic.split("/")[4] for topic, _, _ in seen.heard} == {"gw-1"}


async def test_on_3_1_1_a_refusal_cannot_be_seen_and_the_record_counts_as_delivered(
    make_broker: MakeBroker, tmp_path: Path
) -> None:
    rules = tmp_path / "acl"
    rules.write_text("topic read #\n")
    broker = make_broker(f"acl_file {rules}")
    await broker.start()
    how = settings(at_port(broker.port), protocol="3.1.1")
    async with gateway(tmp_path, how) as it:
        await it.alarm(1)
        it.start()
        await it.drained()  # docs/mqtt.md warns of this: 3.1.1 has no reason codes


async def test_a_record_larger_than_the_broker_takes_is_put_off_and_the_link_stays(
    make_broker: MakeBroker, tmp_path: Path
) -> None:
    broker = make_broker("max_packet_size 2000")
    await broker.start()
    async with gateway(tmp_path, settings(at_port(broker.port))) as it, platform(broker.port) as seen:
        await it.alarm(1, pad="x" * 3000)
        await it.alarm(2)
        it.start()
        await until(lambda: seen.numbers() == [2])
        await until(lambda: len(seen.events("uplink.refused")) == 1)
        assert seen.events("uplink.refused")[0]["fields"]["code"] == 0x95
        assert it.uplink.status.reconnects == 0
        assert await it.depth() == 1


# --- limits, fall-over, doubles ----------------------------------------------------------------------------


async def test_no_more_is_under_way_than_the_broker_allows(make_broker: MakeBroker, tmp_path: Path) -> None:
    broker = make_broker("max_inflight_messages 3")
    await broker.start()
    session = await open_session(SessionRequest(at_port(broker.port), "gw", WILL))
    assert session.window == 3
    most = 0

    async def watch() -> None:
        nonlocal most
        while True:
            most = max(most, len(session._client._acks))  # type: ignore[attr-defined]
            await asyncio.sleep(0)

    watcher = asyncio.create_task(watch())
    await asyncio.gather(*(session.publish("campus/v1/x", b"{}") for _ in range(200)))
    watcher.cancel()
    await session.aclose()
    assert most == 3


async def test_when_the_first_address_is_dead_the_second_is_used(make_broker: MakeBroker, tmp_path: Path) -> None:
    first, second = make_broker(), make_broker()
    await second.start()
    async with gateway(tmp_path, settings(at_port(first.port), at_port(second.port))) as it:
        it.start()
        await until(lambda: it.uplink.status.broker == f"127.0.0.1:{second.port}")
        await it.alarm(1)
        await it.drained()
        await first.start()
        second.stop()
        await until(lambda: it.uplink.status.broker == f"127.0.0.1:{first.port}")
        await it.alarm(2)
        await it.drained()
        assert it.uplink.status.reconnects == 1
        first.stop()
        await until(lambda: not it.uplink.status.connected)
        assert "127.0.0.1" in it.uplink.status.why


async def test_two_gateways_with_one_name_do_not_race_for_the_broker_and_lose_nothing(
    broker: Mosquitto, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "agent.uplink")
    how = settings(at_port(broker.port), backoff_first_s=0.05, backoff_most_s=1.0)
    async with gateway(tmp_path / "a", how) as one, gateway(tmp_path / "b", how) as two:
        loop = asyncio.get_running_loop()
        started_s = loop.time()
        for n, it in enumerate((one, two)):
            await it.alarm(*range(100 * n, 100 * n + 50))
            it.start()
        await until(lambda: min(one.uplink.status.reconnects, two.uplink.status.reconnects) >= 4)
        # Doubling back-off: without it the two would meet every 0.05 s, some 40 times in this while.
        assert one.uplink.status.reconnects < 5 + 2 * (loop.time() - started_s)
        await one.drained()
        await two.drained()


async def test_a_broker_that_hangs_is_left_after_the_confirmation_timeout_and_nothing_is_lost(
    broker: Mosquitto, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL, "agent.uplink")
    async with gateway(tmp_path, settings(at_port(broker.port), confirm_timeout_s=0.3)) as it:
        it.start()
        await until(lambda: it.uplink.status.connected)
        broker.freeze()
        await it.alarm(1)
        await until(lambda: not it.uplink.status.connected)
        assert "no confirmation" in it.uplink.status.why
        assert await it.depth() == 1
        broker.thaw()
        await it.drained()


async def test_heartbeats_are_neither_retained_nor_kept_while_the_broker_is_away(
    broker: Mosquitto, tmp_path: Path
) -> None:
    attempts: list[SessionRequest] = []

    async def opener(request: SessionRequest) -> Session:
        attempts.append(request)
        return await open_session(request)

    async with (
        gateway(tmp_path, settings(at_port(broker.port), heartbeat_s=0.05), opener=opener) as it,
        platform(broker.port) as seen,
    ):
        it.start()
        await until(lambda: len(seen.on("heartbeat")) >= 3)
        broker.stop()
        await until(lambda: not it.uplink.status.connected)
        while_away, tried = it.beats, len(attempts)
        await it.alarm(1)
        await until(lambda: len(attempts) >= tried + 4, "some attempts in vain")
        assert it.beats == while_away, "no session, no heartbeat"
        heard = len(seen.on("heartbeat"))
        await broker.start()
        await until(lambda: len(seen.on("heartbeat")) > heard)
        await it.drained()
        assert not any(retain for topic, _, retain in seen.heard if "/heartbeat/" in topic)
        assert len(seen.on("heartbeat")) <= it.beats


async def test_chinese_text_arrives_as_it_was_written(broker: Mosquitto, tmp_path: Path) -> None:
    text = "南门门卫室“一键报警”被按下 🚨"
    async with gateway(tmp_path, settings(at_port(broker.port))) as it, platform(broker.port) as seen:
        it.start()
        await it.outbox.append([record(Lane.ALARM, "panic-gate", text=text)], {})
        await until(lambda: bool(seen.on("alarm")))
        assert seen.on("alarm")[0]["data"]["text"] == text
        assert text in json.dumps(seen.on("alarm")[0], ensure_ascii=False)
