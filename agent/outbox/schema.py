"""The store as SQLite keeps it, and how an open connection is set so that what it returns from is on disk."""

import sqlite3
import uuid
from pathlib import Path

from agent.outbox.damage import Newer
from agent.outbox.ledger import Ledger
from agent.outbox.migration import migrate

BUSY_S = 5.0
VERSION = 1  # 0 had telemetry row by row, and no history

RECORDS = """
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
    bytes INTEGER NOT NULL,
    waiting INTEGER NOT NULL DEFAULT 1
);
"""
TABLES = """
CREATE TABLE IF NOT EXISTS meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS states (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batches (
    place INTEGER PRIMARY KEY,
    last INTEGER NOT NULL,
    base INTEGER NOT NULL,
    series TEXT NOT NULL,
    boot_id TEXT NOT NULL,
    count INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    monotonic_s REAL NOT NULL,
    utc_s REAL NOT NULL,
    clock TEXT NOT NULL,
    packed BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS waiting ON records (lane, sequence) WHERE waiting;
"""


def connect(file: Path) -> sqlite3.Connection:
    """Open or make a store; raises sqlite3.Error when it is damaged.

    One connection only: SQLite before 3.51.3 has a race between two (WAL reset). Exclusive locking also
    spares the shared-memory file and keeps other programs out. A sound store is opened without a write, so
    that a full disk does not keep the gateway from starting.
    """
    if file.exists() and not file.stat().st_size:
        raise sqlite3.DatabaseError("zero length")  # SQLite would take it for new, and its log for rubbish
    database = sqlite3.connect(file, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    database.text_factory = _text
    try:
        database.execute("PRAGMA locking_mode=EXCLUSIVE")
        database.execute("PRAGMA journal_mode=WAL")
        database.execute("PRAGMA synchronous=FULL")
        _check(database)
        _bring_up_to_date(database)
    except (sqlite3.Error, ValueError):
        database.close()
        raise
    return database


def connect_memory(names: str, ledger: str) -> sqlite3.Connection:
    """A store that lives as long as the process."""
    database = sqlite3.connect(":memory:", isolation_level=None, check_same_thread=False)
    database.executescript(f"{RECORDS} {TABLES} PRAGMA user_version={VERSION};")
    database.executemany("INSERT INTO meta VALUES (?, ?)", [("series", names), ("ledger", ledger)])
    return database


def _check(database: sqlite3.Connection) -> None:
    """Also after a good end: cards lose what they hold while nobody looks."""
    (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(f"damaged: {verdict}")


def _bring_up_to_date(database: sqlite3.Connection) -> None:
    (version,) = database.execute("PRAGMA user_version").fetchone()
    if version > VERSION:
        raise Newer(f"version {version} of the store; this gateway knows {VERSION}")
    if version == VERSION:
        return
    old = database.execute("SELECT 1 FROM sqlite_schema WHERE name='records'").fetchone()
    if old is None:
        database.executescript(f"BEGIN; {RECORDS} {TABLES} PRAGMA user_version={VERSION};")
        meta = [("store_id", uuid.uuid4().hex), ("ledger", Ledger().to_json())]
        database.executemany("INSERT INTO meta VALUES (?, ?)", meta)
        database.execute("COMMIT")
    else:
        migrate(database, TABLES, VERSION)


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")  # one damaged letter must not hide a whole lane
