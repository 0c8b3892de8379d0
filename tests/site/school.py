"""A whole school in virtual time: the agent unchanged, the demo's field, a twin machine and a twin broker."""

import asyncio
import contextlib
import json
import random
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any
from unittest.mock import patch
from zoneinfo import ZoneInfo

from agent.alarms.model import key_of
from agent.config.load import load_site
from agent.host import Host
from agent.outbox.outbox import Outbox
from agent.service import run
from agent.service.control import Desk
from agent.service.requests import requests_of
from agent.session import Broker
from agent.site import BackupSettings, Site
from agent.uplink.envelope import CloudEvent
from agent.uplink.messages import AlarmData, DeviceStateData, EventData, HeartbeatData, StatusData
from simulators.clock import START_S, run_virtual
from simulators.demo.today import as_today
from simulators.field import Field
from simulators.field_file import LineSetup, read_lines
from simulators.gateway_file import save
from simulators.platform import Arrival, Platform
from simulators.platform_desk import PlatformDesk
from simulators.scenario_file import read_yaml
from simulators.twin import EPOCH_S, Twin
from simulators.twin_broker import Arrived, TwinBroker
from tests.site.way_back import WayBack

CONFIG = Path(__file__).parent.parent.parent / "configs" / "gateways" / "demo.yaml"
STEP_S = 0.02
AGAIN_S = 5.0  # the least that may be configured: a storm is short
SECOND = Broker("second.example")
UNIT_S = 0.5  # poll interval in long stories: the same code, fewer rounds


@cache
def demo_site() -> Site:
    """The demo's configuration on its own day; the control socket stays out, virtual time knows no sockets."""
    document = read_yaml(CONFIG)
    zone = ZoneInfo(document["gateway"]["time_zone"])
    document["school"] = as_today(document["school"], datetime.fromtimestamp(EPOCH_S + START_S, zone))
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        save(document, file)
        file.flush()
        return replace(load_site(Path(file.name)), control_socket=None)


@cache
def demo_lines() -> tuple[LineSetup, ...]:
    return read_lines(CONFIG)


def calmer(site: Site, interval_s: float = UNIT_S) -> Site:
    """The same site asked less often."""
    lines = (
        replace(p, units=tuple(replace(u, interval_s=max(u.interval_s, interval_s)) for u in p.units))
        for p in site.lines
    )
    return replace(site, lines=tuple(lines))


def confirming(site: Site) -> Site:
    """The same site; an alarm leaves when the platform itself has confirmed it."""
    return replace(site, uplink=replace(site.uplink, confirmed_by="platform", again_after_s=AGAIN_S))


def two_ways(site: Site) -> Site:
    """The same site with a second way to the platform."""
    return replace(site, uplink=replace(site.uplink, backup=BackupSettings((SECOND,))))


