"""Telemetry is offered from memory at once and written only if its window ends first, many records to a row."""

import asyncio
from pathlib import Path

import pytest

from agent.outbox import window
from agent.outbox.batches import BATCH_MOST
from agent.outbox.outbox import Outbox
from agent.records import Lane, Stored
from tests.agent.outbox.bench import alarms, everything, inline, noise, numbers, on_disk, opened, record
from tests.agent.outbox.failing import failing

pytestmark = pytest.mark.asyncio


def rows(outbox: Outbox) -> list[tuple[int, int]]:
    """Of each batch on disk the first place and the number of records."""
    return outbox._keeper.store.database.execute("SELECT place, count FROM batches ORDER BY place").fetchall()


def told(stored: list[Stored]) -> list[int]:
    return [s.record.data["n"] for s in stored if "n" in s.record.data]


async def balance(outbox: Outbox) -> tuple[int, int, int, int]:
    depth = (await outbox.depths())[Lane.TELEMETRY]
    assert depth.accepted == depth.confirmed + depth.count + depth.dropped
    return depth.accepted, depth.confirmed, depth.count, depth.dropped


async def test_it_is_numbered_within_the_boot_and_offered_before_it_is_written(tmp_path: Path) -> None:
    async with opened(tmp_path, batch_s=3600, boot_id="this") as outbox:
        outbox.changed.clear()
        await outbox.telemetry(numbers(3))
        assert outbox.changed.is_set()
        assert [s.key for s in await everything(outbox)] == [("this", 1), ("this", 2), ("this", 3)]
        await outbox.append(alarms(1), {})
        assert rows(outbox) == [], "an alarm does not take along what may be confirmed in a moment"


async def test_what_is_confirmed_within_its_window_never_touches_the_disk(tmp_path: Path) -> None:
    calls = 0

    async def counting(call):  # type: ignore[no-untyped-def]
        nonlocal calls
        calls += 1
        return call()

    async with opened(tmp_path, batch_s=0.05, offload=counting) as outbox:
        calls = 0
        for first in range(0, 50, 5):
            await outbox.telemetry(numbers(5, first))
            await outbox.confirm(await outbox.next({Lane.ALARM: 0, Lane.EVENT: 0, Lane.TELEMETRY: first}, 9))
        await asyncio.sleep(0.15)  # three windows of real time
        assert await balance(outbox) == (50, 50, 0, 0)
        assert calls <= 2, "the first look, and the one at the depths"


async def test_what_waits_when_its_window_ends_is_written_with_all_that_came_meanwhile(tmp_path: Path) -> None:
    async with opened(tmp_path, batch_s=0.05) as outbox:
        await outbox.telemetry(numbers(3))
        await outbox.confirm((await everything(outbox))[1:2])
        async with asyncio.timeout(5):
            while not rows(outbox):
                await asyncio.sleep(0.005)
        assert rows(outbox) == [(1, 2)]
        assert told(await everything(outbox)) == [0, 2]
        assert await balance(outbox) == (3, 1, 2, 0)


async def test_a_row_leaves_when_all_its_records_are_confirmed_in_whatever_order(tmp_path: Path) -> None:
    async with opened(tmp_path, batch_s=0) as outbox:
        await on_disk(outbox, numbers(4))
        await on_disk(outbox, numbers(4, 4))
        stored = await everything(outbox)
        for position, left in ((2, 2), (6, 2), (0, 2), (3, 2), (1, 1), (4, 1), (7, 1), (5, 0)):
            await outbox.confirm([stored[position]])
            assert await balance(outbox) is not None
            assert len(rows(outbox)) == left
        assert await balance(outbox) == (8, 8, 0, 0)


async def test_after_a_kill_a_row_is_offered_whole_again_and_the_books_close(tmp_path: Path) -> None:
    outbox = await Outbox.open(tmp_path, max_bytes=2**26, boot_id="first", offload=inline, telemetry_batch_s=0)
    await on_disk(outbox, numbers(4))
    await outbox.confirm((await everything(outbox))[:2])
    outbox._pending.window._batch_s = 3600.0
    await outbox.telemetry(numbers(2, 4))
    assert await balance(outbox) == (6, 2, 4, 0)
    outbox._keeper.store.database.close()  # as a kill leaves it
    async with opened(tmp_path, boot_id="second") as outbox:
        await outbox.telemetry(numbers(1, 9))
        assert [s.key for s in await everything(outbox)] == [*(("first", n) for n in (1, 2, 3, 4)), ("second", 1)]
        assert await balance(outbox) == (5, 0, 5, 0)


async def test_what_is_confirmed_while_it_is_being_written_does_not_come_again(tmp_path: Path) -> None:
    held = asyncio.Event()
    held.set()

    async def slow(call):  # type: ignore[no-untyped-def]
        await held.wait()
        return call()

    async with opened(tmp_path, batch_s=0, offload=slow) as outbox:
        held.clear()
        await outbox.telemetry(numbers(3))
        stored = outbox._pending.window.beyond(0, 9)
        while outbox._pending.writing is None:
            await asyncio.sleep(0)
        await outbox.confirm(stored[:1])
        held.set()
        assert told(await everything(outbox)) == [1, 2]
        assert await balance(outbox) == (3, 1, 2, 0)
        await outbox.confirm(stored[1:])
        assert await balance(outbox) == (3, 3, 0, 0)
        assert rows(outbox) == []


