"""From memory to a disk that has become another one meanwhile: nothing takes the place of anything else."""

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest

from agent.outbox import shelter
from agent.outbox.outbox import Outbox
from agent.records import Lane, Stored
from tests.agent.outbox.bench import START, alarms, everything, file_of, numbers, on_disk, opened, record, threaded
from tests.agent.outbox.failing import failing
from tests.waiting import until

pytestmark = pytest.mark.asyncio

T = TypeVar("T")
MEMORY = 1024 * 1024


@pytest.fixture(autouse=True)
def _looks_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shelter, "LOOK_FIRST_S", 0.01)
    monkeypatch.setattr(shelter, "LOOK_MOST_S", 0.01)


async def moved_in(outbox: Outbox) -> None:
    await until(lambda: not outbox.in_memory, "the disk to have it all")


async def books_close(outbox: Outbox, stored: list[Stored]) -> None:
    for lane, depth in (await outbox.depths()).items():
        assert depth.accepted == depth.confirmed + depth.count + depth.dropped
        assert depth.count == sum(one.record.lane is lane for one in stored)
        assert min(depth.accepted, depth.confirmed, depth.dropped) >= 0


async def _started_without_a_disk(directory: Path, boot_id: str) -> list[Stored]:
    """One start whose disk comes late; everything that is there in the end."""
    away = directory.rename(directory.with_name(f"{directory.name}-away"))
    directory.write_text("not mounted yet")
    async with opened(directory, memory_bytes=MEMORY, batch_s=0.0, boot_id=boot_id) as outbox:
        await outbox.append(alarms(2, boot=boot_id), {"panic": boot_id})
        await on_disk(outbox, numbers(3))
        early = await everything(outbox)
        directory.unlink()
        away.rename(directory)
        await moved_in(outbox)
        stored = await everything(outbox)
        assert {one.key for one in early} <= {one.key for one in stored}
        await outbox.append(alarms(1, boot=boot_id, late=True), {})
        await on_disk(outbox, numbers(2, 3))
        stored = await everything(outbox)
        assert len({one.key for one in stored}) == len(stored)
        assert len({(one.record.lane is Lane.TELEMETRY, one.place) for one in stored}) == len(stored)
        await books_close(outbox, stored)
        await outbox.confirm(stored[:1])
        assert await everything(outbox) == stored[1:]
    return stored[1:]


async def test_a_disk_that_comes_late_at_every_start_takes_the_records_of_each(tmp_path: Path) -> None:
    async with opened(tmp_path) as outbox:
        await outbox.append(alarms(1), {})
    for n in range(1, 4):
        stored = await _started_without_a_disk(tmp_path, f"boot{n}")
        waiting = [one for one in stored if one.record.lane is not Lane.TELEMETRY]
        assert len(waiting) == 1 + 3 * n - n, "one is confirmed in each"
        telemetry = [(one.series, one.sequence) for one in stored if one.record.lane is Lane.TELEMETRY]
        assert telemetry == [(f"boot{boot}", n) for boot in range(1, n + 1) for n in range(1, 6)]
    async with opened(tmp_path, boot_id="last") as again:
        assert [one.key for one in await everything(again)] == [one.key for one in stored]
        assert again.states() == {"panic": "boot3"}


async def test_what_was_confirmed_in_memory_confirms_nothing_else_on_a_disk_that_was_salvaged(
    tmp_path: Path,
) -> None:
    async with opened(tmp_path, memory_bytes=MEMORY) as outbox:
        await outbox.append(alarms(4), {})
        await outbox.confirm((await everything(outbox))[:2])
        await outbox.depths()  # written: the first two are history, and the others are third and fourth
        disk = failing(outbox)
        disk.fail_in = 1
        await outbox.append([record(n="late")], {})
        assert outbox.in_memory
        for one in await everything(outbox):
            if one.record.data["n"] == 3:
                await outbox.confirm([one])
        await outbox.depths()
        database = outbox._keeper.shelter.refuge.disk.database  # type: ignore[union-attr]
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        file = file_of(tmp_path)
        whole = file.read_bytes()
        disk.close()
        outbox._keeper.shelter.refuge.disk.closed = True  # type: ignore[union-attr]
        file.write_bytes(whole[:-1024] + b"\xff" * 1024)
        await moved_in(outbox)
        stored = await everything(outbox)
        told = {one.record.data["n"] for one in stored if "n" in one.record.data}
        assert {2, "late"} <= told
        assert len({one.place for one in stored}) == len(stored)
        await books_close(outbox, stored)


async def test_the_platform_s_word_while_records_change_places_is_not_lost(tmp_path: Path) -> None:
    """It comes while memory is being filled from the disk, and while the disk is being filled from memory."""
    waits: list[asyncio.Event] = []
    offload = threaded()

    async def slow(call: Callable[[], T]) -> T:
        found = await offload(call)  # type: ignore[operator]
        for gate in waits:
            await gate.wait()
        return found  # type: ignore[no-any-return]

    async with opened(tmp_path, memory_bytes=MEMORY, offload=slow) as outbox:
        await outbox.append(alarms(6), {})
        series, disk, seek, leave = (
            outbox.store_id,
            failing(outbox),
            outbox._keeper.shelter.seek,
            outbox._keeper.shelter.leave,
        )
        said: list[asyncio.Task[int]] = []
        loop = asyncio.get_running_loop()

        def say(number: int) -> None:
            loop.call_soon_threadsafe(
                lambda: said.append(loop.create_task(outbox.confirm_spans(series, [(number, number)])))
            )

        def seeks(before):  # type: ignore[no-untyped-def]
            refuge = seek(before)
            say(1)
            return refuge

        def leaves(refuge):  # type: ignore[no-untyped-def]
            moved = leave(refuge)
            say(2)
            return moved

        outbox._keeper.shelter.seek, outbox._keeper.shelter.leave = seeks, leaves  # type: ignore[method-assign]
        disk.fail_in = 1
        await outbox.append([record(n="late")], {})
        await moved_in(outbox)
        await until(lambda: len(said) >= 2, "both words")
        assert [await task for task in said[:2]] == [1, 1]
        stored = await everything(outbox)
        assert [one.sequence for one in stored if one.series == series] == [3, 4, 5, 6]
        await books_close(outbox, stored)
        assert await outbox.next(START, 1) == stored[:1]
