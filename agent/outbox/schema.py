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
        database.executescript(TABLES)
        database.execute("INSERT OR IGNORE INTO meta VALUES ('store_id', ?)", (uuid.uuid4().hex,))
    except sqlite3.Error:
        database.close()
        raise
    return database


def _check(database: sqlite3.Connection) -> None:
    """Also after a good end: cards lose what they hold while nobody looks."""
    (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(f"damaged: {verdict}")


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "replace")  # one damaged letter must not hide a whole lane
