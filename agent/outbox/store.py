"""The store: every call is one transaction, or one look, on the one connection, in the storage thread."""

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from agent.outbox.batches import Batches, Header, batch_rows
from agent.outbox.ledger import Ledger
from agent.outbox.names import Names
from agent.outbox.presence import Presence
from agent.outbox.room import Bounds, drop_batches, make_room, trim_history
from agent.outbox.rows import COLUMNS, unpack
from agent.outbox.turn import Turn
from agent.outbox.writing import Writing
from agent.records import Instant, Lane, Stored

KEPT_LANES = (Lane.ALARM, Lane.EVENT)
UNREADABLE = "could not be read back"


@dataclass(frozen=True, slots=True)
class Oldest:
    """The oldest record of a lane."""

    at: Instant
    boot_id: str


class Store:
    """Reads and writes rows; raises sqlite3.Error and then has changed nothing."""

    def __init__(self, database: sqlite3.Connection, bounds: Bounds, presence: Presence) -> None:
        self.database = database
        self._bounds = bounds
        self._presence = presence
        meta = dict(database.execute("SELECT key, value FROM meta"))
        self.names = Names.from_json(meta["series"]) if "series" in meta else Names(((0, meta["store_id"]),))
        self.aside: dict[str, Any] = json.loads(meta.get("set_aside", "{}"))
        self.kept_states: dict[str, str] = dict(database.execute("SELECT key, value FROM states"))
        self.ledger = Ledger.from_json(meta["ledger"])
        self.ledger.last = max(self.ledger.last, self.one("SELECT COALESCE(MAX(sequence), 0) FROM records"))
        self.ledger.batched_to = self.one(
            "SELECT COALESCE((SELECT last FROM batches ORDER BY place DESC LIMIT 1), 0)"
        )
        self._batches = Batches()
        self._unreadable: dict[int, Lane] = {}
        self.closed = False

    @property
    def store_id(self) -> str:
        """The series of what comes now."""
        return self.names.series

    @property
    def set_aside(self) -> str:
        """Where the store before this one was moved to, until that has been reported; else empty."""
        return str(self.aside.get("file", ""))

    # --- changing -----------------------------------------------------------------------------------

    def write(self, turn: Turn) -> Ledger:
        """Carry out all of a turn; returns the books as they are then. Nothing is written for nothing."""
        self.roll_back()
        settlement = self._batches.settle(self.database, turn.settled)
        if turn.light and not settlement.done:
            self._batches.apply(settlement)
            self.ledger.partly = self._batches.partly
            return self.ledger.copy()
        with self.transaction(turn.boot_id) as writing:
            writing.confirm(turn.confirmed)
            writing.passed(turn.passed)
            for row in settlement.done:
                writing.remove_batch(row, row.count)
            for packed in turn.rows:
                writing.insert(packed)
            for batch in batch_rows(turn.telemetry, turn.boot_id, turn.boot_id, turn.base):
                writing.add_batch(batch)
            gone = self._settle(writing, turn, turn.at) if turn.at is not None else []
            writing.keep_states(turn.states)
        self._batches.apply(settlement)
        self._batches.forget(gone)
        self.kept_states.update(turn.states)
        self.ledger.partly = self._batches.partly
        if turn.at is not None:
            self.aside = {}
            self._unreadable.clear()
        return self.ledger.copy()

    def check_presence(self) -> None:
        """Raises Deleted when the file that is open is no longer the one at its path."""
        self._presence.check()

    def close(self) -> None:
        """Close; the log is taken over into the file."""
        self.closed = True
        self.database.close()

    # --- looking ------------------------------------------------------------------------------------

    def next(self, after: Mapping[Lane, int], limit: int, hidden: Collection[int]) -> list[Stored]:
        """Up to `limit` alarms, then events, oldest first; one that was damaged is passed over."""
        self.roll_back()  # what a failed transaction has left behind must not be seen
        found: list[Stored] = []
        for lane in KEPT_LANES:
            rows = self.database.execute(
                f"SELECT {COLUMNS} FROM records WHERE waiting AND lane=? AND sequence>? ORDER BY sequence LIMIT ?",
                (lane, after.get(lane, 0), limit - len(found) + len(hidden) + len(self._unreadable)),
            )
            readable = (self._stored(lane, row) for row in rows if row[0] not in hidden)
            found += [stored for stored in readable if stored is not None]
            if len(found) >= limit:
                return found[:limit]
        return found

    def telemetry(self, after: int, limit: int, hidden: Collection[int]) -> list[Stored]:
        """Up to `limit` telemetry records on disk whose place is beyond `after`."""
        self.roll_back()
        return self._batches.beyond(self.database, after, limit, hidden)

    def unconfirmed(self, sequences: Collection[int]) -> set[int]:
        """Those of these that wait."""
        self.roll_back()
        query = "SELECT sequence FROM records WHERE waiting AND sequence=?"
        found = (self.database.execute(query, (sequence,)).fetchone() for sequence in sequences)
        return {row[0] for row in found if row}

    def missing(self, sequences: Collection[int]) -> set[int]:
        """Those of these that neither wait nor are history."""
        self.roll_back()
        query = "SELECT sequence FROM records WHERE sequence=?"
        return {one for one in sequences if self.database.execute(query, (one,)).fetchone() is None}

    def oldest(self) -> dict[Lane, Oldest]:
        """The oldest that waits, by lane."""
        self.roll_back()
        self._presence.check()
        query = "SELECT boot_id, monotonic_s, utc_s, clock FROM records WHERE waiting AND lane=? ORDER BY sequence"
        found = {lane: self.database.execute(f"{query} LIMIT 1", (lane,)).fetchone() for lane in KEPT_LANES}
        found[Lane.TELEMETRY] = self.database.execute(
            "SELECT boot_id, monotonic_s, utc_s, clock FROM batches ORDER BY place LIMIT 1"
        ).fetchone()
        return {lane: Oldest(Instant(*row[1:]), row[0]) for lane, row in found.items() if row}

    # --- inside -------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self, boot_id: str = "") -> Iterator[Writing]:
        """The books are written with it, and count only when it is through."""
        self.roll_back()
        self.database.execute("BEGIN IMMEDIATE")
        writing = Writing(self.database, self.ledger.copy(), self.names, boot_id)
        done = False
        try:
            yield writing
            trim_history(writing, self._bounds)
            writing.keep_ledger()
            self._presence.check()
            self.database.execute("COMMIT")
            done = True
        finally:
            if not done:
                self.roll_back()
        self.ledger = writing.ledger
        self._presence.note_log()

    def roll_back(self) -> None:
        """Also later: on a bad disk the rollback may have failed as well."""
        if self.database.in_transaction:
            self.database.execute("ROLLBACK")

    def _settle(self, writing: Writing, turn: Turn, at: Instant) -> list[Header]:
        """What must be told in the same transaction; returns the rows of telemetry that are gone."""
        if self.aside:
            writing.tell_set_aside(self.aside, at)
        if turn.overflow is not None:
            writing.drop_unwritten(turn.overflow, at)
        for sequence, lane in self._unreadable.items():
            writing.drop(lane, sequence)
            series, span = writing.named((sequence, sequence))
            writing.tell_dropped(lane, series, 1, span, UNREADABLE, at)
        broken = list(self._batches.unreadable.values())
        drop_batches(writing, self._batches, broken, UNREADABLE, at)
        trim_history(writing, self._bounds)
        return broken + make_room(writing, self._batches, self._bounds, at)

    def _stored(self, lane: Lane, row: Sequence[Any]) -> Stored | None:
        try:
            sequence, boot_id, record = unpack(row)
        except (TypeError, ValueError):
            self._unreadable[row[0]] = lane
            return None
        series, base = self.names.of(sequence)
        return Stored(sequence - base, series, boot_id, record, base)

    def one(self, query: str, *values: object) -> int:
        """The one number that a query asks for."""
        (found,) = self.database.execute(query, values).fetchone()
        return int(found)
