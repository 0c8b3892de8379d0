"""A provisioning room in virtual time: a pipe that is told readings, a disk that may refuse."""

import asyncio
import json
import random
import sqlite3
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, TypeVar

from agent.host import Host, loop_s
from agent.outbox.outbox import Outbox
from agent.provisioning.model import CheckIn, TestPress
from agent.provisioning.pack import Pack
from agent.records import ClockState, Stored
from agent.school import Calendar, Declared, School, Window
from agent.service.pipe import Pipe
from agent.service.provisioning import Provisioning
from agent.site import Device, PointUse, Site
from agent.uplink.board import Board
from agent.uplink.messages import PathShown, UplinkShown
from drivers.reading import Reading
from simulators.clock import run_virtual
from tests.agent.service.world import minimal

T = TypeVar("T")
MONDAY_S = datetime(2026, 11, 23, 1, 0, tzinfo=UTC).timestamp()  # 9 o'clock in Shanghai
CALENDAR = Calendar()
SCHOOL = School(
    ("test",),
    {"gates": Declared(1.0, "李主任", date(2026, 9, 1))},
    CALENDAR,
    (Window("arrival", time(7, 20), time(8, 0)),),
)
CLOSED = {"closed_limit": PointUse("io", "di1")}
PRESSED = {"pressed": PointUse("io2", "di1"), "tamper": PointUse("io2", "di2")}
GATE = Device("gate", "gate_barrier", "东门道闸", "东门", CLOSED, place="main_gate")
PANIC = Device("panic", "one_key_alarm", "一键报警", "门卫室", PRESSED, place="guard_room")


def said(text: str) -> dict[str, str]:
    return {"en": text, "zh": text}


def item(id: str, fresh_s: float = 60, **check: Any) -> dict[str, Any]:
    return {
        "id": id,
        "title": said(id),
        "clause": "clause 1",
        "source": "a source",
        "mark": "seen",
        "check": check,
        "fresh_s": fresh_s,
        "fix": said("mend it"),
    }


def pack(id: str = "test") -> Pack:
    closed = [
        item("gates_live", devices={"kinds": ["gate_barrier"], "without": ["lost"]}),
        item("never_open", openings={"kinds": ["gate_barrier"], "longest_s": 120, "look_back_s": 3600}),
    ]
    alarm = [
        item("works", devices={"kinds": ["one_key_alarm"], "without": ["tamper"]}),
        item("networked", 180, ways={"at_least": 1}),
    ]
    return Pack.model_validate(
        {
            "id": id,
            "title": said("the test's pack"),
            "source": "our own",
            "mark": "seen",
            "declared_fresh_s": 4e7,
            "places": {"main_gate": said("gates")},
            "indicators": [
                {"id": "closed_campus", "title": said("closed campus"), "items": closed},
                {"id": "alarm_video", "title": said("one-key alarm"), "items": alarm},
            ],
        }
    )


class SignedOn:
    """The people's room, as provisioning sees it."""

    def __init__(self) -> None:
        self.watchers: list[Callable[[], None]] = []
        self.logged_since_utc_s: float | None = 0.0
        self.on: tuple[CheckIn, ...] = ()

    def check_ins(self) -> tuple[CheckIn, ...]:
        return self.on

    def presses(self) -> tuple[TestPress, ...]:
        return ()


