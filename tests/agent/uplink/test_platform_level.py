"""The whole circle with a real broker: what is lost on the way to the platform is found, asked for, and comes."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import aiomqtt
import pytest

from agent.records import Instant, Lane, Record
from simulators.platform import Arrival, Platform, Unreadable
from simulators.platform_desk import PlatformDesk
from tests.agent.uplink.bench import PREFIX, Gateway, at_port, gateway, settings, until
from tests.mosquitto import Mosquitto

pytestmark = [pytest.mark.asyncio, pytest.mark.mosquitto]

DATA = {"kind": "one_key_alarm", "name": "", "location": "", "condition": "pressed", "change": "raised"}
ALARM = {**DATA, "state": "unacknowledged", "active": True, "priority": 1}
MakeBroker = Callable[..., Mosquitto]


class Centre:
    """A receiving centre as the reference consumer is: it hears, confirms, and asks for what is missing."""

    def __init__(self, port: int) -> None:
        self.platform = Platform()
        self.desk = PlatformDesk(self.platform, self._publish, time.time)
        self.heard: list[Arrival] = []
        self.there = asyncio.Event()
        self._port = port
        self._client: aiomqtt.Client | None = None

    async def run(self) -> None:
        while True:
            with suppress(aiomqtt.MqttError):
                async with aiomqtt.Client("127.0.0.1", self._port) as self._client:
                    await self._client.subscribe("campus/v1/+/+/+/alarm/+", qos=1)
                    await self._client.subscribe("campus/v1/+/+/+/event/+", qos=1)
                    await self._client.subscribe("campus/v1/+/+/+/heartbeat/+", qos=1)
                    self.there.set()
                    async for message in self._client.messages:
                        self._take(message.topic.value, bytes(message.payload))
            self.there.clear()
            await asyncio.sleep(0.05)

    def _take(self, topic: str, payload: bytes) -> None:
        with suppress(Unreadable):
            self.heard.append(self.platform.take(topic, payload, asyncio.get_running_loop().time()))
            self.desk.heard(self.heard[-1])

    async def _publish(self, topic: str, payload: bytes) -> None:
        assert self._client is not None
        await self._client.publish(topic, payload, qos=1)

    @property
    def devices(self) -> list[str]:
        return sorted({arrival.alarm.device for arrival in self.heard if arrival.alarm is not None})


@asynccontextmanager
async def centre(port: int, *, confirms: bool = True) -> AsyncIterator[Centre]:
    it = Centre(port)
    tasks = [asyncio.create_task(it.run())]
    try:
        async with asyncio.timeout(10):
            await it.there.wait()
        if confirms:
            tasks.append(asyncio.create_task(it.desk.run()))
        yield it
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def alarm_of(it: Gateway, *devices: str) -> None:
    for device in devices:
        at = Instant(1.0, time.time(), "synchronised")
        await it.outbox.append([Record(Lane.ALARM, "alarm", device, {**ALARM, "device": device}, at)], {})


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_a_platform_that_was_away_finds_the_gap_asks_and_gets_what_it_missed(
    broker: Mosquitto, tmp_path: Path, protocol: str
) -> None:
    how = settings(at_port(broker.port), heartbeat_s=0.2, protocol=protocol)
    async with gateway(tmp_path, how) as it:
        it.start()
        async with centre(broker.port) as before:
            await alarm_of(it, "a")
            await until(lambda: before.devices == ["a"])
        await alarm_of(it, "b", "c")
        await it.drained()  # the broker has taken them, for nobody
        async with centre(broker.port) as after:
            await alarm_of(it, "d")
            await until(lambda: after.devices == ["a", "b", "c", "d"], "what was missed")
            await until(lambda: not after.platform.gaps(), "the gap closed")
            done = [a.payload for a in after.heard if a.channel == "event"]
            assert any(getattr(event, "event", "") == "command.done" for event in done)


async def test_a_broker_that_takes_and_forgets_costs_nothing_when_the_platform_confirms(
    make_broker: MakeBroker, tmp_path: Path
) -> None:
    broker = make_broker()
    await broker.start()
    how = settings(at_port(broker.port), heartbeat_s=0.2, confirmed_by="platform", again_after_s=5.0)
    async with gateway(tmp_path, how) as it:
        it.start()
        await until(lambda: it.uplink.status.connected)
        async with centre(broker.port, confirms=False) as crashing:  # before it had kept anything
            await alarm_of(it, "a", "b", "c")
            await until(lambda: crashing.devices == ["a", "b", "c"])
        assert await it.depth() == 3, "a PUBACK only means sent"
        broker.kill()
        await broker.start()
        async with centre(broker.port) as late:
            await until(lambda: late.devices == ["a", "b", "c"])
            await it.drained()


async def test_what_is_not_answered_within_a_session_is_sent_again_there(
    broker: Mosquitto, tmp_path: Path
) -> None:
    how = settings(at_port(broker.port), heartbeat_s=0.2, confirmed_by="platform", again_after_s=1.0)
    async with gateway(tmp_path, how) as it:
        it.start()
        async with centre(broker.port, confirms=False) as silent:
            await alarm_of(it, "a")
            await until(lambda: silent.platform.duplicates >= 1, "the same record again")
            assert it.uplink.status.reconnects == 0
            assert await it.depth() == 1
            await silent.desk.confirm()
            await it.drained()


async def test_an_oversized_command_is_refused_and_neither_link_nor_alarms_suffer(
    broker: Mosquitto, tmp_path: Path
) -> None:
    how = settings(at_port(broker.port), heartbeat_s=0.2, protocol="3.1.1")
    async with gateway(tmp_path, how) as it, centre(broker.port) as seen:
        it.start()
        await until(lambda: it.uplink.status.connected)
        await seen._publish(f"{PREFIX}/command/replay", b"x" * 20_000_000)
        await alarm_of(it, "a")
        await until(lambda: seen.devices == ["a"])
        refused = lambda: [a.payload for a in seen.heard if getattr(a.payload, "event", "") == "command.refused"]  # noqa: E731
        await until(lambda: len(refused()) == 1, "the refusal")
        assert "at most" in refused()[0].text  # type: ignore[attr-defined]
        assert it.uplink.status.reconnects == 0
