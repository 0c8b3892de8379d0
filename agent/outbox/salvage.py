"""What a store that is of no more use still knows, read as far as it can be read."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from typing import Any

from agent.outbox.batches import COLUMNS as BATCH_COLUMNS
from agent.outbox.rows import COLUMNS

NO_PLACE = 2**63 - 1  # past every row
_UNREADABLE = (sqlite3.Error, UnicodeDecodeError)

Row = Sequence[Any]


def waiting_records(database: sqlite3.Connection) -> Iterator[Row]:
    """Alarms and events that wait; of a store of the first version, which has no history, all of every lane."""
    waits = "waiting" if _has_history(database) else "1"
    return _from_both_ends(database, COLUMNS, "records", waits, "sequence")


def batches(database: sqlite3.Connection) -> Iterator[Row]:
    """Rows of telemetry; none in a store of the first version."""
    return _from_both_ends(database, BATCH_COLUMNS, "batches", "1", "place")


def states(database: sqlite3.Connection) -> dict[str, str]:
    """The alarm states, if they can be read."""
    try:
        return {str(key): str(value) for key, value in database.execute("SELECT key, value FROM states")}
    except _UNREADABLE:
        return {}


def _from_both_ends(database: sqlite3.Connection, columns: str, table: str, waits: str, key: str) -> Iterator[Row]:
    """Upwards to the first damage, then what can be read down from the newest: it matters most."""
    query = f"SELECT {columns} FROM {table} WHERE {waits} AND {key}>=? ORDER BY {key}"
    last = 0
    try:
        for row in database.execute(query, (0,)):
            last = row[0]
            yield row
        return
    except _UNREADABLE:
        low = _lowest_from_the_end(database, table, key, last)
    try:
        yield from database.execute(query, (low,))
    except _UNREADABLE:
        return  # that is all there is


def _lowest_from_the_end(database: sqlite3.Connection, table: str, key: str, last: int) -> int:
    low = NO_PLACE
    query = f"SELECT {key} FROM {table} WHERE {key}>? ORDER BY {key} DESC"
    try:
        with closing(database.execute(query, (last,))) as rows:
            for (place,) in rows:
                low = place
    except sqlite3.Error:
        pass  # down to the damage
    return low


def _has_history(database: sqlite3.Connection) -> bool:
    try:
        return any(row[1] == "waiting" for row in database.execute("PRAGMA table_info(records)"))
    except sqlite3.Error:
        return False  # then nothing of it can be read
