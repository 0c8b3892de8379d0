"""Whoever is up to date gets what is new from memory, and it is what the disk would have answered."""

import asyncio
import random
import sqlite3
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.errors import StorageError
from agent.outbox.fresh import KEPT, Fresh
from agent.outbox.outbox import Outbox
from agent.outbox.store import Store
from agent.outbox.writing import Writing
from agent.records import Instant, Lane, Record, Stored
from tests.agent.outbox import bench

AT = Instant(1.0, 1_700_000_000.0, "synchronised")


def record(lane: Lane, n: int = 0) -> Record:
    return Record(lane, lane.channel, "device", {"n": n}, AT)


def stored(sequence: int, lane: Lane = Lane.EVENT) -> Stored:
    return Stored(sequence, "store", "boot", record(lane, sequence))


class Reader:
    """Reads on as a drain does; `from_disk` counts how often the disk was asked."""

    def __init__(self, outbox: Outbox) -> None:
        self.outbox = outbox
        self.after = dict.fromkeys(Lane, 0)
        self.got: list[Stored] = []

    async def read(self, limit: int = 32, take: int = 32) -> list[Stored]:
        found = await self.outbox.next(self.after, limit)
        for one in found[:take]:
            self.after[one.record.lane] = one.sequence
            self.got.append(one)
        return found


async def opened(directory: Path, calls: list[str], max_bytes: int = 1 << 20) -> Outbox:
    async def offload(call: Callable[[], Any]) -> Any:
        calls.append("disk")
        return call()

    return await Outbox.open(
        directory, max_bytes=max_bytes, boot_id="boot", offload=offload, telemetry_batch_s=0.0
    )


def test_a_reader_who_is_up_to_date_does_not_ask_the_disk(tmp_path: Path) -> None:
    async def script() -> None:
        calls: list[str] = []
        outbox = await opened(tmp_path, calls)
        reader = Reader(outbox)
        await outbox.append([record(Lane.EVENT)], {})
        await reader.read()
        assert await reader.read() == []
        for n in range(5):
            await outbox.append([record(Lane.EVENT, n), record(Lane.ALARM, n)], {})
            calls.clear()
            assert [one.record.lane for one in await reader.read()] == [Lane.ALARM, Lane.EVENT]
            assert await reader.read() == []
            assert calls == []
        await outbox.aclose()

    asyncio.run(script())


def test_a_reader_who_begins_anew_is_given_everything_again(tmp_path: Path) -> None:
    async def script() -> None:
        outbox = await opened(tmp_path, [])
        first = Reader(outbox)
        await outbox.append([record(Lane.EVENT, n) for n in range(3)], {})
        await first.read()
        await first.read()
        await outbox.append([record(Lane.EVENT, 3)], {})
        assert len(await Reader(outbox).read()) == 4
        assert len(await first.read()) == 1
        await outbox.aclose()

    asyncio.run(script())


def test_what_the_store_wrote_of_itself_comes_from_the_disk(tmp_path: Path) -> None:
    """A full store drops telemetry and tells it by an event of its own."""

    async def script() -> None:
        outbox = await opened(tmp_path, [], max_bytes=20_000)
        reader = Reader(outbox)
        await outbox.append([record(Lane.EVENT)], {})
        await reader.read()
        await reader.read()
        for n in range(120):
            await bench.on_disk(outbox, bench.numbers(1, n, 200))
            await outbox.append([record(Lane.EVENT, n)], {})
        while await reader.read():
            pass
        assert any(one.record.data.get("event") == "outbox.dropped" for one in reader.got)
        await outbox.aclose()

    asyncio.run(script())


def test_a_reader_far_behind_is_sent_to_the_disk() -> None:
    fresh = Fresh()
    after = dict.fromkeys(Lane, 0)
    fresh.written([stored(1)], 1, ())
    fresh.exhausted(after | {Lane.EVENT: 1}, 1)
    fresh.written([stored(n) for n in range(2, KEPT + 10)], KEPT + 9, ())
    assert fresh.beyond(after | {Lane.EVENT: 1}, 10, ()) is None


