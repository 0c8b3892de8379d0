"""A configuration that came up is kept; one that was refused is told upstream and shown."""

import asyncio
from dataclasses import replace
from pathlib import Path

from agent.records import ClockState
from agent.service.configured import MISTAKES_MOST, keep_configuration, refused_shown
from agent.service.run import run_gateway
from agent.site import StandIn
from simulators.clock import run_virtual
from tests.agent.service.world import World, open_pipe, site_in, stored, until

MISTAKES = tuple(f"/etc/campusgw/gateway.yaml:{n}:1: wrong" for n in range(1, 40))


def test_that_the_last_good_one_runs_is_told_at_the_start_and_in_every_heartbeat(tmp_path: Path) -> None:
    async def main() -> None:
        world = World(tmp_path)
        site = replace(site_in(tmp_path), control_socket=None, stand_in=StandIn(1.7e9, "synchronised", MISTAKES))
        task = asyncio.create_task(run_gateway(site, world.host()))
        await until(lambda: world.platform.channel("heartbeat"))
        await until(lambda: any(e["event"] == "config.refused" for e in world.platform.channel("event")))
        task.cancel()
        (told,) = (e["fields"] for e in world.platform.channel("event") if e["event"] == "config.refused")
        assert told["mistakes"] == list(MISTAKES[:MISTAKES_MOST])
        assert (told["count"], told["running"]) == (39, site.config_hash)
        since = {"at": 1.7e9, "clock": "synchronised"}
        assert told["since"] == since
        shown = world.platform.channel("heartbeat")[0]["config_refused"]
        assert shown == {"since": since, "mistakes": list(MISTAKES[:MISTAKES_MOST])}

    run_virtual(main(), 0)


def test_it_is_kept_once_everything_has_been_started_with_it(tmp_path: Path) -> None:
    async def main() -> None:
        world, kept = World(tmp_path), list[bool]()
        site = replace(site_in(tmp_path), control_socket=None)

        def keep(_now: tuple[float, ClockState]) -> None:
            kept.append("READY=1" in world.notes)

        task = asyncio.create_task(run_gateway(site, world.host(), keep))
        await until(lambda: kept)
        task.cancel()
        assert kept == [True]
        assert refused_shown(site) is None

    run_virtual(main(), 0)


def test_a_disk_that_does_not_keep_it_is_told_and_nothing_else_suffers(tmp_path: Path) -> None:
    async def main() -> None:
        world = World(tmp_path)
        pipe, outbox, _ = await open_pipe(world, site_in(tmp_path))

        def keep(_now: tuple[float, ClockState]) -> None:
            raise OSError(28, "No space left on device")

        await keep_configuration(world.host(), pipe.journal, keep)
        (said,) = [s.record.data for s in await stored(outbox)]
        assert said["event"] == "config.not_kept"
        assert "No space left" in said["text"]
        await outbox.aclose()

    run_virtual(main(), 0)