class Stand:
    """The machine: its disk and clock outlive the room that runs on it."""

    def __init__(self, directory: Path, packs: tuple[Pack, ...] = (pack(),)) -> None:
        self.directory, self.packs = directory, packs
        self.disk_full = False
        self.clock: ClockState = "synchronised"
        self.up = True
        self.off_s = 0.0  # how far the wall clock is off
        self.people = SignedOn()
        self.starts = 0
        self.devices: tuple[Device, ...] = (GATE, PANIC)

    @asynccontextmanager
    async def room(self, *, killed: bool = False) -> AsyncIterator[Provisioning]:
        """It runs; `killed`: it has no time to say goodbye."""
        self.starts += 1
        self.said = set[str]()
        host = self._host()
        self.outbox = await Outbox.open(
            self.directory, max_bytes=10_000_000, boot_id=host.boot_id, offload=host.offload
        )
        self.board = Board()
        self.pipe = Pipe(self._site(), self.outbox, self.board, host)
        room = Provisioning(
            SCHOOL, self.packs, self.pipe, self.outbox, host, self.board, self.people, lambda: self.shown()
        )
        parts = (room.run, self.pipe.run_timers, self._keep_saying)
        running = [asyncio.create_task(part()) for part in parts]
        try:
            yield room
        finally:
            self.disk_full = self.disk_full or killed
            for task in running:
                task.cancel()
            await asyncio.wait(running)
            self.disk_full = False
            await self.outbox.aclose()

    def _site(self) -> Site:
        return replace(minimal(), devices=self.devices, school=SCHOOL, packs=self.packs, lines=())

    def _host(self) -> Host:
        async def nothing(_: object) -> Any:
            raise AssertionError("no line, no session")

        return Host(
            nothing, nothing, lambda: (self.utc_s() + self.off_s, self.clock), random.Random(1), self.directory,
            f"boot-{self.starts}", self._offload, lambda _: None,
        )  # fmt: skip

    async def _offload(self, call: Callable[[], T], /) -> T:
        if self.disk_full:
            raise sqlite3.OperationalError("database or disk is full")
        return call()

    def utc_s(self) -> float:
        return MONDAY_S + loop_s() - 1000.0

    def shown(self) -> UplinkShown:
        return UplinkShown(path="primary", paths={"primary": PathShown(connected=self.up, for_s=600.0)})

    # --- the field ----------------------------------------------------------------------------------

    async def say(self, closed: bool = True, tamper: bool = False) -> None:
        """Every unit answers: this is how the gate stands, and the one-key alarm's lid."""
        self.said |= {"io", "io2"}
        await self.pipe.accept("io", [Reading("di1", closed)])
        await self.pipe.accept("io2", [Reading("di1", False), Reading("di2", tamper)])

    async def _keep_saying(self) -> None:
        """What was said is said again every second, as polls do."""
        while True:
            await asyncio.sleep(1.0)
            for unit in sorted(self.said):
                await self.pipe.unchanged(unit)

    async def lose(self, unit: str) -> None:
        self.said.discard(unit)
        await self.pipe.unit_lost(unit, "no response")

    # --- what came of it ----------------------------------------------------------------------------

    def verdicts(self, room: Provisioning) -> dict[str, str]:
        return {one.id: one.verdict for one in room.verdicts()}

    def taken(self) -> dict[str, Any]:
        """What was put on the board of provisioning since the last time."""
        return {subject: data for (channel, subject), data in self.board.take().items() if channel == "provision"}

    async def events(self) -> list[dict[str, Any]]:
        """Those about provisioning, the oldest first."""
        kept: list[Stored] = await self.outbox.next({}, 10_000)
        told = [dict(one.record.data) for one in kept if one.record.data.get("event") == "provision.changed"]
        return [one["fields"] for one in told]

    async def changes(self) -> list[str]:
        return [f"{one['subject']} {one['before']} {one['after']}" for one in await self.events()]

    def day(self, room: Provisioning, subject: str) -> str:
        """The worst verdicts of each day, one after the other."""
        return "|".join(day.worst for day in room.strip.shown().get(subject, []))


async def until(true: Callable[[], object], within_s: float = 90.0) -> float:
    """Wait for a condition; returns after how long it came."""
    begun_s = loop_s()
    async with asyncio.timeout(within_s):
        while not true():
            await asyncio.sleep(0.05)
    return loop_s() - begun_s


def play(story: Callable[[Stand], Awaitable[None]], stand: Stand) -> None:
    async def main() -> None:
        await story(stand)

    run_virtual(main())


def kept(stand: Stand) -> dict[str, Any]:
    """The states that the room has stored."""
    return {k: json.loads(v) for k, v in stand.outbox.states().items() if k.startswith("provisioning/")}
