"""What the second way is owed: sent until confirmed, in order, across restarts and refusing disks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from agent.errors import StorageError
from agent.outbox.outbox import Outbox
from agent.records import Record, Stored, event_record
from agent.service import second_way
from agent.service.journal import Journal
from agent.service.second_way import OWED_MOST, SecondWay
from tests.agent.service.world import World, open_outbox, stored, until

pytestmark = pytest.mark.asyncio


class Broker:
    """The second way's far side."""

    def __init__(self) -> None:
        self.up, self.tries = True, 0
        self.got: list[Stored] = []

    async def send(self, one: Stored) -> bool:
        self.tries += 1
        if self.up:
            self.got.append(one)
        return self.up

    @property
    def numbers(self) -> list[object]:
        return [one.record.data["fields"]["n"] for one in self.got]


class Desk:
    """A gateway's second way with what it stands on."""

    def __init__(self, world: World, outbox: Outbox, broker: Broker) -> None:
        self.world, self.outbox, self.broker = world, outbox, broker
        self.journal = Journal(outbox, world.host())
        self.second = SecondWay(world.host(), outbox, self.journal, broker.send)

    def record(self, n: int) -> Record:
        return event_record("alarm.escalated", "told", {"n": n}, self.world.host().instant())

    async def tell(self, *numbers: int, crash: bool = False) -> None:
        """As who escalates does it: one transaction, then the places; a crash may come between."""
        records = [self.record(n) for n in numbers]
        places = await self.journal.append(records, self.second.state(records), records[0].at)
        if not crash:
            self.second.owe(records, places)


@asynccontextmanager
async def desk(world: World, broker: Broker, *, runs: bool = True) -> AsyncIterator[Desk]:
    outbox = await open_outbox(world)
    it = Desk(world, outbox, broker)
    running = asyncio.create_task(it.second.run()) if runs else None
    try:
        yield it
    finally:
        if running is not None:
            running.cancel()
            await asyncio.wait([running])
        await outbox.aclose()


@pytest.fixture(autouse=True)
def _soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(second_way, "RETRY_S", 0.01)


async def test_what_is_told_goes_by_the_second_way_in_order_under_its_own_name(tmp_path: Path) -> None:
    broker = Broker()
    async with desk(World(tmp_path), broker) as it:
        await it.tell(1, 2)
        await it.tell(3)
        await until(lambda: not len(it.second))
        assert broker.numbers == [1, 2, 3]
        assert [one.key for one in broker.got] == [one.key for one in await stored(it.outbox)]


async def test_a_way_that_is_down_gets_it_when_it_is_up_also_after_a_restart_and_once(tmp_path: Path) -> None:
    world, broker = World(tmp_path), Broker()
    broker.up = False
    async with desk(world, broker) as it:
        await it.tell(1, 2)
        key = (await stored(it.outbox))[0].key
        await until(lambda: "1" in it.outbox.states()[second_way.STATE])
        await until(lambda: broker.tries > 3)
        assert len(it.second) == 2
    broker.up = True
    async with desk(world, broker) as it:
        await until(lambda: not len(it.second))
    assert broker.got[0].key == key
    assert broker.numbers == [1, 2]
    async with desk(world, broker) as it:
        assert len(it.second) == 0


async def test_a_crash_before_its_place_was_known_tells_it_twice_rather_than_never(tmp_path: Path) -> None:
    world, broker = World(tmp_path), Broker()
    async with desk(world, broker, runs=False) as it:
        await it.tell(1, crash=True)
    async with desk(world, broker) as it:
        await until(lambda: not len(it.second))
        assert broker.numbers == [1]
        assert broker.got[0].key == (await stored(it.outbox))[-1].key
        assert len(await stored(it.outbox)) == 2


async def test_a_disk_that_refuses_neither_loses_nor_repeats_it(tmp_path: Path) -> None:
    world, broker = World(tmp_path), Broker()
    async with desk(world, broker) as it:
        broker.up = False
        await it.tell(1)
        world.disk_full = True
        with pytest.raises(StorageError):
            await it.tell(2)
        world.disk_full = False
        broker.up = True
        await until(lambda: not len(it.second))
        assert broker.numbers == [1]


async def test_a_way_that_is_down_for_months_costs_the_oldest_and_that_is_told(tmp_path: Path) -> None:
    world, broker = World(tmp_path), Broker()
    broker.up = False
    async with desk(world, broker) as it:
        await it.tell(*range(OWED_MOST + 3))
        await until(lambda: len(it.second) == OWED_MOST)
        told = [s.record.data for s in await it.outbox.next({}, 1000)]
        given_up = [one for one in told if one["event"] == "escalation.given_up"]
        assert [one["fields"]["fields"]["n"] for one in given_up] == [0, 1, 2]


@pytest.mark.parametrize("kept", ["?", "{}", "[1]", '[["a"]]'])
async def test_what_was_damaged_is_forgotten_and_nothing_else(kept: str, tmp_path: Path) -> None:
    world, broker = World(tmp_path), Broker()
    async with desk(world, broker, runs=False) as it:
        await it.journal.append([], {second_way.STATE: kept}, world.host().instant())
    async with desk(world, broker) as it:
        await it.tell(1)
        await until(lambda: broker.numbers == [1])
