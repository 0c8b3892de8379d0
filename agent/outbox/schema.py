"""The store as SQLite keeps it, and how an open connection is set so that what it returns from is on disk."""

import sqlite3
import uuid
from pathlib import Path

BUSY_S = 5.0

TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS states (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS records (
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
CREATE INDEX IF NOT EXISTS by_lane ON records (lane, sequence);
"""


def connect(file: Path) -> sqlite3.Connection:
    """Open or make a store; raises sqlite3.Error when it is damaged.

    One connection only: SQLite before 3.51.3 has a race between two (WAL reset). Exclusive locking also
    spares the shared-memory file and keeps other programs out.
    """
    database = sqlite3.connect(file, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    try:
        database.execute("PRAGMA locking_mode=EXCLUSIVE")
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        _check(database)
        database.executescript(TABLES)
        database.execute("INSERT OR IGNORE INTO meta VALUES ('store_id', ?)", (uuid.uuid4().hex,))
        database.execute("INSERT OR REPLACE INTO meta VALUES ('closed', '0')")
    except sqlite3.Error:
        database.close()
        raise
    return database


def _check(database: sqlite3.Connection) -> None:
    """A store that was not closed is checked; one that was closed well is believed."""
    known = database.execute("SELECT name FROM sqlite_master WHERE name='meta'").fetchone()
    if known and database.execute("SELECT value FROM meta WHERE key='closed'").fetchone() == ("1",):
        return
    verdict = database.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != ("ok",):
        raise sqlite3.DatabaseError(f"damaged: {verdict[0]}")


def set_aside(file: Path) -> Path:
    """Move a damaged store and its log out of the way; returns where it is now."""
    n = 1
    while (aside := file.with_name(f"{file.name}.damaged-{n}")).exists():
        n += 1
    for suffix in ("-wal", "-shm"):
        log = file.with_name(file.name + suffix)
        if log.exists():
            log.rename(aside.with_name(aside.name + suffix))
    file.rename(aside)
    return aside


def salvage(aside: Path) -> tuple[list[tuple[object, ...]], dict[str, str]]:
    """What of a damaged store can still be read: records (without sequence) and states."""
    rows: list[tuple[object, ...]] = []
    states: dict[str, str] = {}
    try:
        database = sqlite3.connect(aside, timeout=BUSY_S)
        states = dict(database.execute("SELECT key, value FROM states"))
        columns = "lane, type, subject, data, boot_id, monotonic_s, utc_s, clock, bytes"
        for row in database.execute(f"SELECT {columns} FROM records ORDER BY sequence"):
            rows.append(row)
    except (sqlite3.Error, UnicodeDecodeError):
        pass  # what could be read so far is all that there is
    return rows, states
