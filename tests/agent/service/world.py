"""A gateway of one button in memory: a wire that answers, a disk that may refuse, a platform that listens."""

import asyncio
import json
import random
import sqlite3
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

from agent.config import load_site
from agent.errors import UplinkError
from agent.host import Host
from agent.outbox.outbox import Outbox
from agent.records import ClockState, Lane, Stored
from agent.service.pipe import Pipe
from agent.service.run import run_gateway
from agent.session import Incoming, OpenSession, Session, SessionRequest
from agent.site import Device, PointUse, Site
from agent.uplink.board import Board
from drivers.modbus.rtu import wrap
from drivers.stream import ByteStream, Endpoint
from tests.drivers.twin import Wire

T = TypeVar("T")
MINIMAL = Path(__file__).parents[3] / "configs" / "gateways" / "minimal.yaml"
BUTTON = "panic-gate"


@dataclass
class Platform:
    """The far side of the uplink: keeps what it was told."""

    told: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    reachable: bool = True
    window: int = 16
    lost: asyncio.Event = field(default_factory=asyncio.Event)

    async def open(self, request: SessionRequest) -> Session:
        if not self.reachable:
            raise UplinkError("no route")
        return self

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        self.told.append((topic, json.loads(payload)))

    async def receive(self) -> Incoming:
        await self.lost.wait()
        raise UplinkError("cut")

    async def wait_lost(self) -> str:
        await self.lost.wait()
        return "cut"

    async def aclose(self) -> None:
        return None

    def channel(self, name: str) -> list[dict[str, Any]]:
        return [event["data"] for topic, event in self.told if topic.split("/")[5] == name]


@dataclass
class World:
    """Everything a Host gives, and hands on it."""

    directory: Path
    platform: Platform = field(default_factory=Platform)
    inputs: int = 0
    answers: bool = True
    disk_full: bool = False
    notes: list[str] = field(default_factory=list)
    clock: ClockState = "synchronised"
    utc_s: float = 1.8e9

    def host(self) -> Host:
        return Host(
            open_line=self._open_line,
            open_session=self.platform.open,
            wall_clock=lambda: (self.utc_s, self.clock),
            random=random.Random(1),
            state_dir=self.directory,
            boot_id="boot",
            offload=self._offload,
            notify=self.notes.append,
        )

    async def _open_line(self, _endpoint: Endpoint) -> ByteStream:
        return Wire(self._respond)

    def _respond(self, wire: Wire, request: bytes) -> None:
        """A module with 8 inputs, and coils that are all off."""
        if self.answers:
            bits = self.inputs if request[1] == 2 else 0
            count = (int.from_bytes(request[4:6], "big") + 7) // 8
            body = bits.to_bytes(count, "little") if request[1] in (1, 2) else bytes(2 * request[5])
            wire.later(0.012, wrap(request[0], bytes((request[1], len(body))) + body))

    async def _offload(self, call: Callable[[], T], /) -> T:
        if self.disk_full:
            raise sqlite3.OperationalError("database or disk is full")
        return call()


@asynccontextmanager
async def running(world: World, site: Site, open_session: OpenSession | None = None) -> AsyncIterator[None]:
    """The whole agent, ready; the way upstream is to the platform in memory, or a given one."""
    host = world.host()
    host = replace(host, open_session=open_session or host.open_session)
    gateway = asyncio.create_task(run_gateway(site, host))
    try:
        await until(lambda: gateway.done() or "READY=1" in world.notes)
        yield
    finally:
        gateway.cancel()
        await asyncio.wait([gateway])


@cache
def minimal() -> Site:
    return load_site(MINIMAL)


def site_in(directory: Path, **more: object) -> Site:
    """configs/gateways/minimal.yaml, with its store and socket in `directory`."""
    site = minimal()
    storage = replace(site.storage, directory=directory, telemetry_batch_s=0.1)
    return replace(site, storage=storage, control_socket=directory / "control.sock", **more)  # type: ignore[arg-type]


def device(kind: str, *roles: str, **settings: float | bool) -> Device:
    uses = {role: PointUse("gate-io", f"di{n}") for n, role in enumerate(roles, 1)}
    return Device(BUTTON, kind, "名", "处", uses, None, {}, settings)  # type: ignore[arg-type]


async def open_outbox(world: World) -> Outbox:
    return await Outbox.open(
        world.directory, max_bytes=10_000_000, boot_id="boot", offload=world.host().offload, telemetry_batch_s=0.1
    )


async def open_pipe(world: World, site: Site) -> tuple[Pipe, Outbox, Board]:
    outbox, board = await open_outbox(world), Board()
    return Pipe(site, outbox, board, world.host()), outbox, board


async def stored(outbox: Outbox) -> list[Stored]:
    return await outbox.next({}, 1000)


async def alarms(outbox: Outbox) -> list[str]:
    rows = [s.record for s in await stored(outbox) if s.record.lane is Lane.ALARM]
    return [f"{r.data['condition']} {r.data['change']}" for r in rows]


async def until(true: Callable[[], object], within_s: float = 10.0) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(within_s):
        while not true():
            await asyncio.sleep(0.005)
