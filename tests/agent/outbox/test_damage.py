"""A broken file never keeps the gateway from working; what can be read is kept, and it is told."""

import asyncio
import random
import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agent.errors import StorageError
from agent.outbox.damage import KEPT_ASIDE
from agent.outbox.outbox import Outbox
from agent.records import Lane, Stored
from tests.agent.outbox.bench import alarms, everything, file_of, inline, opened, record, threaded

pytestmark = pytest.mark.asyncio

PAGE = 4096
COUNT = 400


async def filled(directory: Path, count: int = COUNT) -> None:
    async with opened(directory) as outbox:
        await outbox.append(alarms(count, pad="门" * 100), {"panic-gate": "pressed"})


def told(stored: list[Stored]) -> list[dict[str, object]]:
    return [s.record.data["fields"] for s in stored if s.record.data.get("event") == "outbox.set_aside"]


def numbers(stored: list[Stored]) -> list[int]:
    return [s.record.data["n"] for s in stored if "n" in s.record.data]


def truncated(file: Path) -> None:
    with file.open("r+b") as raw:
        raw.truncate(file.stat().st_size // 2)


def emptied(file: Path) -> None:
    file.write_bytes(b"")


def no_database(file: Path) -> None:
    file.write_bytes(b"this is a letter, not a database. " * 1000)


def page_overwritten(file: Path) -> None:
    with file.open("r+b") as raw:
        raw.seek(file.stat().st_size // PAGE // 2 * PAGE)
        raw.write(b"\xff" * PAGE)


def foreign_tables(file: Path) -> None:
    file.unlink()
    with closing(sqlite3.connect(file)) as other:
        other.executescript("CREATE TABLE meta (other); CREATE TABLE records (of, ours);")


def broken_numbers(file: Path) -> None:
    with closing(sqlite3.connect(file)) as database, database:
        database.execute("UPDATE meta SET value='many' WHERE key='ledger'")


BREAKS = (truncated, emptied, no_database, page_overwritten, foreign_tables, broken_numbers)


def breaks(outbox: Outbox, monkeypatch: pytest.MonkeyPatch) -> None:
    """The next calls find the open file damaged."""
    error = sqlite3.DatabaseError("database disk image is malformed")
    error.sqlite_errorcode = sqlite3.SQLITE_CORRUPT

    def refuses(*_: object) -> None:
        raise error

    for name in ("write", "next"):
        monkeypatch.setattr(outbox._keeper.store, name, refuses)


@pytest.mark.parametrize("damage", BREAKS, ids=lambda d: d.__name__)
async def test_a_damaged_store_is_set_aside_and_the_gateway_starts_and_says_so(tmp_path: Path, damage) -> None:
    await filled(tmp_path)
    damage(file_of(tmp_path))
    async with opened(tmp_path) as outbox:
        aside = outbox.set_aside
        assert Path(aside).exists()
        await outbox.append([record(n=-1)], {})
        stored = await everything(outbox)
        assert outbox.set_aside == "", "told once"
        await outbox.append([record(n=-2)], {})
    (fields,) = told(stored)
    assert fields["file"] == aside
    assert fields["salvaged"]["alarm"] == len(numbers(stored)) - 1  # type: ignore[index]
    async with opened(tmp_path) as outbox:
        assert len(told(await everything(outbox))) == 1


async def test_what_stands_before_and_behind_a_damaged_page_is_salvaged_with_the_states(tmp_path: Path) -> None:
    await filled(tmp_path)
    page_overwritten(file_of(tmp_path))
    async with opened(tmp_path) as outbox:
        kept = numbers(await everything(outbox))
        assert outbox.states() == {"panic-gate": "pressed"}
    assert kept == sorted(kept)
    assert COUNT - 30 < len(kept) < COUNT
    assert kept[0] == 0
    assert kept[-1] == COUNT - 1


async def test_the_report_of_a_set_aside_store_survives_a_restart_before_it_could_be_made(tmp_path: Path) -> None:
    await filled(tmp_path)
    no_database(file_of(tmp_path))
    async with opened(tmp_path):
        pass
    async with opened(tmp_path) as outbox:
        await outbox.append(alarms(1), {})
        assert len(told(await everything(outbox))) == 1


async def test_a_new_store_has_a_new_id_and_a_good_one_keeps_its_own(tmp_path: Path) -> None:
    ids = []
    for broken in (False, False, True):
        if broken:
            no_database(file_of(tmp_path))
        async with opened(tmp_path) as outbox:
            ids.append(outbox.store_id)
    assert ids[0] == ids[1] != ids[2]


async def test_a_store_that_breaks_in_use_is_replaced_and_the_next_append_works(tmp_path: Path) -> None:
    async with opened(tmp_path) as outbox:
        await outbox.append(alarms(COUNT, pad="x" * 500), {"panic-gate": "pressed"})
        before = outbox.store_id
        (first, *_) = await everything(outbox)
    async with opened(tmp_path) as outbox:
        for page in range(1, file_of(tmp_path).stat().st_size // PAGE):
            with file_of(tmp_path).open("r+b") as raw:
                raw.seek(page * PAGE)
                raw.write(b"\xff" * PAGE)
        outbox._keeper.store.database.execute("PRAGMA shrink_memory")
        with pytest.raises(StorageError):
            await outbox.append(alarms(1), {})
        assert outbox.store_id != before
        await outbox.confirm([first])  # in flight when it happened
        await outbox.append([record(n=-1)], {"smoke": "alarm"})
        stored = await everything(outbox)
        assert -1 in numbers(stored)
        assert len(told(stored)) == 1
        assert outbox.states() == {"panic-gate": "pressed", "smoke": "alarm"}
        assert (await outbox.depths())[Lane.ALARM].confirmed == 0


async def test_calls_that_find_the_damage_together_replace_the_store_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with opened(tmp_path, offload=threaded()) as outbox:
        await outbox.append(alarms(50), {})
        breaks(outbox, monkeypatch)
        results = await asyncio.gather(
            outbox.append([record(n=-1)], {}), everything(outbox), everything(outbox), return_exceptions=True
        )
        assert [type(result) for result in results] == [StorageError] * 3
        await outbox.append([record(n=-2)], {})
        assert numbers(await everything(outbox)) == [*range(50), -2]
    assert len(list(tmp_path.glob("*.damaged-?"))) == 1


async def test_a_store_that_breaks_while_the_disk_is_full_is_replaced_once_there_is_room(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    full = sqlite3.OperationalError("database or disk is full")
    full.sqlite_errorcode = sqlite3.SQLITE_FULL

    def no_room(file: Path) -> None:
        file.write_bytes(b"half a store")
        raise full

    async with opened(tmp_path) as outbox:
        await outbox.append(alarms(50), {"panic-gate": "pressed"})
        breaks(outbox, monkeypatch)
        with monkeypatch.context() as disk:
            disk.setattr("agent.outbox.opening.connect", no_room)
            for _ in range(3):
                with pytest.raises(StorageError, match="full"):
                    await outbox.append([record(n=-1)], {})
        with pytest.raises(StorageError):
            await outbox.append([record(n=-2)], {})  # this one finds that there is room again
        await outbox.append([record(n=-3)], {})
        assert numbers(await everything(outbox)) == [*range(50), -3]
        assert outbox.states() == {"panic-gate": "pressed"}


@pytest.mark.parametrize("broken", ['{"n": ', b"\xff\xfe{", ""])
async def test_one_row_that_cannot_be_read_back_holds_nobody_up_and_is_told(tmp_path: Path, broken) -> None:
    await filled(tmp_path, 5)
    with closing(sqlite3.connect(file_of(tmp_path))) as database, database:
        database.execute("UPDATE records SET data=CAST(? AS TEXT) WHERE sequence=3", (broken,))
    async with opened(tmp_path) as outbox:
        assert numbers(await everything(outbox)) == [0, 1, 3, 4]
        assert len(await outbox.next({}, 3)) == 3
        await outbox.append([record(n=5)], {})
        stored = await everything(outbox)
        depth = (await outbox.depths())[Lane.ALARM]
    (fields,) = [s.record.data["fields"] for s in stored if s.record.data.get("event") == "outbox.dropped"]
    assert (fields["lane"], fields["first"], fields["last"], fields["count"]) == ("alarm", 3, 3, 1)
    assert depth.accepted == depth.confirmed + depth.count + depth.dropped == 6


async def test_damaged_files_do_not_fill_the_disk(tmp_path: Path) -> None:
    for n in range(KEPT_ASIDE + 3):
        await filled(tmp_path, 5)
        truncated(file_of(tmp_path))
        async with opened(tmp_path) as outbox:
            assert outbox.set_aside.endswith(f"damaged-{n + 1}")
    assert len(list(tmp_path.glob("*.damaged-*"))) == KEPT_ASIDE


async def test_a_file_that_cannot_be_written_is_no_damage_and_stays_where_it_is(tmp_path: Path) -> None:
    file_of(tmp_path).mkdir()
    with pytest.raises(StorageError, match="cannot open"):
        await Outbox.open(tmp_path, max_bytes=1_000_000, boot_id="b", offload=inline)
    assert file_of(tmp_path).is_dir()


async def test_a_store_that_another_process_holds_is_no_damage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agent.outbox.schema.BUSY_S", 0.05)
    async with opened(tmp_path) as outbox:
        await outbox.append(alarms(1), {})
        with pytest.raises(StorageError, match="locked"):
            await Outbox.open(tmp_path, max_bytes=1_000_000, boot_id="b", offload=inline)
        await outbox.append(alarms(1), {})
        assert len(await everything(outbox)) == 2


@pytest.mark.parametrize("seed", range(20))
async def test_a_log_torn_by_a_power_loss_leaves_an_exact_beginning_of_what_was_written(
    tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    async with opened(tmp_path) as outbox:
        for n in range(60):
            await outbox.append([record(n=n, pad="x" * 300)], {"n": str(n)})
        shutil.copytree(tmp_path, tmp_path / "copy")
    log = file_of(tmp_path / "copy").with_name("outbox.sqlite-wal")
    with log.open("r+b") as raw:
        raw.truncate(chance.randrange(log.stat().st_size))
    async with opened(tmp_path / "copy") as outbox:
        kept = numbers(await everything(outbox))
        assert kept == list(range(len(kept)))
        assert outbox.states() == ({"n": str(kept[-1])} if kept else {})
        assert outbox.set_aside == ""