async def test_a_reader_goes_on_from_disk_to_memory_without_a_gap_or_a_repeat(tmp_path: Path) -> None:
    async with opened(tmp_path, batch_s=0) as outbox:
        for first in range(0, 700, 70):
            await on_disk(outbox, numbers(70, first))
        outbox._pending.window._batch_s = 3600.0
        await outbox.telemetry(numbers(70, 700))
        got, after = [], 0
        while found := await outbox.next({Lane.TELEMETRY: after}, 32):
            got += found
            after = found[-1].place
        assert told(got) == list(range(770))


async def test_a_reader_who_asks_while_memory_moves_to_the_disk_misses_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path, batch_s=0) as outbox:
        await on_disk(outbox, numbers(40))
        got: list[Stored] = []

        async def read() -> None:
            after = 0
            while len(got) < 1000:
                found = await outbox.next({Lane.TELEMETRY: after}, 7)
                got.extend(found)
                after = found[-1].place if found else after
                await asyncio.sleep(0)

        reading = asyncio.create_task(read())
        for first in range(40, 1000, 8):
            await outbox.telemetry(numbers(8, first))
            await asyncio.sleep(0)
        async with asyncio.timeout(10):
            await reading
        assert told(got) == list(range(1000))


async def test_rows_are_small_enough_to_be_read_in_pieces(tmp_path: Path) -> None:
    async with opened(tmp_path, batch_s=0) as outbox:
        await on_disk(outbox, numbers(2 * BATCH_MOST + 1))
        assert [count for _, count in rows(outbox)] == [BATCH_MOST, BATCH_MOST, 1]
        assert told(await everything(outbox)) == list(range(2 * BATCH_MOST + 1))


async def test_memory_is_bounded_while_nothing_can_be_written_and_the_loss_names_the_boot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(window, "TELEMETRY_MOST", 10)
    async with opened(tmp_path, batch_s=3600) as outbox:
        await outbox.telemetry(numbers(8))
        await outbox.telemetry(numbers(25, 8))
        assert await balance(outbox) == (33, 0, 10, 23)
        await outbox.append(alarms(1), {})
        assert await balance(outbox) == (33, 0, 10, 23)
        stored = await everything(outbox)
    assert [s.sequence for s in stored if s.record.lane is Lane.TELEMETRY] == list(range(24, 34))
    (event,) = [s.record.data for s in stored if s.record.lane is Lane.EVENT]
    assert event["fields"] == {
        "lane": "telemetry",
        "count": 23,
        "series": "boot",
        "first": 1,
        "last": 23,
        "totals": {"alarm": 0, "event": 0, "telemetry": 23},
    }


async def test_a_full_store_drops_whole_rows_oldest_first_and_tells_it_boot_by_boot(tmp_path: Path) -> None:
    for boot in ("first", "second"):
        async with opened(tmp_path, batch_s=0, boot_id=boot) as outbox:
            for first in range(0, 20, 5):
                await on_disk(outbox, numbers(5, first, 900))
    async with opened(tmp_path, max_bytes=12_000, boot_id="third") as outbox:
        await outbox.append([record(n=-1, pad=noise(900))], {})
        stored = await everything(outbox)
        accepted, _, count, dropped = await balance(outbox)
    left = [s for s in stored if s.record.lane is Lane.TELEMETRY]
    losses = {e["series"]: e for s in stored if (e := s.record.data.get("fields", {})).get("lane") == "telemetry"}
    assert {s.series for s in left} == {"second"}
    assert (losses["first"]["first"], losses["first"]["last"], losses["first"]["count"]) == (1, 20, 20)
    assert losses["second"]["last"] == left[0].sequence - 1
    assert (accepted, count, dropped) == (40, len(left), sum(e["count"] for e in losses.values()))


async def test_a_row_that_cannot_be_read_back_holds_nobody_up_and_is_told(tmp_path: Path) -> None:
    async with opened(tmp_path, batch_s=0) as outbox:
        for first in range(0, 9, 3):
            await on_disk(outbox, numbers(3, first))
        outbox._keeper.store.database.execute("UPDATE batches SET packed=x'789c00' WHERE place=4")
        assert told(await everything(outbox)) == [0, 1, 2, 6, 7, 8]
        await outbox.append(alarms(1), {})
        (event,) = [s.record.data for s in await everything(outbox) if s.record.lane is Lane.EVENT]
        assert (event["fields"]["first"], event["fields"]["last"], event["fields"]["count"]) == (4, 6, 3)
        assert await balance(outbox) == (9, 0, 6, 3)


async def test_a_disk_that_refuses_costs_no_telemetry_that_memory_can_hold(tmp_path: Path) -> None:
    async with opened(tmp_path, batch_s=0.005) as outbox:
        disk = failing(outbox)
        disk.fail_in, disk.for_good = 1, True
        for first in range(0, 60, 20):
            await outbox.telemetry(numbers(20, first))
            await asyncio.sleep(0.01)
        assert told(outbox._pending.window.beyond(0, 99)) == list(range(60)), (
            "the link may be up: it goes on from memory"
        )
        disk.heal()
        async with asyncio.timeout(5):
            while len(outbox._pending.window):
                await outbox.telemetry([])
                await asyncio.sleep(0.01)
        assert told(await everything(outbox)) == list(range(60))
        assert await balance(outbox) == (60, 0, 60, 0)
