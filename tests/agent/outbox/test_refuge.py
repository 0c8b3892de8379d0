"""While the disk refuses, records go on in memory under a name of their own; later all of it moves over."""

import asyncio
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.errors import StorageError
from agent.outbox import shelter
from agent.outbox.outbox import Outbox
from agent.records import Lane, Stored
from tests.agent.outbox.bench import START, alarms, everything, numbers, on_disk, opened, record
from tests.agent.outbox.failing import Failing, failing
from tests.waiting import until

pytestmark = pytest.mark.asyncio

MEMORY = 1024 * 1024


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelter, "LOOK_FIRST_S", 0.01)
    monkeypatch.setattr(shelter, "LOOK_MOST_S", 0.01)


def broken(outbox: Outbox, after: int = 1) -> Failing:
    """From so many calls on the disk refuses everything."""
    disk = failing(outbox)
    disk.fail_in, disk.for_good = after, True
    return disk


async def healed(outbox: Outbox, disk: Failing) -> None:
    disk.heal()
    await until(lambda: not outbox.in_memory, "the disk to have it all")


def by_series(stored: list[Stored]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for one in stored:
        found.setdefault(one.series, []).append(one.sequence)
    return found


async def books_close(outbox: Outbox) -> bool:
    return all(d.accepted == d.confirmed + d.count + d.dropped for d in (await outbox.depths()).values())


async def test_an_alarm_is_accepted_and_offered_though_the_disk_refuses(tmp_path: Path) -> None:
    async with opened(tmp_path, memory_bytes=MEMORY) as outbox:
        await outbox.append(alarms(2), {"panic": "a"})
        disk = broken(outbox)
        outbox.moved.clear()
        await outbox.append(alarms(1, late=True), {"panic": "b"})
        assert outbox.in_memory
        assert outbox.moved.is_set()
        assert "full" in outbox.fault
        assert outbox.states() == {"panic": "b"}
        assert [s.record.data for s in await everything(outbox)][-1] == {"n": 0, "late": True}
        await healed(outbox, disk)
        assert outbox.fault == ""


async def test_without_room_in_memory_the_disk_s_refusal_is_told_as_before(tmp_path: Path) -> None:
    async with opened(tmp_path) as outbox:
        disk = broken(outbox)
        with pytest.raises(StorageError):
            await outbox.append(alarms(1), {})
        disk.heal()


async def test_what_waits_on_the_disk_is_offered_from_memory_under_its_own_name(tmp_path: Path) -> None:
    async with opened(tmp_path, memory_bytes=MEMORY) as outbox:
        await outbox.append(alarms(3), {})
        before = await everything(outbox)
        disk = failing(outbox)
        disk.fail_in = 1  # once: what waits can be read
        await outbox.append(alarms(2), {})
        assert outbox.in_memory
        now = await everything(outbox)
        assert now[:3] == before
        assert by_series(now)[outbox.store_id] == [1, 2]
        assert outbox.store_id != before[0].series
        await healed(outbox, disk)


async def test_back_on_the_disk_every_name_is_the_same_and_the_numbers_go_on_without_a_gap(tmp_path: Path) -> None:
    async with opened(tmp_path, memory_bytes=MEMORY) as outbox:
        await outbox.append(alarms(3), {"panic": "a"})
        disk = broken(outbox)
        await outbox.append(alarms(2), {"panic": "b"})
        in_memory = await everything(outbox)
        await healed(outbox, disk)
        await outbox.append(alarms(1), {})
        mine = outbox.store_id
        assert by_series(await everything(outbox))[mine] == [1, 2, 3]
    async with opened(tmp_path) as again:
        stored = await everything(again)
        assert [s.key for s in in_memory] == [s.key for s in stored if s.series == mine][:2]
        assert by_series(stored) == {stored[0].series: [1, 2, 3], mine: [1, 2, 3]}
        assert again.states() == {"panic": "b"}


async def test_what_was_confirmed_in_memory_is_confirmed_on_the_disk(tmp_path: Path) -> None:
    async with opened(tmp_path, memory_bytes=MEMORY) as outbox:
        await outbox.append(alarms(3), {})
        disk = failing(outbox)
        disk.fail_in = 1
        await outbox.append(alarms(3), {})
        one, *_, last = await everything(outbox)
        await outbox.confirm([one, last])
        assert await books_close(outbox)
        await healed(outbox, disk)
        keys = {s.key for s in await everything(outbox)}
        assert keys.isdisjoint({one.key, last.key})
        depth = (await outbox.depths())[Lane.ALARM]
        assert (depth.accepted, depth.confirmed, depth.count, depth.dropped) == (6, 2, 4, 0)


async def test_the_platform_can_confirm_and_ask_again_by_either_name(tmp_path: Path) -> None:
    async with opened(tmp_path, memory_bytes=MEMORY) as outbox:
        await outbox.append(alarms(3), {})
        first = outbox.store_id
        disk = broken(outbox)
        await outbox.append(alarms(3), {})
        second = outbox.store_id
        await healed(outbox, disk)
        assert await outbox.confirm_spans(first, [(1, 9)]) == 3
        assert await outbox.confirm_spans(second, [(2, 3)]) == 2
        assert [s.key for s in await everything(outbox)] == [(second, 1)]
        replayed = await outbox.replay(second, 1, 3)
        assert (replayed.again, replayed.waiting, replayed.gone) == (2, 1, [])
        assert (await outbox.replay(first, 2, 3)).again == 2
        assert await outbox.confirm_spans("another", [(1, 9)]) == 0
        assert await books_close(outbox)


async def test_telemetry_on_a_disk_that_cannot_be_read_is_offered_again_when_it_can(tmp_path: Path) -> None:
    async with opened(tmp_path, memory_bytes=MEMORY, batch_s=0.0) as outbox:
        await on_disk(outbox, numbers(3))
        disk, rewinds = broken(outbox), outbox.rewinds
        await outbox.append(alarms(1), {})
        await on_disk(outbox, numbers(2, 3))
        assert await books_close(outbox)
        assert [s.sequence for s in await everything(outbox) if s.record.lane is Lane.TELEMETRY] == [4, 5]
        await healed(outbox, disk)
        assert outbox.rewinds > rewinds
        assert [s.sequence for s in await everything(outbox) if s.record.lane is Lane.TELEMETRY] == [1, 2, 3, 4, 5]
        assert (await outbox.depths())[Lane.TELEMETRY].count == 5


async def test_memory_is_bounded_and_what_had_no_room_is_told(tmp_path: Path) -> None:
    async with opened(tmp_path, memory_bytes=64 * 1024) as outbox:
        disk = broken(outbox)
        for n in range(300):
            await outbox.append([record(Lane.EVENT, "x", n=n, pad="." * 1000)], {})
        await outbox.append(alarms(1), {})
        stored = await everything(outbox)
        assert stored[0].record.lane is Lane.ALARM
        assert any(s.record.data.get("event") == "outbox.dropped" for s in stored)
        assert len(stored) < 100
        assert await books_close(outbox)
        await healed(outbox, disk)
        assert await books_close(outbox)
        assert (await outbox.depths())[Lane.EVENT].dropped > 200


async def test_a_gateway_starts_though_its_disk_cannot_be_opened_and_moves_in_later(tmp_path: Path) -> None:
    async with opened(tmp_path, batch_s=0.0) as outbox:
        await outbox.append(alarms(2), {"panic": "a"})
        await on_disk(outbox, numbers(2))
    kept = tmp_path.rename(tmp_path.with_name("elsewhere"))
    tmp_path.write_text("no directory")
    async with opened(tmp_path, memory_bytes=MEMORY, batch_s=0.0) as outbox:
        assert outbox.in_memory
        await outbox.append(alarms(1, late=True), {"panic": "b"})
        await on_disk(outbox, numbers(1))
        tmp_path.unlink()
        kept.rename(tmp_path)
        await until(lambda: not outbox.in_memory, "the disk to have it all")
        stored = await everything(outbox)
        assert [s.record.data for s in stored][:3] == [{"n": 0}, {"n": 1}, {"n": 0, "late": True}]
        assert outbox.states() == {"panic": "b"}
        depths = await outbox.depths()
        assert (depths[Lane.ALARM].accepted, depths[Lane.ALARM].count) == (3, 3)
        assert (depths[Lane.TELEMETRY].accepted, depths[Lane.TELEMETRY].count) == (3, 3)
    async with opened(tmp_path) as again:
        assert [s.key for s in await everything(again)] == [s.key for s in stored]


async def test_a_disk_that_lost_its_store_meanwhile_gets_all_of_it(tmp_path: Path) -> None:
    async with opened(tmp_path, memory_bytes=MEMORY) as outbox:
        await outbox.append(alarms(2), {"panic": "a"})
        disk = failing(outbox)
        disk.fail_in = 1
        await outbox.append(alarms(1), {})
        assert outbox.in_memory
        for file in tmp_path.iterdir():
            file.unlink()
        keys = [s.key for s in await everything(outbox)]
        await healed(outbox, disk)
        assert [s.key for s in await everything(outbox)] == keys
        assert await books_close(outbox)
    async with opened(tmp_path) as again:
        assert [s.key for s in await everything(again)] == keys
        assert again.states() == {"panic": "a"}


async def test_a_stop_while_the_disk_refuses_says_how_many_it_costs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with opened(tmp_path, memory_bytes=MEMORY) as outbox:
        broken(outbox)
        await outbox.append(alarms(3), {})
    assert "3 records were in memory only" in caplog.text
    async with opened(tmp_path) as again:
        await again.append(alarms(1), {})
        (stored,) = await everything(again)
        assert stored.series != outbox.store_id, "no number is ever used twice"


@pytest.mark.parametrize("for_good", [False, True])
async def test_the_nth_call_may_fail_and_nothing_accepted_is_lost_or_comes_twice(
    tmp_path: Path, for_good: bool
) -> None:
    for n in range(1, 40):
        async with opened(tmp_path / f"{n}", memory_bytes=MEMORY, batch_s=0.0) as outbox:
            await outbox.append(alarms(2), {"panic": "a"})
            await on_disk(outbox, numbers(2))
            disk = failing(outbox)
            disk.fail_in, disk.for_good = n, for_good
            await outbox.append(alarms(2, late=True), {"panic": "b"})
            await on_disk(outbox, numbers(2, 2))
            disk.heal()
            await until(lambda outbox=outbox: not outbox.in_memory, "the disk to have it all")
            assert await books_close(outbox)
            waiting = await everything(outbox)
            assert len({s.key for s in waiting}) == len(waiting)
            alarms_here = [s.record.data for s in waiting if s.record.lane is Lane.ALARM]
            assert alarms_here[-2:] == [{"n": 0, "late": True}, {"n": 1, "late": True}], n
            assert [s.sequence for s in waiting if s.record.lane is Lane.TELEMETRY] == [1, 2, 3, 4]
            assert outbox.states() == {"panic": "b"}


class Far:
    """A platform that reads on, confirms at random, and knows what it has."""

    def __init__(self, dice: random.Random) -> None:
        self.has: dict[tuple[str, int], object] = {}
        self._dice = dice
        self._rewinds = -1
        self._after = dict(START)

    async def read(self, outbox: Outbox) -> None:
        if self._rewinds != outbox.rewinds:
            self._rewinds, self._after = outbox.rewinds, dict(START)
        try:
            found = await outbox.next(self._after, self._dice.randint(1, 8))
        except StorageError:
            return  # a drain tries again
        for one in found:
            assert self.has.get(one.key, one.record.data) == one.record.data, "a name is used for one record only"
            self.has[one.key] = one.record.data
            self._after[one.record.lane] = one.place
        await outbox.confirm(one for one in found if self._dice.random() < 0.7)

    def restart(self) -> None:
        self._rewinds = -1


def _weather(dice: random.Random, steps: int) -> Iterator[str]:
    return iter(
        dice.choices(["append", "telemetry", "read", "break", "heal", "session"], [5, 3, 5, 1, 2, 1], k=steps)
    )


@pytest.mark.parametrize("seed", range(12))
async def test_whatever_the_disk_does_each_accepted_record_arrives_and_the_books_close(
    tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    far, told, disk = Far(dice), 0, None
    async with opened(tmp_path, memory_bytes=MEMORY, batch_s=0.0) as outbox:
        for step in _weather(dice, 120):
            if step == "append":
                lane = dice.choice([Lane.ALARM, Lane.EVENT])
                await outbox.append([record(lane, "x", told=told)], {"x": str(told)})
                told += 1
            elif step == "telemetry":
                await outbox.telemetry([record(Lane.TELEMETRY, "x", told=told)])
                told += 1
            elif step == "break" and not outbox.in_memory:
                disk = disk or failing(outbox)
                disk.fail_in, disk.for_good = dice.randint(1, 30), dice.random() < 0.5
            elif step == "heal" and disk is not None:
                disk.heal()
            elif step == "session":
                far.restart()
            elif step == "read":
                await far.read(outbox)
            await asyncio.sleep(0.002)
        if disk is not None:
            disk.heal()
        await until(lambda: not outbox.in_memory, "the disk to have it all")
        assert await books_close(outbox)
        far.restart()
        for _ in range(200):
            await far.read(outbox)
        assert sorted(data["told"] for data in far.has.values() if "told" in data) == list(range(told))
        for series in {series for series, _ in far.has}:
            numbers_here = sorted(number for name, number in far.has if name == series)
            assert numbers_here == list(range(1, len(numbers_here) + 1)), "no gap in any series"
