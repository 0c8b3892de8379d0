"""The whole agent on a wire and a platform in memory: from a press to the platform, and how it stops."""

import asyncio
import re
from dataclasses import replace
from pathlib import Path

import pytest

from agent.outbox.outbox import FILE
from agent.uplink.messages import HeartbeatData
from simulators.demo.control import Control, ControlFailed
from tests.agent.service.world import BUTTON, World, running, site_in, until


def events(world: World) -> list[str]:
    return [data["event"] for data in world.platform.channel("event")]


async def alarms_waiting(directory: Path) -> int:
    """As the gateway says of itself, whether or not anybody upstream hears it."""
    status = await Control(directory / "control.sock").ask("status")
    return int(status["heartbeat"]["outbox"]["alarm"]["depth"])


@pytest.mark.asyncio
async def test_a_press_in_the_field_reaches_the_platform(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with running(world, site_in(tmp_path)):
        await until(lambda: world.platform.channel("heartbeat"))
        world.inputs = 0b1
        await until(lambda: world.platform.channel("alarm"))
        (alarm,) = world.platform.channel("alarm")
        assert (alarm["device"], alarm["condition"], alarm["change"]) == (BUTTON, "pressed", "raised")
        assert (alarm["name"], alarm["location"]) == ("门卫室一键报警", "南门门卫室")
        await until(lambda: world.platform.channel("state")[-1]["conditions"])


@pytest.mark.asyncio
async def test_it_says_ready_feeds_the_watchdog_and_says_stopping_and_goodbye(tmp_path: Path) -> None:
    world = World(tmp_path)
    async with running(world, site_in(tmp_path)):
        await until(lambda: world.platform.channel("status") and "WATCHDOG=1" in world.notes)
        assert "STOPPING=1" not in world.notes
    assert world.notes[-1] == "STOPPING=1"
    assert [s["reason"] for s in world.platform.channel("status")] == ["connected", "stopped"]
    assert events(world) == ["gateway.started"]


@pytest.mark.asyncio
async def test_what_happened_while_the_platform_was_away_arrives_later(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.platform.reachable = False
    site = site_in(tmp_path)
    site = replace(site, uplink=replace(site.uplink, backoff_first_s=0.02, backoff_most_s=0.05))
    async with running(world, site):
        world.inputs = 0b1
        async with asyncio.timeout(10):
            while await alarms_waiting(tmp_path) != 1:
                await asyncio.sleep(0.005)
        assert world.platform.told == []
        world.platform.reachable = True
        await until(lambda: world.platform.channel("alarm"))
    assert [(a["device"], a["change"]) for a in world.platform.channel("alarm")] == [(BUTTON, "raised")]


@pytest.mark.asyncio
async def test_a_damaged_store_is_reported_upstream_and_the_gateway_runs(tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(b"this is no database" * 1000)
    world = World(tmp_path)
    async with running(world, site_in(tmp_path)):
        await until(lambda: "outbox.set_aside" in events(world))
    told = next(e for e in world.platform.channel("event") if e["event"] == "outbox.set_aside")
    assert Path(told["fields"]["file"]).is_file()
    assert events(world).count("outbox.set_aside") == 1


@pytest.mark.asyncio
async def test_a_part_that_fails_is_told_upstream_and_the_rest_goes_on(tmp_path: Path) -> None:
    (tmp_path / "control.sock").write_text("somebody's file")
    world = World(tmp_path)
    async with running(world, site_in(tmp_path)):
        await until(lambda: "part.failed" in events(world))
        failed = next(e for e in world.platform.channel("event") if e["event"] == "part.failed")
        assert failed["fields"] == {"part": "control", "error": "OSError"}
        world.inputs = 0b1
        await until(lambda: world.platform.channel("alarm"))
    assert (tmp_path / "control.sock").read_text() == "somebody's file"


@pytest.mark.asyncio
async def test_the_heartbeat_tells_how_the_gateway_is(tmp_path: Path) -> None:
    world = World(tmp_path, clock="estimated")
    site = site_in(tmp_path)
    async with running(world, replace(site, uplink=replace(site.uplink, heartbeat_s=0.2))):
        await until(lambda: len(world.platform.channel("heartbeat")) >= 3)
    beat = HeartbeatData.model_validate(world.platform.channel("heartbeat")[-1])
    assert beat.uptime_s > 0.2
    assert set(beat.versions) == {"agent", "python", "sqlite"}
    assert re.fullmatch(r"[0-9a-f]{64}", beat.config_hash)
    assert beat.devices == {"total": 1, "lost": 0, "good": 1}
    assert list(beat.outbox) == ["alarm", "event", "telemetry"]
    event = beat.outbox["event"]
    assert event.accepted == event.confirmed + event.depth + event.dropped == 1
    assert (beat.lines["rs485-1"].good, beat.lines["rs485-1"].lost) == (1, 0)
    assert 0 < (beat.lines["rs485-1"].load or 0) <= 1
    assert set(beat.lines["rs485-1"].errors) >= {"timeouts", "crc", "late", "wrong_unit"}
    assert beat.clock == "estimated"
    assert beat.disk_free_bytes > 0
    assert beat.alarms == {"active": 0, "unacknowledged": 0, "unconfirmed": 0}


@pytest.mark.asyncio
async def test_a_silent_unit_is_lost_in_the_heartbeat_and_its_device_says_so(tmp_path: Path) -> None:
    world = World(tmp_path)
    site = site_in(tmp_path)
    async with running(world, replace(site, uplink=replace(site.uplink, heartbeat_s=0.2))):
        await until(lambda: world.platform.channel("heartbeat"))
        world.answers = False
        await until(lambda: world.platform.channel("heartbeat")[-1]["devices"]["lost"] == 1)
        (alarm,) = world.platform.channel("alarm")
    assert (alarm["condition"], alarm["change"], alarm["priority"]) == ("lost", "raised", 3)


@pytest.mark.asyncio
async def test_a_disk_that_refuses_is_told_by_the_heartbeat_and_the_alarm_comes_when_it_is_well(
    tmp_path: Path,
) -> None:
    world = World(tmp_path)
    site = site_in(tmp_path)
    async with running(world, replace(site, uplink=replace(site.uplink, heartbeat_s=0.1))):
        await until(lambda: world.platform.channel("heartbeat"))
        world.disk_full, world.inputs = True, 0b1
        await until(lambda: "full" in world.platform.channel("heartbeat")[-1]["storage_fault"])
        assert not world.platform.channel("alarm")
        world.disk_full = False
        await until(lambda: world.platform.channel("alarm"))


@pytest.mark.parametrize(
    ("do", "why"),
    [("linkage", "no linkage"), ("hazard.list", "no ledger of hazards"), ("provision", "nothing to judge")],
)
@pytest.mark.asyncio
async def test_who_asks_for_what_is_not_configured_is_told_so(do: str, why: str, tmp_path: Path) -> None:
    async with running(World(tmp_path), site_in(tmp_path)):
        with pytest.raises(ControlFailed, match=why):
            await Control(tmp_path / "control.sock").ask(do)
