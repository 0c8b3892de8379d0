"""A store of the first version becomes one of today's, in place: nothing that waits in it is lost.

It had telemetry row by row under the store's own sequences, which these records keep; and no history.
"""

import json
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any

from agent.outbox.batches import COLUMNS as BATCH_COLUMNS
from agent.outbox.batches import Numbered, batch_rows
from agent.outbox.ledger import Ledger
from agent.outbox.rows import COLUMNS, pack, unpack
from agent.records import Lane, Record

PIECE = 4096  # rows of a transaction, so that the log stays small


def migrate(database: sqlite3.Connection, tables: str, version: int) -> None:
    """Piece by piece; one that is interrupted goes on at the next opening."""
    if not any(row[1] == "waiting" for row in database.execute("PRAGMA table_info(records)")):
        database.executescript(
            "BEGIN; DROP INDEX IF EXISTS by_lane;"
            "ALTER TABLE records ADD COLUMN waiting INTEGER NOT NULL DEFAULT 1;"
            f"{tables} COMMIT;"
        )
    while _move_telemetry(database):
        pass
    with _transaction(database):
        ledger = _counted(database)
        database.execute("DELETE FROM meta WHERE key IN ('last', 'counts')")
        database.execute("INSERT OR REPLACE INTO meta VALUES ('ledger', ?)", (ledger.to_json(),))
        database.execute(f"PRAGMA user_version={version}")


def old_batches(rows: Iterable[Sequence[Any]], series: str) -> Iterator[tuple[Any, ...]]:
    """Rows of the table `batches` for telemetry rows of the first version; unreadable ones are left out."""
    readable = (found for row in rows if (found := _readable(row)) is not None)
    for boot_id, some in groupby(readable, key=lambda found: found[0]):
        numbered = (Numbered(sequence, pack(record)) for _, sequence, record in some)
        yield from batch_rows(numbered, series, boot_id, 0)


def _readable(row: Sequence[Any]) -> tuple[str, int, Record] | None:
    try:
        sequence, boot_id, record = unpack(row)
    except (TypeError, ValueError, RecursionError):
        return None
    return boot_id, sequence, record


def _move_telemetry(database: sqlite3.Connection) -> bool:
    """The next piece; False when there is none."""
    lane = int(Lane.TELEMETRY)
    query = f"SELECT {COLUMNS} FROM records WHERE waiting AND lane=? ORDER BY sequence LIMIT ?"
    rows = database.execute(query, (lane, PIECE)).fetchall()
    if not rows:
        return False
    (series,) = database.execute("SELECT value FROM meta WHERE key='store_id'").fetchone()
    marks = ", ".join("?" * len(BATCH_COLUMNS.split(",")))
    with _transaction(database):
        for batch in old_batches(rows, series):
            database.execute(f"INSERT INTO batches ({BATCH_COLUMNS}) VALUES ({marks})", batch)
        database.execute("DELETE FROM records WHERE lane=? AND sequence<=?", (lane, rows[-1][0]))
    return True


def _counted(database: sqlite3.Connection) -> Ledger:
    """The books, from what the first version kept of them and from the rows; what was unreadable is dropped."""
    meta = dict(database.execute("SELECT key, value FROM meta"))
    counts = json.loads(meta.get("counts", "{}"))
    ledger = Ledger(last=int(meta.get("last", 0)))
    rows = {
        lane: (count, size)
        for lane, count, size in database.execute("SELECT lane, COUNT(*), SUM(bytes) FROM records GROUP BY lane")
    }
    rows[Lane.TELEMETRY] = database.execute(
        "SELECT COALESCE(SUM(count), 0), COALESCE(SUM(bytes), 0) FROM batches"
    ).fetchone()
    for lane, tally in ledger.lanes.items():
        accepted, confirmed, _ = counts.get(lane.channel, (0, 0, 0))
        count, size = rows.get(lane, (0, 0))
        tally.accepted = max(accepted, confirmed + count)
        tally.confirmed, tally.bytes = confirmed, size
        tally.dropped = tally.accepted - confirmed - count
    return ledger


@contextmanager
def _transaction(database: sqlite3.Connection) -> Iterator[None]:
    database.execute("BEGIN IMMEDIATE")
    done = False
    try:
        yield
        database.execute("COMMIT")
        done = True
    finally:
        if not done and database.in_transaction:
            database.execute("ROLLBACK")
