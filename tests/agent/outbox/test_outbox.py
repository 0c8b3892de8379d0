"""Accepted means on disk; hidden once confirmed; the lowest lane gives way first, and that is told."""

import asyncio
import math
from pathlib import Path

import pytest

from agent.errors import StorageError
from agent.outbox.outbox import Outbox
from agent.records import Lane, Record, Stored
from tests.agent.outbox.bench import AT, START, alarms, everything, inline, numbers, on_disk, opened, record

pytestmark = pytest.mark.asyncio


def notices(stored: list[Stored], event: str = "outbox.dropped") -> list[dict[str, object]]:
    return [s.record.data["fields"] for s in stored if s.record.data.get("event") == event]


async def test_every_commit_is_flushed_and_nobody_else_has_the_file(tmp_path: Path) -> None:
    async with opened(tmp_path) as outbox:
        ask = outbox._keeper.store.database.execute
        settings = [
            ask(f"PRAGMA {name}").fetchone()[0] for name in ("synchronous", "journal_mode", "locking_mode")
        ]
    assert settings == [2, "wal", "exclusive"]  # 2 is FULL


async def test_alarms_come_before_events_before_telemetry_and_the_oldest_first(tmp_path: Path) -> None:
    async with opened(tmp_path) as outbox:
        await outbox.telemetry([record(Lane.TELEMETRY, n=0)])
        for n in (1, 2):
            await outbox.append([record(Lane.EVENT, n=n), record(Lane.ALARM, n=n)], {})
        order = [(s.record.lane, s.record.data["n"]) for s in await everything(outbox)]
    assert order == [(Lane.ALARM, 1), (Lane.ALARM, 2), (Lane.EVENT, 1), (Lane.EVENT, 2), (Lane.TELEMETRY, 0)]


async def test_an_append_of_nothing_is_done_at_once_and_writes_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path) as outbox:
        before = outbox._keeper.store.database.total_changes
        async with asyncio.timeout(1.0):
            assert await outbox.append([], {}) == []
        assert outbox._keeper.store.database.total_changes == before


async def test_next_goes_on_beyond_what_was_already_taken_in_each_lane(tmp_path: Path) -> None:
    async with opened(tmp_path) as outbox:
        first, _ = await outbox.append(alarms(2), {})
        event, _ = await outbox.append([record(Lane.EVENT, n=2), record(Lane.EVENT, n=3)], {})
        left = await outbox.next({Lane.ALARM: first, Lane.EVENT: event}, 10)
    assert [s.record.data["n"] for s in left] == [1, 3]


async def test_a_record_comes_back_as_it_went_in_chinese_included(tmp_path: Path) -> None:
    went_in = record(
        name="门卫室一键报警", location="南门“门卫室”", value=-0.0, nothing=None, deep={"a": [1, True]}
    )
    async with opened(tmp_path, boot_id="this boot") as outbox:
        (sequence,) = await outbox.append([went_in], {})
        assert await everything(outbox) == [Stored(sequence, outbox.store_id, "this boot", went_in)]


async def test_what_was_appended_does_not_change_when_its_author_changes_it_later(tmp_path: Path) -> None:
    data = {"n": 1}
    async with opened(tmp_path) as outbox:
        await outbox.telemetry([Record(Lane.TELEMETRY, "telemetry", "room", data, AT)])
        data["n"] = 2
        await outbox.append(alarms(1), {})
        assert (await everything(outbox))[-1].record.data == {"n": 1}


async def test_a_confirmed_record_is_hidden_at_once_and_never_comes_again(tmp_path: Path) -> None:
    async with opened(tmp_path) as outbox:
        await outbox.append(alarms(3), {})
        one, two, three = await everything(outbox)
        await outbox.confirm([two])
        assert await everything(outbox) == [one, three]
    async with opened(tmp_path) as outbox:
        assert await everything(outbox) == [one, three]


async def test_a_confirmation_of_another_store_deletes_nothing(tmp_path: Path) -> None:
    async with opened(tmp_path / "other") as other:
        await other.append(alarms(1), {})
        (foreign,) = await everything(other)
    async with opened(tmp_path) as outbox:
        await outbox.append(alarms(1), {})
        await outbox.confirm([foreign])
        assert len(await everything(outbox)) == 1
        assert (await outbox.depths())[Lane.ALARM].confirmed == 0


