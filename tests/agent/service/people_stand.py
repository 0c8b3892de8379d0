"""People and drills on a pipe in memory, in virtual time: a button, a reader, a disk that may refuse."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from agent.outbox.outbox import Outbox
from agent.records import Lane
from agent.school import Calendar, Declared, Person, School
from agent.service.drill_requests import DrillRoom
from agent.service.drills import Drills
from agent.service.people import People
from agent.service.pipe import Pipe
from agent.service.room import Room
from agent.site import Device, PointUse, Site
from drivers.reading import Quality, Reading
from simulators.clock import START_S, run_virtual
from tests.agent.service.world import BUTTON, World, open_pipe, site_in, stored

UNIT, READER, DESK = "gate-io", "gate-reader", "desk-button"
UTC_S = 1.8e9
ZHANG = Person("zhang", "张卫国", "guard", ("04A1B2C3",))
LI = Person("li", "李强", "guard", ("04D4E5F6",))
SCHOOL = School(
    ("national-2021",), {"pupils": Declared(1200, "李", date(2026, 9, 1))}, Calendar(), people=(ZHANG, LI)
)


def reader(**settings: float | bool | str) -> Device:
    return Device(READER, "card_reader", "门岗读卡器", "南门", {"card": PointUse(UNIT, "card")}, settings=settings)


def button(**settings: float | bool | str) -> Device:
    return Device(
        DESK, "sign_on_button", "签到按钮", "南门", {"pressed": PointUse(UNIT, "di8")}, settings=settings
    )


@dataclass
class Ticking(World):
    """Its wall clock goes on with the loop's, but for what somebody puts it `ahead_s`."""

    ahead_s: float = 0.0

    def now(self) -> tuple[float, Any]:
        return UTC_S + self.ahead_s + asyncio.get_running_loop().time() - START_S, self.clock

    def host(self) -> Any:
        return replace(super().host(), wall_clock=self.now)


@dataclass
class Stand:
    """What a test has its hands on."""

    world: Ticking
    pipe: Pipe
    outbox: Outbox
    people: People
    drills: Drills
    rooms: tuple[Room, ...]

    async def card(self, code: str, for_s: float = 1.0) -> None:
        """A card is held to the reader for a moment."""
        await self.pipe.accept(UNIT, [Reading("card", code)])
        await asyncio.sleep(for_s)
        await self.pipe.accept(UNIT, [Reading("card", "")])

    async def press(self) -> None:
        """The one-key alarm is pressed and let go."""
        await self.pipe.accept(UNIT, [Reading("di1", True)])
        await asyncio.sleep(0.5)
        await self.pipe.accept(UNIT, [Reading("di1", False)])

    async def bad(self, point: str) -> None:
        await self.pipe.accept(UNIT, [Reading(point, None, Quality.BAD, "no reply")])

    async def sign(self, person: str, on: bool, **more: str) -> None:
        await self.ask("sign", person=person, on=on, **more)

    async def ask(self, do: str, **fields: Any) -> dict[str, Any]:
        """As at the control socket."""
        requests = {name: request for room in self.rooms for name, request in room.requests.items()}
        return await requests[do](fields)

    async def alarms(self) -> list[dict[str, Any]]:
        return [dict(s.record.data) for s in await stored(self.outbox) if s.record.lane is Lane.ALARM]

    async def events(self, about: str = "") -> list[str]:
        told = [s.record for s in await stored(self.outbox) if s.record.lane is Lane.EVENT]
        return [r.data["event"] for r in told if r.data["event"].startswith(about)]

    async def event(self, name: str) -> dict[str, Any]:
        """The fields of the last one of that name."""
        told = [s.record.data for s in await stored(self.outbox) if s.record.data.get("event") == name]
        return dict(told[-1]["fields"])

    async def confirm_all(self) -> None:
        """Upstream has everything that waits."""
        await self.outbox.confirm(await stored(self.outbox))

    def signed(self) -> list[tuple[str, bool]]:
        return [(one.person, one.on) for one in self.people.check_ins()]

    def on(self) -> list[str]:
        return sorted(self.people._roll)


@asynccontextmanager
async def stand(world: Ticking, *devices: Device, **more: Any) -> AsyncIterator[Stand]:
    """One start of the gateway's rooms; the directory outlives it."""
    site = _site(world.directory, devices, more)
    pipe, outbox, _ = await open_pipe(world, site)
    people, drills = People(site, world.host(), outbox, pipe), Drills(site, world.host(), outbox, pipe)
    rooms = (people.room(), DrillRoom(drills, people.tests, site.identity).room())
    parts = [asyncio.create_task(run()) for room in rooms for run in (part for part in room.parts.values())]
    try:
        await pipe.accept(UNIT, [Reading("di1", False), Reading("di8", False), Reading("card", "")])
        await asyncio.sleep(0.1)
        yield Stand(world, pipe, outbox, people, drills, rooms)
        assert not any(part.done() for part in parts)
    finally:
        for part in parts:
            part.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*parts)
        await outbox.aclose()


def _site(directory: Path, devices: tuple[Device, ...], more: dict[str, Any]) -> Site:
    site = site_in(directory, school=more.pop("school", SCHOOL), **more)
    alarm = next(device for device in site.devices if device.id == BUTTON)
    return replace(site, devices=(alarm, *devices))


def play(story: Callable[[Ticking], Awaitable[None]], directory: Path) -> None:
    """In virtual time."""

    async def main() -> None:
        await story(Ticking(directory, utc_s=UTC_S))

    run_virtual(main())
