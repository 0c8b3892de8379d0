"""A new store takes over what the one before it still knows: alarms and events under new sequences."""

import json
import sqlite3
import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from agent.outbox import salvage
from agent.outbox.batches import unpack_batch
from agent.outbox.ledger import Ledger
from agent.outbox.migration import PIECE, old_batches
from agent.outbox.names import Names
from agent.outbox.rows import pack, unpack
from agent.outbox.writing import Writing
from agent.records import Lane


def take_over(
    database: sqlite3.Connection,
    before: sqlite3.Connection | None,
    states: Mapping[str, str],
    aside: Mapping[str, Any],
) -> None:
    """Fill an empty store in one transaction; what became of the one `before` is told with the next records.

    Telemetry keeps its numbers, which belong to the boot and not to the store.
    """
    (store_id,) = database.execute("SELECT value FROM meta WHERE key='store_id'").fetchone()
    writing = Writing(database, Ledger(), Names(((0, store_id),)), "")
    database.execute("BEGIN IMMEDIATE")
    if before is not None:
        old_telemetry = _take_records(writing, salvage.waiting_records(before))
        _take_batches(writing, old_telemetry)
        _take_batches(writing, salvage.batches(before))
        writing.keep_states(salvage.states(before))
    writing.keep_states(states)
    salvaged = {lane.channel: tally.accepted for lane, tally in writing.ledger.lanes.items()}
    writing.set_meta("set_aside", json.dumps({**aside, "salvaged": salvaged}, ensure_ascii=False))
    writing.keep_ledger()
    database.execute("COMMIT")


def _take_records(writing: Writing, rows: Iterable[Sequence[Any]]) -> list[tuple[Any, ...]]:
    """Alarms and events; returns the telemetry that a store of the first version had among them."""
    series = uuid.uuid4().hex  # which store it was may be unreadable
    loose: list[Sequence[Any]] = []
    packed: list[tuple[Any, ...]] = []
    for row in rows:
        try:
            _, boot_id, record = unpack(row)
        except (TypeError, ValueError, RecursionError):
            continue  # this one was damaged
        if record.lane is not Lane.TELEMETRY:
            writing.insert(pack(record), boot_id)
            continue
        loose.append(row)
        if len(loose) == PIECE:
            packed += old_batches(loose, series)
            loose.clear()
    return [*packed, *old_batches(loose, series)]


def _take_batches(writing: Writing, rows: Iterable[Sequence[Any]]) -> None:
    for row in _sound(rows):
        with suppress(sqlite3.IntegrityError):  # the same place twice: only one of the two can be true
            writing.add_batch(row)


def _sound(rows: Iterable[Sequence[Any]]) -> Iterator[Sequence[Any]]:
    for row in rows:
        try:
            numbers = [int(row[n]) for n in (0, 1, 2, 5, 6)]
            sound = len(unpack_batch(row[-1])) == numbers[3]
        except (TypeError, ValueError):
            continue
        if sound:
            yield row