async def test_a_sequence_is_never_used_again_also_when_every_row_was_deleted(tmp_path: Path) -> None:
    given: list[int] = []
    for _ in range(3):
        async with opened(tmp_path) as outbox:
            given += await outbox.append(alarms(2), {})
            await outbox.confirm(await everything(outbox))
    assert given == [1, 2, 3, 4, 5, 6]


async def test_states_come_back_after_a_restart(tmp_path: Path) -> None:
    async with opened(tmp_path) as outbox:
        await outbox.append(alarms(1), {"panic-gate": "pressed", "smoke": "normal"})
        await outbox.append(alarms(1), {"panic-gate": "normal"})
    async with opened(tmp_path) as outbox:
        assert outbox.states() == {"panic-gate": "normal", "smoke": "normal"}


async def test_closing_writes_what_is_buffered(tmp_path: Path) -> None:
    async with opened(tmp_path, batch_s=3600) as outbox:
        await outbox.append(alarms(1), {})
        await outbox.confirm(await everything(outbox))
        await outbox.telemetry([record(Lane.TELEMETRY, n=7)])
    async with opened(tmp_path) as outbox:
        assert [s.record.data for s in await everything(outbox)] == [{"n": 7}]


async def test_closing_writes_also_what_came_while_a_transaction_ran(tmp_path: Path) -> None:
    held = asyncio.Event()

    async def slow(call):  # type: ignore[no-untyped-def]
        await held.wait()
        return call()

    held.set()
    outbox = await Outbox.open(tmp_path, max_bytes=2**26, boot_id="b", offload=slow, telemetry_batch_s=3600)
    held.clear()
    append = asyncio.create_task(outbox.append(alarms(1), {}))
    while outbox._pending.writing is None:
        await asyncio.sleep(0)
    await outbox.telemetry([record(Lane.TELEMETRY, n=7)])
    closing = asyncio.create_task(outbox.aclose())
    await asyncio.sleep(0)
    held.set()
    await asyncio.gather(append, closing)
    async with opened(tmp_path) as outbox:
        assert len(await everything(outbox)) == 2


async def test_a_closed_outbox_says_so(tmp_path: Path) -> None:
    async with opened(tmp_path) as outbox:
        pass
    with pytest.raises(StorageError, match="closed"):
        await outbox.append(alarms(1), {})
    await outbox.aclose()


async def test_what_is_no_json_is_refused_alone(tmp_path: Path) -> None:
    async with opened(tmp_path) as outbox:
        with pytest.raises(StorageError, match="panic-gate"):
            await outbox.append([record(what=object())], {"panic-gate": "pressed"})
        with pytest.raises(StorageError):
            await outbox.telemetry([record(Lane.TELEMETRY, what={1, 2})])
        await outbox.append(alarms(1), {})
        assert len(await everything(outbox)) == 1
        assert outbox.states() == {}


async def test_a_number_that_is_none_does_not_stop_an_alarm(tmp_path: Path) -> None:
    async with opened(tmp_path) as outbox:
        await outbox.append([record(values={"a": math.nan, "b": [math.inf, 1.5]}, text="half \ud83d letter")], {})
        (stored,) = await everything(outbox)
    assert stored.record.data == {"values": {"a": None, "b": [None, 1.5]}, "text": "half ? letter"}


async def test_many_appends_at_once_need_few_transactions(tmp_path: Path) -> None:
    writes = 0

    async def counting(call):  # type: ignore[no-untyped-def]
        nonlocal writes
        writes += 1
        await asyncio.sleep(0.001)
        return call()

    async with opened(tmp_path, offload=counting) as outbox:
        writes = 0
        given = await asyncio.gather(*(outbox.append([record(n=n)], {str(n): "x"}) for n in range(200)))
        assert writes <= 2
        stored = await everything(outbox)
    assert [s.record.data["n"] for s in stored] == list(range(200))
    assert [sequence for (sequence,) in given] == [s.sequence for s in stored]


async def test_an_append_that_is_given_up_does_not_disturb_the_others(tmp_path: Path) -> None:
    async with opened(tmp_path) as outbox:
        given_up = asyncio.create_task(outbox.append(alarms(1), {}))
        kept = asyncio.create_task(outbox.append(alarms(1), {}))
        await asyncio.sleep(0)
        given_up.cancel()
        assert len(await kept) == 1


# --- full ---------------------------------------------------------------------------------------------

SMALL = 100_000
PAD = "x" * 900


