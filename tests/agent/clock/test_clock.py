"""The clock with a real outbox: what it keeps, when, and what it asks of a broker's certificate."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

from agent.clock.clock import KEY, LOOK_S, Clock
from agent.clock.timeline import KEEP_EVERY_S, RELEASED_UTC_S, SMALL_S, timeline_from_json
from agent.host import Host
from agent.outbox.outbox import Outbox
from agent.session import Broker, Session, SessionRequest, Will
from simulators.clock import run_virtual
from tests.agent.service.world import World, open_outbox

DAY_S = 86_400.0


def play(story: Callable[[World, Clock, Outbox], Coroutine[Any, Any, None]], directory: Path) -> None:
    """A clock that runs on a wall clock that goes on with the loop's, from `world.utc_s` on."""

    async def main() -> None:
        world = World(directory)
        outbox = await open_outbox(world)
        clock = Clock(going(world), outbox)
        task = asyncio.create_task(clock.run())
        await story(world, clock, outbox)
        task.cancel()
        await outbox.aclose()

    run_virtual(main(), 0)


def going(world: World) -> Host:
    loop = asyncio.get_running_loop()
    return replace(world.host(), wall_clock=lambda: (world.utc_s + loop.time(), world.clock))


def kept(outbox: Outbox) -> str:
    return outbox.states().get(KEY, "")


def test_it_is_kept_when_it_becomes_right_then_once_an_hour_and_before_a_stop(tmp_path: Path) -> None:
    async def story(world: World, clock: Clock, outbox: Outbox) -> None:
        world.clock = "estimated"
        await asyncio.sleep(10 * LOOK_S)
        assert kept(outbox) == ""
        world.clock = "synchronised"
        await asyncio.sleep(2 * LOOK_S)
        written = {kept(outbox)}
        assert timeline_from_json(kept(outbox)).floor_utc_s > world.utc_s
        for _ in range(int(3 * KEEP_EVERY_S / LOOK_S)):
            await asyncio.sleep(LOOK_S)
            written.add(kept(outbox))
        assert len(written) == 4
        last = clock.timeline
        await clock.keep()
        assert timeline_from_json(kept(outbox)) == last

    play(story, tmp_path)


def test_whoever_shows_states_is_told_once_when_the_clock_becomes_right(tmp_path: Path) -> None:
    async def story(world: World, clock: Clock, outbox: Outbox) -> None:
        told: list[float] = []
        clock.on_trusted = lambda: told.append(asyncio.get_running_loop().time())
        world.clock = "estimated"
        await asyncio.sleep(3 * LOOK_S)
        assert told == []
        world.clock = "synchronised"
        await asyncio.sleep(5 * LOOK_S)
        assert len(told) == 1

    play(story, tmp_path)


def test_a_disk_that_refuses_is_asked_again(tmp_path: Path) -> None:
    async def story(world: World, clock: Clock, outbox: Outbox) -> None:
        world.disk_full = True
        await asyncio.sleep(3 * LOOK_S)
        assert kept(outbox) == ""
        world.disk_full = False
        await asyncio.sleep(2 * LOOK_S)
        assert kept(outbox) != ""

    play(story, tmp_path)


def test_a_session_is_asked_for_with_a_floor_only_while_the_machines_clock_is_not_right(tmp_path: Path) -> None:
    async def story(world: World, clock: Clock, outbox: Outbox) -> None:
        floors: list[float | None] = []

        async def opened(request: SessionRequest) -> Session:
            floors.append(request.floor_utc_s)
            return world.platform

        request = SessionRequest(Broker("there"), "gw", Will("", b""))
        open_session = clock._opening(opened)
        world.clock = "estimated"
        await open_session(request)
        world.clock = "synchronised"
        await asyncio.sleep(2 * LOOK_S)
        await open_session(request)
        world.clock, world.utc_s = "estimated", world.utc_s + 730 * DAY_S  # it is lost, and somebody puts it ahead
        await open_session(request)
        first, second, third = floors
        assert (first, second) == (RELEASED_UTC_S, None)
        true_s = world.utc_s - 730 * DAY_S + asyncio.get_running_loop().time()
        assert third is not None
        assert true_s - 2 * SMALL_S < third <= true_s

    play(story, tmp_path)
