"""What waits in a store of the first version is there after an update, under its own names."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from agent.errors import StorageError
from agent.outbox import migration
from agent.outbox.batches import BATCH_MOST
from agent.outbox.damage import KEPT_ASIDE
from agent.outbox.outbox import Outbox
from agent.outbox.schema import VERSION
from agent.records import Lane
from tests.agent.outbox.bench import alarms, everything, file_of, inline, opened, record

pytestmark = pytest.mark.asyncio

OLD_STORE = "0b9f4a2c1e5d4b7aa1c3e8d2f6b70419"
OLD_TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE states (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE records (
    sequence INTEGER PRIMARY KEY, lane INTEGER NOT NULL, type TEXT NOT NULL, subject TEXT NOT NULL,
    data TEXT NOT NULL, boot_id TEXT NOT NULL, monotonic_s REAL NOT NULL, utc_s REAL NOT NULL, clock TEXT NOT NULL,
    bytes INTEGER NOT NULL
);
CREATE INDEX by_lane ON records (lane, sequence);
"""
COUNT = 1200
CONFIRMED = 200  # of each lane, and gone


def old_store(directory: Path) -> None:
    """As the first version left it: three lanes under one sequence, two boots, the oldest confirmed."""
    directory.mkdir(exist_ok=True)
    with closing(sqlite3.connect(file_of(directory))) as database, database:
        database.execute("PRAGMA journal_mode=WAL")
        database.executescript(OLD_TABLES)
        counts = {lane.channel: [COUNT, CONFIRMED, 0] for lane in Lane}
        meta = {"store_id": OLD_STORE, "last": str(3 * COUNT), "counts": json.dumps(counts)}
        database.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
        database.execute("INSERT INTO states VALUES ('panic-gate', 'pressed')")
        rows = [
            (
                n,
                (n - 1) % 3,
                Lane((n - 1) % 3).channel,
                "room",
                f'{{"n":{n}}}',
                f"boot{n > COUNT}",
                n,
                1e9,
                "unknown",
                99,
            )
            for n in range(3 * CONFIRMED + 1, 3 * COUNT + 1)
        ]
        database.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)


async def check(outbox: Outbox) -> None:
    stored = await everything(outbox)
    assert sorted(s.record.data["n"] for s in stored) == list(range(3 * CONFIRMED + 1, 3 * COUNT + 1))
    assert all(s.key == (OLD_STORE, s.record.data["n"]) for s in stored), "the platform may have it already"
    assert all(s.boot_id == f"boot{s.sequence > COUNT}" for s in stored)
    assert all(s.record.at.monotonic_s == s.sequence for s in stored)
    assert outbox.states() == {"panic-gate": "pressed"}
    for depth in (await outbox.depths()).values():
        assert (depth.accepted, depth.confirmed, depth.count, depth.dropped) == (
            COUNT,
            CONFIRMED,
            COUNT - CONFIRMED,
            0,
        )


async def test_what_waits_in_an_old_store_is_there_after_an_update_and_can_be_confirmed(tmp_path: Path) -> None:
    old_store(tmp_path)
    async with opened(tmp_path, boot_id="new") as outbox:
        await check(outbox)
        assert await outbox.append(alarms(1), {}) == [3 * COUNT + 1]
        await outbox.telemetry([record(Lane.TELEMETRY, n=0)])
        stored = await everything(outbox)
        assert stored[-1].key == ("new", 1), "behind what is older"
        await outbox.confirm(stored)
        assert all(depth.count == 0 for depth in (await outbox.depths()).values())
    async with opened(tmp_path) as outbox:
        assert await everything(outbox) == []
        assert outbox.store_id == OLD_STORE


async def test_an_update_that_is_interrupted_goes_on_at_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration, "PIECE", 100)
    pieces = (COUNT - CONFIRMED) // 100
    for stop in range(pieces + 1):
        directory = tmp_path / str(stop)
        old_store(directory)
        with monkeypatch.context() as power:
            power.setattr(migration, "_transaction", failing_after(stop))
            with pytest.raises(StorageError, match="full"):
                await Outbox.open(directory, max_bytes=2**26, boot_id="b", offload=inline)
        async with opened(directory, boot_id="new") as outbox:
            await check(outbox)


def failing_after(count: int):  # type: ignore[no-untyped-def]
    whole = migration._transaction
    left = [count]

    def transaction(database: sqlite3.Connection):  # type: ignore[no-untyped-def]
        if left[0] == 0:
            error = sqlite3.OperationalError("database or disk is full")
            error.sqlite_errorcode = sqlite3.SQLITE_FULL
            raise error
        left[0] -= 1
        return whole(database)

    return transaction


async def test_rows_of_an_old_store_that_cannot_be_read_cost_only_themselves(tmp_path: Path) -> None:
    old_store(tmp_path)
    with closing(sqlite3.connect(file_of(tmp_path))) as database, database:
        database.execute("UPDATE records SET data='{' WHERE sequence IN (900, 903)")  # telemetry
    async with opened(tmp_path) as outbox:
        depth = (await outbox.depths())[Lane.TELEMETRY]
        stored = [s for s in await everything(outbox) if s.record.lane is Lane.TELEMETRY]
        assert len(stored) == depth.count == COUNT - CONFIRMED - 2
        assert (depth.accepted, depth.confirmed, depth.dropped) == (COUNT, CONFIRMED, 2)


async def test_a_damaged_old_store_is_salvaged_with_its_telemetry(tmp_path: Path) -> None:
    old_store(tmp_path)
    with closing(sqlite3.connect(file_of(tmp_path))) as database:
        database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size = file_of(tmp_path).stat().st_size
    with file_of(tmp_path).open("r+b") as raw:
        raw.seek(size // 4096 // 2 * 4096)
        raw.write(b"\xff" * 4096)
    async with opened(tmp_path) as outbox:
        assert outbox.set_aside
        lanes = [s.record.lane for s in await everything(outbox)]
    for lane in Lane:
        assert COUNT - CONFIRMED - 60 < lanes.count(lane) <= COUNT - CONFIRMED


async def test_a_store_of_a_newer_version_is_set_aside_unchanged_and_told(tmp_path: Path) -> None:
    for n in range(KEPT_ASIDE + 2):
        async with opened(tmp_path) as outbox:
            await outbox.append(alarms(1), {"panic-gate": "pressed"})
        with closing(sqlite3.connect(file_of(tmp_path))) as database:
            database.execute(f"PRAGMA user_version={VERSION + 1}")
        newer = file_of(tmp_path).read_bytes()
        async with opened(tmp_path) as outbox:
            aside = Path(outbox.set_aside)
            assert aside.name.endswith(f".newer-{n + 1}")
            await outbox.append(alarms(1), {})
            (event,) = [s.record.data for s in await everything(outbox) if "event" in s.record.data]
        assert aside.read_bytes() == newer
        assert event["fields"]["why"] == "written by a newer version"
    assert len(list(tmp_path.glob("*.newer-*"))) == KEPT_ASIDE + 2, "none is ever thrown away"


async def test_a_batch_holds_some_hundred_records(tmp_path: Path) -> None:
    old_store(tmp_path)
    async with opened(tmp_path) as outbox:
        (rows,) = outbox._keeper.store.database.execute("SELECT COUNT(*) FROM batches").fetchone()
    assert rows <= (COUNT - CONFIRMED) // BATCH_MOST + 3