async def test_a_full_outbox_drops_telemetry_before_events_before_alarms(tmp_path: Path) -> None:
    async with opened(tmp_path, max_bytes=SMALL, batch_s=0) as outbox:
        await on_disk(outbox, numbers(40, size=900))
        await outbox.append([record(Lane.EVENT, n=n, pad=PAD) for n in range(40)], {})
        await outbox.append(alarms(50, pad=PAD), {})
        stored = await everything(outbox)
        depths = await outbox.depths()
    assert [s.record.data["n"] for s in stored if s.record.lane is Lane.ALARM] == list(range(50))
    kept_events = [s.record.data["n"] for s in stored if s.record.lane is Lane.EVENT and "n" in s.record.data]
    assert kept_events == list(range(kept_events[0], 40)), "the oldest go first"
    assert depths[Lane.TELEMETRY].count == 0, "one row, and it was the first to go"
    assert depths[Lane.ALARM].dropped == 0
    assert sum(d.bytes for d in depths.values()) <= SMALL


async def test_every_drop_is_told_in_the_same_transaction_with_what_was_lost(tmp_path: Path) -> None:
    async with opened(tmp_path, max_bytes=SMALL) as outbox:
        sequences = await outbox.append([record(Lane.EVENT, n=n, pad=PAD) for n in range(120)], {})
        stored = await everything(outbox)
        series = outbox.store_id
    assert len(notices(stored)) == 1
    (told,) = notices(stored)
    gone = sorted(set(sequences) - {s.sequence for s in stored})
    assert (told["lane"], told["series"]) == ("event", series)
    assert (told["count"], told["first"], told["last"]) == (len(gone), gone[0], gone[-1])


async def test_alarms_past_everything_are_dropped_last_and_never_silently(tmp_path: Path) -> None:
    async with opened(tmp_path, max_bytes=SMALL) as outbox:
        for n in range(300):
            await outbox.append([record(n=n, pad=PAD)], {})
        stored = await everything(outbox)
        depths = await outbox.depths()
    kept = [s.record.data["n"] for s in stored if s.record.lane is Lane.ALARM]
    assert kept == list(range(kept[0], 300))
    assert depths[Lane.ALARM].dropped == 300 - len(kept)
    # Notices are events and may themselves be dropped: the newest one still has the whole loss.
    assert notices(stored)[-1]["totals"]["alarm"] == 300 - len(kept)  # type: ignore[index]


async def test_alarms_may_use_a_reserve_beyond_the_bound_that_others_may_not(tmp_path: Path) -> None:
    async with opened(tmp_path, max_bytes=SMALL) as outbox:
        await outbox.append(alarms(98, pad=PAD), {})
        depths = await outbox.depths()
    assert depths[Lane.ALARM].dropped == 0
    assert depths[Lane.ALARM].bytes > SMALL * 0.95


async def test_a_bound_lowered_at_a_restart_is_kept_from_the_next_append_on(tmp_path: Path) -> None:
    async with opened(tmp_path) as outbox:
        await outbox.append([record(Lane.EVENT, n=n, pad=PAD) for n in range(300)], {})
    async with opened(tmp_path, max_bytes=SMALL) as outbox:
        await outbox.confirm((await everything(outbox))[:1])
        assert (await outbox.depths())[Lane.EVENT].confirmed == 1
        await outbox.append(alarms(1), {})
        assert sum(d.bytes for d in (await outbox.depths()).values()) <= SMALL


async def test_the_file_stays_about_as_large_as_its_bound(tmp_path: Path) -> None:
    bound = 1024 * 1024
    async with opened(tmp_path, max_bytes=bound) as outbox:
        for _ in range(60):
            await outbox.append([record(Lane.EVENT, pad=PAD) for _ in range(100)], {})
    size = sum(f.stat().st_size for f in tmp_path.iterdir())
    assert bound / 2 < size < bound * 1.5


async def test_depth_ages_by_the_loop_within_a_boot_and_by_the_wall_clock_across_boots(tmp_path: Path) -> None:
    async with opened(tmp_path, boot_id="first") as outbox:
        await outbox.append(alarms(1), {})
        depth = (await outbox.depths())[Lane.ALARM]
        assert depth.age_s("first", AT.monotonic_s + 5, AT.utc_s + 999) == 5
        assert depth.age_s("second", 0.0, AT.utc_s + 60) == 60
        assert (await outbox.depths())[Lane.EVENT].age_s("first", 9, 9) is None


async def test_start_is_before_every_record() -> None:
    assert all(after == 0 for after in START.values())
    assert await inline(lambda: 1) == 1
