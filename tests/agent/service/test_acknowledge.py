"""A platform acknowledges an alarm by a real broker: done once, in its name, also if a kill comes then."""

import asyncio
import json
import shutil
import time
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import aiomqtt
import pytest

from agent.session import Broker
from agent.uplink.mqtt import open_session
from tests.agent.service.world import BUTTON, World, running, site_in, until
from tests.mosquitto import Mosquitto

pytestmark = [pytest.mark.asyncio, pytest.mark.mosquitto]


def pressed(directory: Path, port: int) -> AbstractAsyncContextManager[None]:
    """A pressed button on a wire in memory, and the way to a real broker."""
    world, site = World(directory, inputs=0b1, utc_s=time.time()), site_in(directory)
    site = replace(site, uplink=replace(site.uplink, brokers=(Broker("127.0.0.1", port),), backup=None))
    return running(world, site, open_session)


class Desk:
    """Hears alarms and events, and speaks to the gateway that it heard of first."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self.client = client
        self.prefix = ""
        self.heard: dict[str, tuple[str, dict[str, Any]]] = {}

    async def listen(self) -> None:
        async for message in self.client.messages:
            parts, event = message.topic.value.split("/"), json.loads(bytes(message.payload))
            self.prefix = "/".join(parts[:5])
            self.heard[event["id"]] = parts[5], event["data"]

    async def acknowledge(self, id: str) -> None:
        at = datetime.fromtimestamp(time.time(), UTC).isoformat()
        body = {
            "id": id,
            "at": at,
            "device": BUTTON,
            "condition": "pressed",
            "person": "王建国",
            "reason": "已派人",
        }
        await self.client.publish(f"{self.prefix}/command/acknowledge", json.dumps(body), qos=1)

    def changes(self) -> list[str]:
        return [data["change"] for channel, data in self.heard.values() if channel == "alarm"]

    def results(self) -> list[tuple[str, str]]:
        said = [data for channel, data in self.heard.values() if channel == "event"]
        return [(d["event"], d["fields"]["id"]) for d in said if d["event"].startswith("command.")]

    def starts(self) -> int:
        return sum(data.get("event") == "gateway.started" for _, data in self.heard.values())


@asynccontextmanager
async def desk(port: int) -> AsyncIterator[Desk]:
    async with aiomqtt.Client("127.0.0.1", port) as client:
        for channel in ("alarm", "event"):
            await client.subscribe(f"campus/v1/+/+/+/{channel}/+", qos=1)
        it = Desk(client)
        listening = asyncio.create_task(it.listen())
        try:
            yield it
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening


async def test_it_is_done_once_and_answered_once_also_after_a_kill_right_behind_it(tmp_path: Path) -> None:
    broker, lived, killed = Mosquitto(tmp_path / "broker"), tmp_path / "lived", tmp_path / "killed"
    lived.mkdir()
    await broker.start()
    try:
        async with desk(broker.port) as it:
            async with pressed(lived, broker.port):
                await until(lambda: it.changes() == ["raised"])
                for _ in range(3):
                    await it.acknowledge("desk-1")
                await it.acknowledge("desk-2")
                await until(lambda: len(it.results()) == 2)
                shutil.copytree(lived, killed, ignore=shutil.ignore_patterns("*.sock"))  # as a kill leaves it
            assert it.changes() == ["raised", "acknowledged"]
            assert it.results() == [("command.done", "desk-1"), ("command.refused", "desk-2")]
            by = next(data for _, data in it.heard.values() if data.get("change") == "acknowledged")
            assert (by["person"], by["reason"], by["state"]) == ("王建国", "已派人", "acknowledged")
            async with pressed(killed, broker.port):
                await until(lambda: it.starts() == 2)
                await it.acknowledge("desk-1")
                await it.acknowledge("desk-3")
                await until(lambda: ("command.refused", "desk-3") in it.results())
            assert it.changes() == ["raised", "acknowledged"], "nothing was done twice, nothing raised anew"
            assert [id for _, id in it.results()] == ["desk-1", "desk-2", "desk-3"]
    finally:
        broker.kill()
