"""Drills and test presses by the whole gateway: ordered over MQTT, answered there, and seen as they are told."""

import asyncio
import json
import time
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.host import Host
from agent.session import Incoming, Session, SessionRequest
from agent.uplink.messages import AlarmData, HeartbeatData
from tests.agent.service.people_stand import SCHOOL
from tests.agent.service.world import BUTTON, Platform, World, running, site_in, until

pytestmark = pytest.mark.asyncio


@dataclass
class Talking(Platform):
    """It says things too."""

    said: asyncio.Queue[Incoming] = field(default_factory=asyncio.Queue)

    async def open(self, request: SessionRequest) -> Session:
        return self

    async def receive(self) -> Incoming:
        return await self.said.get()

    async def order(self, name: str, **body: Any) -> dict[str, Any]:
        """Give an order and wait for its answer."""
        order = {"id": f"{name}-{time.monotonic_ns()}", "at": datetime.fromtimestamp(time.time(), UTC).isoformat()}
        payload = json.dumps({**order, **body}).encode()
        await self.said.put(Incoming(f"campus/v1/430102/s/g/command/{name}", payload, False))
        await until(lambda: self.answers(order["id"]))
        return self.answers(order["id"])[0]

    def answers(self, id: str) -> list[dict[str, Any]]:
        return [event for event in self.channel("event") if event["fields"].get("id") == id]


class Now(World):
    """Its clock is the machine's."""

    def host(self) -> Host:
        return replace(super().host(), wall_clock=lambda: (time.time(), self.clock))


async def pressed(world: World) -> None:
    """Pressed, and let go again."""
    for bits in (0b1, 0b0):
        before, world.inputs = len(world.platform.channel("alarm")), bits
        await until(lambda count=before: len(world.platform.channel("alarm")) > count)  # type: ignore[misc]


async def test_a_platform_signs_on_drills_and_tests_and_sees_every_alarm(tmp_path: Path) -> None:
    platform = Talking()
    world = Now(tmp_path, platform)
    async with running(world, site_in(tmp_path, school=SCHOOL)):
        await until(lambda: platform.channel("heartbeat"))
        await pressed(world)
        signed = await platform.order("sign", person="zhang", on=True)
        assert (signed["event"], signed["fields"]["by"]) == ("command.done", "platform")
        begun = await platform.order("drill_start", person="李主任", reason="演练", until="+30m")
        assert begun["fields"]["drill"] == 1
        refused = await platform.order("drill_start", person="王", reason="演练", until="+30m")
        assert (refused["event"], "李主任" in refused["text"]) == ("command.refused", True)
        assert (await platform.order("test_announce", device=BUTTON, person="王老师"))["event"] == "command.done"
        await pressed(world)
        await until(lambda: "test.confirmed" in [event["event"] for event in platform.channel("event")])
        assert (await platform.order("drill_stop", person="李主任"))["event"] == "command.done"
        await pressed(world)
    told = [AlarmData.model_validate(alarm) for alarm in platform.channel("alarm")]
    assert [(alarm.change, alarm.drill, alarm.test, alarm.person) for alarm in told] == [
        ("raised", False, False, ""),
        ("cleared", False, False, ""),
        ("raised", True, True, "王老师"),
        ("cleared", True, False, ""),
        ("raised", False, False, ""),
        ("cleared", False, False, ""),
    ]
    assert {alarm.priority for alarm in told} == {1}
    for beat in platform.channel("heartbeat"):
        HeartbeatData.model_validate(beat)
    assert not [event for event in platform.channel("event") if event["event"] == "part.failed"]
