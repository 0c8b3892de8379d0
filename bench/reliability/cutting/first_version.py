"""A store as the first version of the gateway left it, so that power is lost while it becomes one of today's."""

import json
import random
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

from agent.records import Lane

STORE_ID = "5e0b7c6d2f0e4f5f8c8e6f4d3b2a1908"
DEVICE = "panic-dorm"
TABLES = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE states (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE records (
    sequence INTEGER PRIMARY KEY,
    lane INTEGER NOT NULL,
    type TEXT NOT NULL,
    subject TEXT NOT NULL,
    data TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    monotonic_s REAL NOT NULL,
    utc_s REAL NOT NULL,
    clock TEXT NOT NULL,
    bytes INTEGER NOT NULL
);
CREATE INDEX by_lane ON records (lane, sequence);
"""


def write_first_version(file: Path, numbers: list[int], dice: random.Random) -> Iterator[tuple[str, int]]:
    """Make the file, one record for each number; returns the names under which they were accepted."""
    rows = [(sequence, dice.choice(list(Lane)), number) for sequence, number in enumerate(numbers, 1)]
    counts = {lane.channel: [sum(own is lane for _, own, _ in rows), 0, 0] for lane in Lane}
    meta = {"store_id": STORE_ID, "last": str(len(rows)), "counts": json.dumps(counts)}
    with closing(sqlite3.connect(file, isolation_level=None)) as database:
        database.execute("PRAGMA journal_mode=WAL")
        database.executescript(TABLES)
        database.execute("BEGIN")
        database.executemany("INSERT INTO meta VALUES (?, ?)", meta.items())
        database.execute("INSERT INTO states VALUES (?, ?)", (DEVICE, str(numbers[-1])))
        database.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)", map(_row, rows))
        database.execute("COMMIT")
    return ((STORE_ID, sequence) for sequence, _, _ in rows)


def _row(row: tuple[int, Lane, int]) -> tuple[object, ...]:
    sequence, lane, number = row
    data = json.dumps({"n": number})
    return sequence, lane, lane.channel, DEVICE, data, "an-old-boot", 1.0, 1_790_000_000.0, "synchronised", 120