def test_a_sequence_that_is_missing_in_between_sends_everybody_to_the_disk() -> None:
    fresh = Fresh()
    fresh.exhausted(dict.fromkeys(Lane, 0), 0)
    assert fresh.beyond(dict.fromkeys(Lane, 0), 10, ()) == []
    fresh.written([stored(1)], 2, ())  # 2 is an event that the store wrote of itself
    assert fresh.beyond(dict.fromkeys(Lane, 0), 10, ()) is None


def test_what_is_deleted_never_comes_again_not_even_to_a_reader_who_begins_anew() -> None:
    fresh = Fresh()
    after = dict.fromkeys(Lane, 0)
    fresh.exhausted(after, 0)
    fresh.written([stored(1), stored(2)], 2, ())
    fresh.written([], 2, {1})
    assert fresh.beyond(after, 10, ()) == [stored(2)]


STEPS = st.lists(
    st.sampled_from(["alarm", "event", "read", "read few", "confirm", "confirm span", "replay", "anew"]),
    max_size=60,
)


@settings(max_examples=60, deadline=None)
@given(STEPS, st.integers(0, 2**32))
def test_memory_answers_what_the_disk_would_have(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str], seed: int
) -> None:
    dice = random.Random(seed)

    async def script() -> None:
        outbox = await opened(tmp_path_factory.mktemp("outbox"), [], max_bytes=dice.choice([8_000, 1 << 20]))
        reader = Reader(outbox)
        for n, step in enumerate(steps):
            if step in ("alarm", "event"):
                await outbox.append([record(Lane[step.upper()], n)] * dice.randint(1, 3), {})
            elif step == "replay" and outbox._keeper.ledger.last:
                await outbox.replay(
                    outbox.store_id, dice.randint(1, outbox._keeper.ledger.last), outbox._keeper.ledger.last
                )
            elif step == "confirm span":
                await outbox.confirm_spans(outbox.store_id, [(dice.randint(1, 9), dice.randint(1, 30))])
            elif step == "confirm" and reader.got:
                await outbox.confirm([reader.got.pop(dice.randrange(len(reader.got)))])
            elif step == "anew":
                reader = Reader(outbox)
            else:
                before = dict(reader.after)
                limit = dice.randint(1, 8)
                hidden = outbox._pending.confirmed
                store: Store = outbox._keeper.store
                found = await reader.read(limit, take=limit if step == "read" else 1)
                on_disk = store.next(before, limit, hidden)
                dropped = {one.sequence for one in found} - {
                    one.sequence for one in store.next(before, 999, hidden)
                }
                assert [one for one in found if one.sequence not in dropped] == on_disk[
                    : len(found) - len(dropped)
                ]
                assert found or not on_disk
        await outbox.aclose()

    asyncio.run(script())


@pytest.mark.asyncio
async def test_a_reader_who_looks_while_a_transaction_is_undone_still_gets_what_is_written_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing, undone = threading.Event(), threading.Event()
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL

    def refused(_writing: Writing) -> None:
        writing.set()
        undone.wait(10)
        raise full

    async with bench.opened(tmp_path, offload=bench.threaded()) as outbox:
        reader = Reader(outbox)
        await outbox.append([record(Lane.ALARM, 1)], {})
        await reader.read()
        with monkeypatch.context() as disk:
            disk.setattr(Writing, "keep_ledger", refused)
            appending = asyncio.create_task(outbox.append([record(Lane.ALARM, 2)], {}))
            await asyncio.to_thread(writing.wait, 10)
            reading = asyncio.create_task(reader.read())
            await asyncio.sleep(0)  # it has asked
            undone.set()
            with pytest.raises(StorageError):
                await appending
            assert await reading == []
        await outbox.append([record(Lane.ALARM, 2)], {})
        assert [one.record.data for one in await reader.read()] == [{"n": 2}]
