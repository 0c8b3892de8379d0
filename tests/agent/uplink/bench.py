"""A gateway's uplink with a real outbox, and a platform that listens."""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiomqtt

from agent.host import Host
from agent.outbox.outbox import Outbox
from agent.records import Instant, Lane, Record
from agent.service.commands import Commands
from agent.service.pipe import Pipe
from agent.session import Broker, OpenSession
from agent.site import Identity, Site, StorageSettings, UplinkSettings
from agent.uplink.answers import Answers
from agent.uplink.board import Board
from agent.uplink.messages import HeartbeatData
from agent.uplink.mqtt import open_session
from agent.uplink.uplink import Uplink
from tests.agent.outbox.bench import inline, opened

IDENTITY = Identity("gw-1", "s0001", "430102", "第一中学网关", "Asia/Shanghai")
PREFIX = "campus/v1/430102/s0001/gw-1"
UTC_S = 1_790_000_000.0


async def until(condition: Callable[[], bool], what: str = "the condition", within_s: float = 15.0) -> None:
    """Wait for the condition, never for a time."""
    try:
        async with asyncio.timeout(within_s):
            while not condition():
                await asyncio.sleep(0.01)
    except TimeoutError:
        raise AssertionError(f"{what} did not come about within {within_s:g} s") from None


def settings(*brokers: Broker, **more: Any) -> UplinkSettings:
    """Impatient, so that tests are quick."""
    quick = {"heartbeat_s": 60.0, "confirm_timeout_s": 2.0, "backoff_first_s": 0.05, "backoff_most_s": 0.2}
    return UplinkSettings(brokers, **{**quick, **more})  # type: ignore[arg-type]


def at_port(port: int, **more: Any) -> Broker:
    return Broker("127.0.0.1", port, **more)


@dataclass
class Gateway:
    """Everything of a gateway that is needed to send."""

    outbox: Outbox
    board: Board
    uplink: Uplink
    host: Host
    commands: Commands
    tasks: list[asyncio.Task[None]] = field(default_factory=list)
    beats: int = 0

    def start(self) -> None:
        self.tasks.append(asyncio.create_task(self.commands.run()))
        self.tasks += [asyncio.create_task(part()) for part in self.uplink.parts.values()]

    async def stop(self) -> None:
        for task in self.tasks:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task
        self.tasks.clear()

    async def alarm(self, *numbers: int, device: str = "panic-gate", **more: Any) -> None:
        await self.outbox.append([record(Lane.ALARM, device, n=n, **more) for n in numbers], {})

    async def event(self, *numbers: int, subject: str = "gateway") -> None:
        await self.outbox.append([record(Lane.EVENT, subject, n=n) for n in numbers], {})

    async def depth(self, lane: Lane = Lane.ALARM) -> int:
        return (await self.outbox.depths())[lane].count

    def connected(self, after: int) -> bool:
        """There is a session, and it is the one after so many others were lost."""
        status = self.uplink.status
        return status.connected and status.reconnects == after

    async def drained(self, within_s: float = 20.0) -> None:
        async with asyncio.timeout(within_s):
            while any(depth.count for depth in (await self.outbox.depths()).values()):
                await asyncio.sleep(0.02)


def record(lane: Lane, subject: str, **data: Any) -> Record:
    return Record(lane, lane.channel, subject, data, Instant(1.0, UTC_S, "synchronised"))


@asynccontextmanager
async def gateway(
    directory: Path,
    how: UplinkSettings,
    *,
    opener: OpenSession = open_session,
    identity: Identity = IDENTITY,
    memory_bytes: int = 0,
) -> AsyncIterator[Gateway]:
    """A gateway that is not started yet; stopped at the end."""
    host = Host(
        open_line=_no_line,
        open_session=opener,
        wall_clock=lambda: (time.time(), "synchronised"),
        random=random.Random(1),
        state_dir=directory,
        boot_id="boot-1",
        offload=inline,
        notify=lambda _: None,
    )
    site = Site(identity, (), (), how, StorageSettings(directory), "0" * 64)
    board = Board()
    async with opened(directory, memory_bytes=memory_bytes) as outbox:
        made: list[Gateway] = []
        answers = Answers()
        commands = Commands(Pipe(site, outbox, board, host), outbox, host, answers)
        beats = lambda: lambda: _beat(made[0])  # noqa: E731
        uplink = Uplink(host, site, outbox, board, beats, {"agent": "test"}, commands.inbox, answers)
        made.append(Gateway(outbox, board, uplink, host, commands))
        try:
            yield made[0]
        finally:
            await made[0].stop()


async def _beat(gateway: Gateway) -> HeartbeatData:
    gateway.beats += 1
    return HeartbeatData(
        uptime_s=1.0,
        versions={},
        config_hash="0" * 64,
        devices={},
        outbox={},
        lines={},
        uplink=gateway.uplink.shown(),
        clock="synchronised",
        disk_free_bytes=1,
    )


async def _no_line(_endpoint: object) -> Any:
    raise AssertionError("no line here")


@dataclass
class Platform:
    """What a subscriber has heard."""

    heard: list[tuple[str, dict[str, Any], bool]] = field(default_factory=list)

    def on(self, channel: str) -> list[dict[str, Any]]:
        return [body for topic, body, _ in self.heard if topic.split("/")[5] == channel]

    def numbers(self, channel: str = "alarm") -> list[int]:
        return [body["data"]["n"] for body in self.on(channel) if "n" in body["data"]]

    def events(self, name: str) -> list[dict[str, Any]]:
        return [body["data"] for body in self.on("event") if body["data"].get("event") == name]

    def statuses(self) -> list[str]:
        return [body["data"]["reason"] for body in self.on("status")]


@asynccontextmanager
async def platform(
    port: int, prefix: str = "campus/v1/#", name: str = "platform", **more: Any
) -> AsyncIterator[Platform]:
    """Subscribed when entered; reconnects when the broker restarts, with a session that the broker keeps."""
    seen = Platform()
    ready = asyncio.Event()
    task = asyncio.create_task(_listen(port, prefix, seen, ready, {"identifier": name, **more}))
    try:
        async with asyncio.timeout(10):
            await ready.wait()
        yield seen
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


async def _listen(port: int, prefix: str, seen: Platform, ready: asyncio.Event, more: dict[str, Any]) -> None:
    while True:
        with suppress(aiomqtt.MqttError):
            async with aiomqtt.Client("127.0.0.1", port, clean_session=False, timeout=3, **more) as client:
                await client.subscribe(prefix, qos=1)
                ready.set()
                async for message in client.messages:
                    assert isinstance(message.payload, bytes)
                    seen.heard.append((message.topic.value, json.loads(message.payload), message.retain))
        await asyncio.sleep(0.05)
