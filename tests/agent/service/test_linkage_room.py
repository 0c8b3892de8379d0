"""The linkage room beside a disk that stalls, words that fail, people who reset: nothing lost, nothing twice."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from agent.linkage.model import Contact, Effect, FireSources, Matrix, Target
from agent.outbox.outbox import Outbox
from agent.service import linkage as room
from agent.service.linkage import MEMORY, OWED_MOST, Linkage
from agent.service.pipe import Pipe
from drivers.reading import Reading
from simulators.clock import run_virtual
from tests.agent.service.world import World, open_pipe, site_in, stored

UNIT = "gate-io"
CAUSE = Contact(UNIT, "di2")
STAYS = Effect("stays", CAUSE, (Target(("none", "do1")),), "life", hold="reset")
LATER = Effect("later", CAUSE, (Target(("none", "do2")),), "life", delay_s=5.0, hold="reset")


@dataclass
class Stalling(World):
    """Its disk takes and refuses nothing while `going` is clear."""

    going: asyncio.Event = field(default_factory=asyncio.Event)

    async def _offload(self, call: Callable[[], Any], /) -> Any:
        await self.going.wait()
        return call()


@dataclass
class Stand:
    """What a test has its hands on."""

    linkage: Linkage
    pipe: Pipe
    outbox: Outbox
    going: asyncio.Event
    parts: list[asyncio.Task[None]]

    async def see(self, value: bool) -> None:
        """The contact reads so."""
        await self.pipe.accept(UNIT, [Reading("di2", value)])
        await asyncio.sleep(0.1)

    def state(self, effect: str) -> str:
        return next(one.state for one in self.linkage.answer().effects if one.id == effect)

    async def told(self, event: str) -> list[dict[str, Any]]:
        records = [one.record.data for one in await stored(self.outbox)]
        return [data for data in records if data.get("event") == event]


@asynccontextmanager
async def stand(directory: Path, *effects: Effect, **more: Any) -> AsyncIterator[Stand]:
    world = Stalling(directory)
    world.going.set()
    pipe, outbox, board = await open_pipe(world, site_in(directory))
    await pipe.accept(UNIT, [Reading("di1", False), Reading("di2", False)])
    matrix = Matrix(effects, FireSources(), **more)
    linkage = Linkage(matrix, pipe, outbox, world.host(), board, (), lambda: False)
    parts = [asyncio.create_task(part()) for part in (linkage.run, linkage.keep)]
    try:
        await asyncio.sleep(0.1)
        yield Stand(linkage, pipe, outbox, world.going, parts)
    finally:
        world.going.set()
        for part in parts:
            part.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*parts, return_exceptions=True)
        await outbox.aclose()


def play(story: Callable[[Stand], Awaitable[None]], directory: Path, *effects: Effect, **more: Any) -> None:
    async def main() -> None:
        async with stand(directory, *effects, **more) as here:
            await story(here)

    run_virtual(main())


def test_however_long_a_disk_stalls_no_event_is_lost_of_what_acts(tmp_path: Path) -> None:
    async def story(here: Stand) -> None:
        here.going.clear()
        await here.see(True)
        await asyncio.sleep(6.0)
        assert here.state("later") == "active"
        for _ in range(OWED_MOST + 1):
            here.linkage.look()
        here.going.set()
        await asyncio.sleep(2.0)
        assert [one["fields"]["effect"] for one in await here.told("linkage.triggered")] == ["stays", "later"]

    play(story, tmp_path, STAYS, LATER)


def test_what_latches_is_remembered_though_nobody_finds_words_for_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def speechless(*_: object) -> None:
        raise KeyError("no word")

    async def story(here: Stand) -> None:
        monkeypatch.setattr(room, "notes_of", speechless)
        await here.see(True)
        assert isinstance(here.parts[1].exception(), KeyError)
        assert '"state": "active"' in here.outbox.states()[MEMORY]
        assert not here.parts[0].done()

    play(story, tmp_path, STAYS)


def test_a_cause_that_comes_and_goes_while_a_reset_is_being_stored_is_not_reset_by_it(tmp_path: Path) -> None:
    async def story(here: Stand) -> None:
        await here.see(True)
        await here.see(False)
        assert here.state("stays") == "latched"
        here.going.clear()
        resetting = asyncio.create_task(here.linkage.release("stays", "张卫国", "all out"))
        await asyncio.sleep(0.1)
        await here.see(True)
        await here.see(False)
        here.going.set()
        await resetting
        await asyncio.sleep(2.0)
        assert here.state("stays") == "latched"
        assert '"stays": {' in here.outbox.states()[MEMORY]
        assert '"state": "latched"' in here.outbox.states()[MEMORY]

    play(story, tmp_path, STAYS)


def test_a_reset_beside_what_is_being_stored_tells_nothing_twice(tmp_path: Path) -> None:
    async def story(here: Stand) -> None:
        here.going.clear()
        await here.see(True)
        await here.see(False)
        resetting = asyncio.create_task(here.linkage.release("stays", "张卫国", "all out"))
        await asyncio.sleep(0.1)
        here.going.set()
        await resetting
        await asyncio.sleep(2.0)
        assert len(await here.told("linkage.triggered")) == 1
        assert len(await here.told("linkage.reset")) == 1
        assert here.state("stays") == "idle"
        assert '"state": "idle"' in here.outbox.states()[MEMORY]

    play(story, tmp_path, STAYS)


def test_a_dry_run_says_what_would_be(tmp_path: Path) -> None:
    async def story(here: Stand) -> None:
        await here.see(True)
        await asyncio.sleep(1.0)
        [told] = await here.told("linkage.triggered")
        assert told["text"].startswith("dry run: stays would act")

    play(story, tmp_path, replace(STAYS), dry_run=True)
