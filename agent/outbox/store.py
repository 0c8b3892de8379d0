"""The rows themselves: every call is one transaction on the one connection, in the storage thread."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from agent.outbox.rows import COLUMNS, Packed, pack, unpack
from agent.records import Instant, Lane, Record, Stored

ROOM_MADE = 0.02  # a full store makes this much room at once, so that not every append has to
ALARM_RESERVE = 0.1  # of max_bytes: alarms may exceed the bound by so much before the oldest alarm is dropped


@dataclass(frozen=True, slots=True)
class LaneDepth:
    """What waits in a lane, and what became of the rest: accepted = confirmed + count + dropped."""

    count: int
    bytes: int
    accepted: int
    confirmed: int
    dropped: int
    oldest: Instant | None = None
    oldest_boot: str = ""

    def age_s(self, boot_id: str, now_s: float, utc_s: float) -> float | None:
        """Age of the oldest record; across a restart only the wall clock can tell."""
        if self.oldest is None:
            return None
        same = self.oldest_boot == boot_id
        return max(0.0, now_s - self.oldest.monotonic_s if same else utc_s - self.oldest.utc_s)


class Store:
    """Reads and writes rows; raises sqlite3.Error and then has changed nothing."""

    def __init__(self, database: sqlite3.Connection, max_bytes: int) -> None:
        self._database = database
        self._max_bytes = max_bytes
        meta = dict(database.execute("SELECT key, value FROM meta"))
        self.store_id: str = meta["store_id"]
        self._aside: dict[str, Any] = json.loads(meta.get("set_aside", "{}"))
        self.kept_states: dict[str, str] = dict(database.execute("SELECT key, value FROM states"))
        self._last = max(int(meta.get("last", 0)), self._one("SELECT COALESCE(MAX(sequence), 0) FROM records"))
        self._counts: dict[str, list[int]] = json.loads(meta.get("counts", "{}"))
        self._bytes = {
            lane: self._one("SELECT COALESCE(SUM(bytes), 0) FROM records WHERE lane=?", lane) for lane in Lane
        }
        self._unreadable: dict[int, Lane] = {}
        self.closed = False

    def write(
        self,
        rows: Sequence[Packed],
        states: Mapping[str, str],
        confirmed: Collection[int],
        boot_id: str,
        overflowed: int = 0,
    ) -> int:
        """Add rows and states, delete what is confirmed; returns the first new sequence.

        `overflowed` telemetry records came when there was no room to buffer them: they count as dropped.
        """
        kept = self._last, {name: list(c) for name, c in self._counts.items()}, dict(self._bytes)
        first = self._last + 1
        self._begin()
        done = False
        try:
            self._delete(confirmed)
            for row in rows:
                self._insert(row, boot_id)
            if rows:
                self._settle(rows[-1].record.at, boot_id, overflowed)
            self._database.executemany("INSERT OR REPLACE INTO states VALUES (?, ?)", states.items())
            self._remember()
            self._database.execute("COMMIT")
            done = True
        finally:
            if not done:
                self._last, self._counts, self._bytes = kept
                self._roll_back()
        self.kept_states.update(states)
        if rows:
            self._aside = {}
            self._unreadable.clear()
        return first

    @property
    def last(self) -> int:
        """The last sequence that was given."""
        return self._last

    def next(self, after: Mapping[Lane, int], limit: int, hidden: Collection[int]) -> list[Stored]:
        """Up to `limit` records, lane by lane, oldest first; one that was damaged is passed over."""
        self._roll_back()  # what a failed transaction has left behind must not be seen
        found: list[Stored] = []
        for lane in Lane:
            rows = self._database.execute(
                f"SELECT {COLUMNS} FROM records WHERE lane=? AND sequence>? ORDER BY sequence LIMIT ?",
                (lane, after.get(lane, 0), limit - len(found) + len(hidden) + len(self._unreadable)),
            )
            readable = (self._stored(lane, row) for row in rows if row[0] not in hidden)
            found += [stored for stored in readable if stored is not None]
            if len(found) >= limit:
                return found[:limit]
        return found

    @property
    def set_aside(self) -> str:
        """Where a damaged store was moved to, until that has been reported; else empty."""
        return str(self._aside.get("file", ""))

    def depths(self) -> dict[Lane, LaneDepth]:
        """What waits, by lane."""
        self._roll_back()
        return {lane: self._depth(lane) for lane in Lane}

    def take_over(self, rows: Iterable[Sequence[Any]], states: Mapping[str, str], aside: str) -> None:
        """Records and states of a damaged store, under new sequences; the next write reports it."""
        self._begin()
        for row in rows:
            try:
                _, boot_id, record = unpack(row)
            except (TypeError, ValueError):
                continue  # this one was damaged
            self._insert(pack(record), boot_id)
        self._database.executemany("INSERT OR REPLACE INTO states VALUES (?, ?)", states.items())
        self._aside = {"file": aside, "salvaged": {lane.channel: self._accepted(lane) for lane in Lane}}
        self._database.execute("INSERT OR REPLACE INTO meta VALUES ('set_aside', ?)", (json.dumps(self._aside),))
        self._remember()
        self._database.execute("COMMIT")
        self.kept_states.update(states)

    def close(self) -> None:
        """Close; the log is taken over into the file."""
        self.closed = True
        self._database.close()

    # --- inside a transaction -----------------------------------------------------------------------

    def _begin(self) -> None:
        self._roll_back()
        self._database.execute("BEGIN IMMEDIATE")

    def _roll_back(self) -> None:
        """Also later: on a bad disk the rollback may have failed as well."""
        if self._database.in_transaction:
            self._database.execute("ROLLBACK")

    def _insert(self, row: Packed, boot_id: str) -> None:
        self._last += 1
        record, at = row.record, row.record.at
        self._database.execute(
            f"INSERT INTO records ({COLUMNS}, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self._last,
                record.lane,
                record.type,
                record.subject,
                row.text,
                boot_id,
                at.monotonic_s,
                at.utc_s,
                at.clock,
                row.bytes,
            ),
        )
        self._bytes[record.lane] += row.bytes
        self._count(record.lane, accepted=1)

    def _delete(self, sequences: Iterable[int], *, confirmed: bool = True) -> None:
        for sequence in sequences:
            gone = self._database.execute(
                "DELETE FROM records WHERE sequence=? RETURNING lane, bytes", (sequence,)
            ).fetchall()
            for lane, size in gone:
                self._bytes[Lane(lane)] -= size
                self._count(Lane(lane), confirmed=int(confirmed), dropped=int(not confirmed))

    def _settle(self, at: Instant, boot_id: str, overflowed: int) -> None:
        """What must be told in the same transaction: a store set aside, records lost, room made."""
        if self._aside:
            text = "the outbox was damaged and has been set aside"
            self._tell("outbox.set_aside", text, self._aside, at, boot_id)
            self._database.execute("DELETE FROM meta WHERE key='set_aside'")
        if overflowed:
            self._count(Lane.TELEMETRY, accepted=overflowed, dropped=overflowed)
            self._tell_dropped(
                Lane.TELEMETRY, overflowed, None, "came while nothing could be written", at, boot_id
            )
        for sequence, lane in self._unreadable.items():
            self._delete([sequence], confirmed=False)
            self._tell_dropped(lane, 1, (sequence, sequence), "could not be read back", at, boot_id)
        self._make_room(at, boot_id)

    def _make_room(self, at: Instant, boot_id: str) -> None:
        """Drop the lowest lane's oldest, alarms last."""
        if sum(self._bytes.values()) <= self._max_bytes:
            return
        target = int(self._max_bytes * (1 - ROOM_MADE))
        for lane in sorted(Lane, reverse=True):
            allowed = target + int(self._max_bytes * ALARM_RESERVE) if lane is Lane.ALARM else target
            if sum(self._bytes.values()) > allowed:
                self._drop(lane, sum(self._bytes.values()) - target, at, boot_id)

    def _drop(self, lane: Lane, need: int, at: Instant, boot_id: str) -> None:
        first, last, count, freed = self._oldest(lane, need)
        if not count:
            return
        self._database.execute("DELETE FROM records WHERE lane=? AND sequence<=?", (lane, last))
        self._bytes[lane] -= freed
        self._count(lane, dropped=count)
        self._tell_dropped(lane, count, (first, last), "the outbox is full: oldest dropped", at, boot_id)

    def _oldest(self, lane: Lane, need: int) -> tuple[int, int, int, int]:
        """So many of a lane's oldest as together have `need` bytes: first, last, count, bytes."""
        first = last = count = freed = 0
        query = "SELECT sequence, bytes FROM records WHERE lane=? ORDER BY sequence"
        with closing(self._database.execute(query, (lane,))) as rows:
            for sequence, size in rows:
                if freed >= need:
                    break
                first, last, count, freed = first or sequence, sequence, count + 1, freed + size
        return first, last, count, freed

    def _tell_dropped(
        self, lane: Lane, count: int, span: tuple[int, int] | None, text: str, at: Instant, boot_id: str
    ) -> None:
        """Every drop is told by an event. It may be dropped itself one day, so each carries all totals."""
        fields: dict[str, Any] = {"lane": lane.channel, "count": count}
        if span is not None:
            fields |= {"first": span[0], "last": span[1]}
        fields["totals"] = {lane.channel: self._counts.get(lane.channel, [0, 0, 0])[2] for lane in Lane}
        self._tell("outbox.dropped", text, fields, at, boot_id)

    def _tell(self, event: str, text: str, fields: Mapping[str, Any], at: Instant, boot_id: str) -> None:
        data = {"event": event, "text": text, "fields": fields}
        self._insert(pack(Record(Lane.EVENT, "event", "outbox", data, at)), boot_id)

    def _count(self, lane: Lane, *, accepted: int = 0, confirmed: int = 0, dropped: int = 0) -> None:
        counts = self._counts.setdefault(lane.channel, [0, 0, 0])
        counts[0] += accepted
        counts[1] += confirmed
        counts[2] += dropped

    def _accepted(self, lane: Lane) -> int:
        return self._counts.get(lane.channel, [0, 0, 0])[0]

    def _remember(self) -> None:
        rows = (("last", str(self._last)), ("counts", json.dumps(self._counts)))
        self._database.executemany("INSERT OR REPLACE INTO meta VALUES (?, ?)", rows)

    # --- reading ------------------------------------------------------------------------------------

    def _depth(self, lane: Lane) -> LaneDepth:
        accepted, confirmed, dropped = self._counts.get(lane.channel, [0, 0, 0])
        oldest = self._database.execute(
            "SELECT boot_id, monotonic_s, utc_s, clock FROM records WHERE lane=? ORDER BY sequence LIMIT 1",
            (lane,),
        ).fetchone()
        count = self._one("SELECT COUNT(*) FROM records WHERE lane=?", lane)
        instant = Instant(*oldest[1:]) if oldest else None
        boot = oldest[0] if oldest else ""
        return LaneDepth(count, self._bytes[lane], accepted, confirmed, dropped, instant, boot)

    def _stored(self, lane: Lane, row: Sequence[Any]) -> Stored | None:
        try:
            sequence, boot_id, record = unpack(row)
        except (TypeError, ValueError):
            self._unreadable[row[0]] = lane
            return None
        return Stored(sequence, self.store_id, boot_id, record)

    def _one(self, query: str, *values: object) -> int:
        (found,) = self._database.execute(query, values).fetchone()
        return int(found)
