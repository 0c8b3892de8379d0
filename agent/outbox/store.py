"""The rows themselves: every call is one transaction on the one connection, in the storage thread."""

import json
import sqlite3
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from agent.records import Instant, Lane, Record, Stored

ROW_OVERHEAD = 96  # bytes of keys, index and cell headers, so that max_bytes is about the file's size
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

    def __init__(self, database: sqlite3.Connection, max_bytes: int, set_aside: str = "") -> None:
        self.set_aside = set_aside
        self._database = database
        self._max_bytes = max_bytes
        meta = dict(database.execute("SELECT key, value FROM meta"))
        self.store_id: str = meta["store_id"]
        self.kept_states: dict[str, str] = dict(database.execute("SELECT key, value FROM states"))
        self._last = max(int(meta.get("last", 0)), self._one("SELECT COALESCE(MAX(sequence), 0) FROM records"))
        self._counts: dict[str, list[int]] = json.loads(meta.get("counts", "{}"))
        self._bytes = {
            lane: self._one("SELECT COALESCE(SUM(bytes), 0) FROM records WHERE lane=?", lane) for lane in Lane
        }

    def write(
        self, records: Sequence[Record], states: Mapping[str, str], confirmed: Collection[int], boot_id: str
    ) -> int:
        """Add records and states and delete what is confirmed; returns the first new sequence."""
        kept = self._last, {name: list(c) for name, c in self._counts.items()}, dict(self._bytes)
        first = self._last + 1
        done = False
        self._database.execute("BEGIN IMMEDIATE")
        try:
            self._delete(confirmed)
            for record in records:
                self._insert(record, boot_id)
            self._make_room(records, boot_id)
            self._database.executemany("INSERT OR REPLACE INTO states VALUES (?, ?)", states.items())
            self._remember()
            self._database.execute("COMMIT")
            done = True
        finally:
            if not done:
                self._last, self._counts, self._bytes = kept
                if self._database.in_transaction:
                    self._database.execute("ROLLBACK")
        self.kept_states.update(states)
        return first

    def next(self, after: Mapping[Lane, int], limit: int, hidden: Collection[int]) -> list[Stored]:
        """Up to `limit` records, lane by lane, oldest first."""
        found: list[Stored] = []
        for lane in Lane:
            want = limit - len(found) + len(hidden)
            rows = self._database.execute(
                "SELECT sequence, lane, type, subject, data, boot_id, monotonic_s, utc_s, clock FROM records"
                " WHERE lane=? AND sequence>? ORDER BY sequence LIMIT ?",
                (lane, after.get(lane, 0), want),
            )
            found += [self._stored(row) for row in rows if row[0] not in hidden]
            if len(found) >= limit:
                return found[:limit]
        return found

    def depths(self) -> dict[Lane, LaneDepth]:
        """What waits, by lane."""
        return {lane: self._depth(lane) for lane in Lane}

    def count_dropped(self, lane: Lane, count: int) -> None:
        """Records that were accepted but never written, because there was no room for them."""
        self._count(lane, accepted=count, dropped=count)

    def take_over(self, rows: Iterable[Sequence[Any]], states: Mapping[str, str]) -> None:
        """Records and states salvaged from a damaged store, under new sequences."""
        self._database.execute("BEGIN IMMEDIATE")
        for lane, kind, subject, data, boot_id, monotonic_s, utc_s, clock, _ in rows:
            record = Record(Lane(lane), kind, subject, json.loads(data), Instant(monotonic_s, utc_s, clock))
            self._insert(record, boot_id)
        self._database.executemany("INSERT OR REPLACE INTO states VALUES (?, ?)", states.items())
        self._remember()
        self._database.execute("COMMIT")
        self.kept_states.update(states)

    def close(self) -> None:
        """Close well, so that the next start need not check the whole file."""
        try:
            self._database.execute("INSERT OR REPLACE INTO meta VALUES ('closed', '1')")
        finally:
            self._database.close()

    # --- inside a transaction -----------------------------------------------------------------------

    def _insert(self, record: Record, boot_id: str) -> None:
        data = json.dumps(record.data, ensure_ascii=False, separators=(",", ":"))
        size = len(data.encode()) + len(record.subject) + ROW_OVERHEAD
        self._last += 1
        at = record.at
        self._database.execute(
            "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self._last,
                record.lane,
                record.type,
                record.subject,
                data,
                boot_id,
                at.monotonic_s,
                at.utc_s,
                at.clock,
                size,
            ),
        )
        self._bytes[record.lane] += size
        self._count(record.lane, accepted=1)

    def _delete(self, sequences: Collection[int]) -> None:
        for sequence in sequences:
            gone = self._database.execute(
                "DELETE FROM records WHERE sequence=? RETURNING lane, bytes", (sequence,)
            ).fetchall()
            for lane, size in gone:
                self._bytes[Lane(lane)] -= size
                self._count(Lane(lane), confirmed=1)

    def _make_room(self, records: Sequence[Record], boot_id: str) -> None:
        """Drop the lowest lane's oldest; every drop is told by an event that is kept in the same transaction."""
        if sum(self._bytes.values()) <= self._max_bytes:
            return
        target = int(self._max_bytes * (1 - ROOM_MADE))
        for lane in sorted(Lane, reverse=True):
            allowed = target + int(self._max_bytes * ALARM_RESERVE) if lane is Lane.ALARM else target
            if sum(self._bytes.values()) > allowed:
                self._drop(lane, sum(self._bytes.values()) - target, records[-1].at, boot_id)

    def _drop(self, lane: Lane, need: int, at: Instant, boot_id: str) -> None:
        rows = self._database.execute(
            "SELECT sequence, bytes FROM records WHERE lane=? ORDER BY sequence", (lane,)
        )
        first = last = count = freed = 0
        for sequence, size in rows:
            if freed >= need:
                break
            first, last, count, freed = first or sequence, sequence, count + 1, freed + size
        if not count:
            return
        self._database.execute("DELETE FROM records WHERE lane=? AND sequence<=?", (lane, last))
        self._bytes[lane] -= freed
        self._count(lane, dropped=count)
        fields = {"lane": lane.channel, "count": count, "first": first, "last": last}
        data = {"event": "outbox.dropped", "text": "the outbox is full: oldest records dropped", "fields": fields}
        self._insert(Record(Lane.EVENT, "event", "outbox", data, at), boot_id)

    def _count(self, lane: Lane, *, accepted: int = 0, confirmed: int = 0, dropped: int = 0) -> None:
        counts = self._counts.setdefault(lane.channel, [0, 0, 0])
        counts[0] += accepted
        counts[1] += confirmed
        counts[2] += dropped

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

    def _stored(self, row: Sequence[Any]) -> Stored:
        sequence, lane, kind, subject, data, boot_id, monotonic_s, utc_s, clock = row
        record = Record(Lane(lane), kind, subject, json.loads(data), Instant(monotonic_s, utc_s, clock))
        return Stored(sequence, self.store_id, boot_id, record)

    def _one(self, query: str, *values: object) -> int:
        (found,) = self._database.execute(query, values).fetchone()
        return int(found)
