"""A whole site for real: field on ptys and TCP ports, mosquitto, the gateway as its own process, the platform."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from bench.mosquitto import AT_ONCE, Mosquitto, installed
from simulators.child import Child
from simulators.demo.school import Plan, School
from simulators.field_file import read_lines
from simulators.platform import Arrival, Platform
from simulators.real_field import real_field
from simulators.scenario import Value
from simulators.scenario_play import set_up

ROOT = Path(__file__).parent.parent.parent
POLL_S = 0.02


class Watched(Child):
    """The gateway's process, and what it counts of itself."""

    def __init__(self, config: Path, directory: Path) -> None:
        self.gauges = directory / "gauges.jsonl"
        arguments = ["-m", "bench.endurance.watched", str(self.gauges), "run", "--config", str(config)]
        super().__init__("gateway", arguments, directory)

    def last_gauge(self) -> dict[str, float]:
        """What it wrote last; nothing yet at the very start."""
        lines = self.gauges.read_text().splitlines() if self.gauges.exists() else []
        found: dict[str, float] = json.loads(lines[-1]) if lines else {}
        return found


class Stage:
    """The site, and the broker that can die."""

    def __init__(self, school: School, gateway: Watched, mosquitto: Mosquitto | None) -> None:
        self.school = school
        self.gateway = gateway
        self.mosquitto = mosquitto

    async def kill_broker(self) -> None:
        """kill -9 in mid-work; nobody gets through to the next one before the platform is there again.

        The broker that stands in where there is no mosquitto is stopped: it passes on only what it has time for.
        """
        if self.mosquitto is not None:
            self.mosquitto.kill()
        await self.school.switch_broker(False)
        while self.school.subscriber.there.is_set():
            await asyncio.sleep(POLL_S)

    async def start_broker(self) -> None:
        """It is back, and knows nothing."""
        if self.mosquitto is not None:
            await self.mosquitto.start()
        await self.school.switch_broker(True)

    async def waiting(self) -> int:
        """How many records wait for the broker."""
        return sum(int(lane["depth"]) for lane in (await self.outbox()).values())

    async def outbox(self) -> dict[str, dict[str, Any]]:
        """The gateway's outbox by lane."""
        lanes: dict[str, dict[str, Any]] = (await self.school.heartbeat())["outbox"]
        return lanes


@asynccontextmanager
async def stage(
    config: Path, directory: Path, start: Mapping[str, Value], heard: Callable[[Arrival], None]
) -> AsyncIterator[Stage]:
    """Everything started and read once; all of it is put away at the end."""
    async with AsyncExitStack() as things:
        if (mosquitto := Mosquitto(directory, *AT_ONCE) if installed() else None) is not None:
            things.callback(mosquitto.kill)
            await mosquitto.start()
        ports = real_field(read_lines(config), random.Random(), root=directory, other_ports=True)
        real = await things.enter_async_context(ports)
        set_up(real.field, start)
        given = mosquitto.address if mosquitto is not None else None
        plan = Plan(config, ROOT / "configs" / "broker" / "demo.toml", directory, dict(start), given)
        school = School(plan, real, Platform(), heard)
        gateway = school.gateway = Watched(school.config, directory)
        await school.start(things)
        await school.ready()
        yield Stage(school, gateway, mosquitto)


@asynccontextmanager
async def guarded(site: Stage) -> AsyncIterator[None]:
    """Whatever ends that should not (gateway, a simulated device) ends the run."""
    watchers = [asyncio.create_task(guard) for guard in site.school.guards()]
    me = asyncio.current_task()
    assert me is not None
    for watcher in watchers:
        watcher.add_done_callback(lambda done: None if done.cancelled() else me.cancel())
    try:
        yield
    finally:
        for watcher in watchers:
            watcher.cancel()
        ended = await asyncio.gather(*watchers, return_exceptions=True)
        for error in ended:
            if isinstance(error, Exception):
                raise error
