"""The store: every call is one transaction, or one look, on the one connection, in the storage thread."""

import json
import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from agent.outbox.batches import Batches, Header, batch_rows
from agent.outbox.ledger import Ledger
from agent.outbox.names import Names, Span
from agent.outbox.presence import Presence
from agent.outbox.room import Bounds, drop_batches, make_room, trim_history
from agent.outbox.rows import COLUMNS, unpack
from agent.outbox.turn import Turn
from agent.outbox.writing import Writing
from agent.records import Instant, Lane, Stored

KEPT_LANES = (Lane.ALARM, Lane.EVENT)
UNREADABLE = "could not be read back"
PIECE = 4096  # rows of a long span that change in one transaction: an alarm that comes meanwhile waits for no more
_WITHIN = "FROM records WHERE sequence BETWEEN ? AND ?"


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of a wish to have records again; `gone` are those that this store no longer has."""

    again: int
    waiting: int
    gone: list[Span]

    def __add__(self, later: "Replayed") -> "Replayed":
        return Replayed(self.again + later.again, self.waiting + later.waiting, [*self.gone, *later.gone])


@dataclass(frozen=True, slots=True)
class Heard:
    """How many were news of those that are confirmed, which these are, and which another transaction is for."""

    count: int
    done: Sequence[Span]
    rest: Sequence[Span]


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
        self.ledger.last = max(self.ledger.last, self._one("SELECT COALESCE(MAX(sequence), 0) FROM records"))
        self.ledger.batched_to = self._one(
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
        self._roll_back()
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

    def confirm_spans(self, spans: Sequence[Span]) -> tuple[Heard, Ledger]:
        """What waits of these is confirmed, up to a piece. Nothing is written for nothing."""
        self._roll_back()
        rest = [span for span in spans if self._one(f"SELECT EXISTS (SELECT 1 {_WITHIN} AND waiting)", *span)]
        if not rest:
            return Heard(0, [], []), self.ledger.copy()
        count, done = 0, list[Span]()
        with self.transaction() as writing:
            while rest and count < PIECE:
                first, last = rest.pop(0)
                end = self._piece_end(first, last, PIECE - count, "AND waiting")
                count += writing.confirm_span((first, end))
                done.append((first, end))
                if end < last:
                    rest.insert(0, (end + 1, last))
        return Heard(count, done, rest), self.ledger.copy()

    def replay(self, first: int, last: int) -> tuple[Replayed, int, Ledger]:
        """What is history of these waits again, up to a piece; returns where that ends."""
        self._roll_back()
        first, last = max(1, first), min(last, self.ledger.last)
        end = self._piece_end(first, last, PIECE)
        query = f"SELECT sequence, waiting {_WITHIN} ORDER BY sequence"
        here: dict[int, int] = dict(self.database.execute(query, (first, end)))
        waiting = sum(here.values())
        if len(here) > waiting:
            with self.transaction() as writing:
                writing.wait_again((first, end))
        return Replayed(len(here) - waiting, waiting, _gaps(here, first, end)), end, self.ledger.copy()

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
        self._roll_back()  # what a failed transaction has left behind must not be seen
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
        self._roll_back()
        return self._batches.beyond(self.database, after, limit, hidden)

    def unconfirmed(self, sequences: Collection[int]) -> set[int]:
        """Those of these that wait."""
        self._roll_back()
        query = "SELECT sequence FROM records WHERE waiting AND sequence=?"
        found = (self.database.execute(query, (sequence,)).fetchone() for sequence in sequences)
        return {row[0] for row in found if row}

    def oldest(self) -> dict[Lane, Oldest]:
        """The oldest that waits, by lane."""
        self._roll_back()
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
        self._roll_back()
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
                self._roll_back()
        self.ledger = writing.ledger
        self._presence.note_log()

    def _roll_back(self) -> None:
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

    def _piece_end(self, first: int, last: int, rows: int, which: str = "") -> int:
        """The last place of a piece of so many rows; the span's, if it has no more."""
        query = f"SELECT COALESCE((SELECT sequence {_WITHIN} {which} ORDER BY sequence LIMIT 1 OFFSET ?), ?)"
        return self._one(query, first, last, rows - 1, last)

    def _one(self, query: str, *values: object) -> int:
        (found,) = self.database.execute(query, values).fetchone()
        return int(found)


def _gaps(here: Collection[int], first: int, last: int) -> list[Span]:
    """The spans of first … last of which nothing is here; `here` is sorted."""
    gaps, at = [], first
    for sequence in here:
        if sequence > at:
            gaps.append((at, sequence - 1))
        at = sequence + 1
    return [*gaps, (at, last)] if at <= last else gaps
