"""A span of any length, a reader who breaks off, a row that unpacks to far too much: nobody else suffers."""

import asyncio
import threading
import zlib
from pathlib import Path

import pytest

from agent.errors import StorageError
from agent.outbox import spans as pieces
from agent.outbox.batches import BATCH_MOST, unpack_batch
from agent.records import Lane
from tests.agent.outbox.bench import START, alarms, everything, numbers, on_disk, opened, record, threaded
from tests.agent.outbox.failing import failing
from tests.waiting import until

pytestmark = pytest.mark.asyncio


@pytest.fixture
def _small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces, "PIECE", 10)


@pytest.mark.usefixtures("_small_pieces")
async def test_a_long_confirmation_and_a_long_replay_let_an_alarm_go_first(tmp_path: Path) -> None:
    async with opened(tmp_path, offload=threaded()) as outbox:
        await outbox.append([record(Lane.EVENT, n=n) for n in range(205)], {})
        for order, count in ((outbox.confirm_spans, 205), (outbox.replay, 205)):
            spans = [[(1, 150), (140, 205)]] if order == outbox.confirm_spans else [1, 205]
            long = asyncio.create_task(order(outbox.store_id, *spans))  # type: ignore[operator]
            await outbox.append(alarms(1), {})
            assert not long.done()
            found = await long
            assert (found if isinstance(found, int) else found.again) == count
        assert len(await everything(outbox)) == 207
        depth = (await outbox.depths())[Lane.EVENT]
        assert (depth.accepted, depth.confirmed, depth.count) == (205, 0, 205)


@pytest.mark.usefixtures("_small_pieces")
async def test_gaps_are_named_once_across_the_pieces(tmp_path: Path) -> None:
    async with opened(tmp_path) as outbox:
        await outbox.append(alarms(45), {})
        outbox._keeper.store.database.execute("DELETE FROM records WHERE sequence IN (1, 11, 12, 13, 25, 45)")
        assert await outbox.confirm_spans(outbox.store_id, [(1, 30)]) == 25
        replayed = await outbox.replay(outbox.store_id, 1, 2**63)
        assert (replayed.again, replayed.waiting) == (25, 14)
        assert replayed.gone == [(1, 1), (11, 13), (25, 25), (45, 45)]


@pytest.mark.usefixtures("_small_pieces")
async def test_a_replay_that_breaks_off_still_calls_its_readers_back(tmp_path: Path) -> None:
    async with opened(tmp_path) as outbox:
        await outbox.append(alarms(30), {})
        await outbox.confirm_spans(outbox.store_id, [(1, 30)])
        assert await everything(outbox) == []
        rewinds, disk = outbox.rewinds, failing(outbox)
        disk.fail_in = 10
        with pytest.raises(StorageError):
            await outbox.replay(outbox.store_id, 1, 30)
        assert outbox.rewinds == rewinds + 1
        assert 0 < len(await everything(outbox)) < 30


async def test_a_reader_that_breaks_off_leaves_no_store_half_replaced(tmp_path: Path) -> None:
    async with opened(tmp_path, offload=threaded()) as outbox:
        await outbox.append(alarms(3), {"panic": "a"})
        replace, begun, go_on = outbox._keeper.replace, threading.Event(), threading.Event()

        def slow(*args):  # type: ignore[no-untyped-def]
            begun.set()
            go_on.wait(10)
            return replace(*args)

        outbox._keeper.replace = slow
        (tmp_path / "outbox.sqlite").unlink()
        reader = asyncio.create_task(outbox.depths())
        await until(begun.is_set, "the new store to be made")
        reader.cancel()
        await asyncio.wait([reader])
        go_on.set()
        await until(lambda: outbox.set_aside or outbox.rewinds, "the new store")
        await outbox.append(alarms(1, late=True), {})
        stored = await everything(outbox)
        assert [one.record.data for one in stored if one.record.lane is Lane.ALARM] == [
            {"n": 0},
            {"n": 1},
            {"n": 2},
            {"n": 0, "late": True},
        ]
        assert outbox.rewinds == 1, "replaced once"


async def test_what_was_confirmed_during_a_write_that_failed_stays_in_the_books(tmp_path: Path) -> None:
    """Memory takes what the disk refused; meanwhile the broker has confirmed all of it."""
    gate, offload = asyncio.Event(), threaded()

    async def slow(call):  # type: ignore[no-untyped-def]
        try:
            return await offload(call)  # type: ignore[operator]
        finally:
            await gate.wait()

    gate.set()
    async with opened(tmp_path, memory_bytes=1024 * 1024, batch_s=0.0, offload=slow) as outbox:
        disk = failing(outbox)
        disk.fail_in = 1
        gate.clear()
        await outbox.telemetry(numbers(3))
        await until(lambda: outbox._pending.writing is not None and disk.failures, "the refusal")
        await outbox.confirm(outbox._pending.window.beyond(0, 3))
        gate.set()
        await until(lambda: outbox.in_memory, "memory")
        await on_disk(outbox, numbers(2, 3))
        depth = (await outbox.depths())[Lane.TELEMETRY]
        assert (depth.accepted, depth.confirmed, depth.count, depth.dropped) == (5, 3, 2, 0)
        assert [one.sequence for one in await outbox.next(START, 9)] == [4, 5]


async def test_a_damaged_row_is_no_list_of_millions() -> None:
    bomb = zlib.compress(b"\n" * 32 * 1024 * 1024)
    with pytest.raises(ValueError, match="lines"):
        unpack_batch(bomb)
    assert len(unpack_batch(zlib.compress(b"\n" * (BATCH_MOST - 1)))) == BATCH_MOST