class School:
    """What a story acts on, and what the platform has heard."""

    def __init__(self, directory: Path, seed: int, site: Site, lines: tuple[LineSetup, ...]) -> None:
        self.site = site
        self.dice = random.Random(seed)
        self.field = Field(lines, self._dice(), strict=True)
        self.broker = TwinBroker(self._dice(), window=6, on_arrival=self._hear)
        self.twin = Twin(self.field, self.broker, directory, self._dice(), self._others())
        self.platform = Platform()
        self.arrived: list[Arrived] = []
        self.heard: list[Arrival] = []
        self.way_back = WayBack(self._say, self._dice()) if site.uplink.confirmed_by == "platform" else None
        clock = lambda: EPOCH_S + self.now_s  # noqa: E731 (the platform's own is right)
        self.desk = PlatformDesk(self.platform, self.way_back.publish, clock) if self.way_back else None

    def _dice(self) -> random.Random:
        return random.Random(self.dice.getrandbits(64))

    def _others(self) -> dict[str, TwinBroker]:
        if self.site.uplink.backup is None:
            return {}
        return {SECOND.host: TwinBroker(self._dice(), window=6, on_arrival=self._hear)}

    @property
    def brokers(self) -> list[TwinBroker]:
        """That of the first way, then that of the second if there is one; the platform is at both."""
        return [self.broker, *self.twin.others.values()]

    def _say(self, topic: str, payload: bytes) -> None:
        for broker in self.brokers:
            broker.say(topic, payload)

    def _hear(self, message: Arrived) -> None:
        self.arrived.append(message)
        if not message.payload:
            self.platform.clear(message.topic)
            return
        self.heard.append(self.platform.take(message.topic, message.payload, message.at_s))
        if self.desk is not None:
            self.desk.heard(self.heard[-1])

    # --- the process --------------------------------------------------------------------------------

    def start(self) -> None:
        self.twin.start(self._run)

    async def _run(self, host: Host) -> None:
        """`run_gateway` as it is, looked over its shoulder: there are no sockets to order through."""
        assemble = run._assemble

        def seen(site: Site, host: Host, outbox: Outbox) -> run.Gateway:
            self.gateway = assemble(site, host, outbox)
            return self.gateway

        with patch.object(run, "_assemble", seen):
            await run.run_gateway(self.site, host)

    async def order(self, device: str, condition: str, action: str) -> None:
        """Somebody at the gateway orders this, as through the control socket."""
        await self.ask("order", device=device, condition=condition, action=action, person="王建国")

    async def ask(self, do: str, **fields: object) -> dict[str, Any]:
        """Ask the gateway, as through the control socket; it must not refuse."""
        desk = Desk(requests_of(self.gateway))
        answer = await desk.answer(json.dumps({"version": 1, "do": do, **fields}).encode())
        assert answer["ok"], answer
        return answer

    async def restart(self) -> None:
        """Killed, and started again by its service manager."""
        await self.twin.kill()
        await asyncio.sleep(1.0)
        self.start()

    # --- waiting ------------------------------------------------------------------------------------

    @property
    def now_s(self) -> float:
        return asyncio.get_running_loop().time()

    async def until(self, condition: Callable[[], object], within_s: float) -> float:
        """Wait for it; returns after how many seconds it came, fails when it does not."""
        began_s = self.now_s
        while not condition():
            self.twin.check()
            assert self.now_s - began_s <= within_s, f"not within {within_s:g} s; heard: {self.told()[-8:]}"
            await asyncio.sleep(STEP_S)
        return self.now_s - began_s

    async def heard_within(self, words: str, within_s: float) -> float:
        """The platform hears of this alarm change; returns after how many seconds."""
        return await self.until(lambda: words in self.told(), within_s)

    # --- what the platform knows --------------------------------------------------------------------

    def alarms(self) -> list[AlarmData]:
        """Every alarm change that has arrived, once, in the order of the gateway's sequence."""
        stores = self.platform.stores
        kept = [a for a in self.heard if a.alarm is not None and not a.duplicate]
        kept.sort(key=lambda a: (stores.index(a.event.id.rpartition("-")[0]), a.sequence))
        return [a.alarm for a in kept if a.alarm is not None]

    def told(self) -> list[str]:
        """The same in words: `panic-gate pressed raised`, `fire-dorm 1.1.12/fire cleared`."""
        return [f"{a.device} {key_of(a.condition, a.address)} {a.change}" for a in self.alarms()]

    def events(self) -> list[str]:
        """Every event, in the order of arrival."""
        found = (a.payload for a in self.heard if isinstance(a.payload, EventData) and not a.duplicate)
        return [event.event for event in found]

    def shown(self, device: str) -> dict[str, str]:
        """The device's retained state, of two the newer: condition (with its address) to alarm state."""
        kept = [p for b in self.brokers for t, p in b.retained.items() if t.endswith(f"/state/{device}")]
        assert kept, f"no state of {device} is retained"
        newest = max(map(CloudEvent.model_validate_json, kept), key=lambda event: float(event.monotonic))
        state = DeviceStateData.model_validate(newest.data)
        return {f"{c.address}/{c.condition}".lstrip("/"): c.state for c in state.conditions}

    @property
    def status(self) -> StatusData:
        """What the retained status says."""
        return next(iter(self.platform.statuses.values()))

    @property
    def heartbeat(self) -> HeartbeatData:
        """The last one."""
        return next(iter(self.platform.heartbeats.values()))

    @property
    def waiting(self) -> int:
        """Records in the outbox, as the last heartbeat told."""
        return sum(lane.depth for lane in self.heartbeat.outbox.values())


def at_rest(field: Field) -> None:
    """The demo's morning: the tamper contact is closed, the barrier is down."""
    field.set("gate-io.di2", True)
    field.set("gate-io.di4", True)
    field.set("canteen-env.temperature", 21.0)


@contextlib.asynccontextmanager
async def school(directory: Path, seed: int = 0, site: Site | None = None) -> AsyncIterator[School]:
    """The demo's school, running; at the end the process is stopped as systemd would."""
    place = School(directory, seed, site or demo_site(), demo_lines())
    at_rest(place.field)
    async with running(place):
        yield place


@contextlib.asynccontextmanager
async def running(place: School) -> AsyncIterator[None]:
    """Its process runs, from start to an orderly stop."""
    place.start()
    desk = asyncio.create_task(place.desk.run()) if place.desk is not None else None
    try:
        yield
        place.twin.check()
    finally:
        if desk is not None:
            desk.cancel()
        await place.twin.stop()


def play(
    story: Callable[[School], Awaitable[None]], directory: Path, seed: int = 0, site: Site | None = None
) -> None:
    """Play a story in virtual time, from the moment on when the platform has met the gateway."""

    async def main() -> None:
        async with school(directory, seed, site) as place:
            await place.until(lambda: place.platform.heartbeats, within_s=10.0)
            await asyncio.sleep(3.0)
            await story(place)

    run_virtual(main(), seed)
