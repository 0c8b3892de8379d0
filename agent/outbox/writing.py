"""One transaction under way: each row that it adds or takes away is entered in the books with it."""

import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from agent.outbox.batches import COLUMNS as BATCH_COLUMNS
from agent.outbox.batches import Header
from agent.outbox.ledger import Ledger
from agent.outbox.names import Names, Span
from agent.outbox.rows import COLUMNS, Packed, pack
from agent.outbox.window import Overflow
from agent.records import Instant, Lane, event_record


class Writing:
    """Works on a copy of the books, which counts only once the transaction is through."""

    def __init__(self, database: sqlite3.Connection, ledger: Ledger, names: Names, boot_id: str) -> None:
        self.database = database
        self.ledger = ledger
        self.names = names
        self.boot_id = boot_id

    def insert(self, row: Packed, boot_id: str = "") -> None:
        """Add an alarm or event under the next sequence."""
        self.ledger.last += 1
        record, at = row.record, row.record.at
        self.database.execute(
            f"INSERT INTO records ({COLUMNS}, bytes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                self.ledger.last,
                record.lane,
                record.type,
                record.subject,
                row.text,
                boot_id or self.boot_id,
                at.monotonic_s,
                at.utc_s,
                at.clock,
                row.bytes,
            ),
        )
        self.ledger.accept(record.lane, 1, row.bytes)

    def confirm(self, sequences: Iterable[int]) -> None:
        """These become history."""
        for sequence in sequences:
            self.confirm_span((sequence, sequence))

    def confirm_span(self, span: Span) -> int:
        """What waits of these becomes history; returns how many."""
        rows = self.database.execute(
            "UPDATE records SET waiting=0 WHERE waiting AND sequence BETWEEN ? AND ? RETURNING lane, bytes", span
        )
        return self.ledger.confirm(rows.fetchall())

    def wait_again(self, span: Span) -> int:
        """What is history of these waits again; returns how many."""
        rows = self.database.execute(
            "UPDATE records SET waiting=1 WHERE NOT waiting AND sequence BETWEEN ? AND ? RETURNING lane, bytes",
            span,
        )
        return self.ledger.wait_again(rows.fetchall())

    def drop(self, lane: Lane, sequence: int) -> None:
        """Lose one that waits."""
        gone = self.database.execute(
            "DELETE FROM records WHERE waiting AND sequence=? RETURNING bytes", (sequence,)
        ).fetchall()
        for (size,) in gone:
            self.ledger.lanes[lane].dropped += 1
            self.ledger.lanes[lane].bytes -= size

    # --- telemetry ----------------------------------------------------------------------------------

    def add_batch(self, row: Sequence[Any]) -> None:
        """Add a row of telemetry."""
        marks = ", ".join("?" * len(row))
        self.database.execute(f"INSERT INTO batches ({BATCH_COLUMNS}) VALUES ({marks})", row)
        added = Header(*row[:7])
        self.ledger.accept(Lane.TELEMETRY, added.count, added.bytes)
        self.ledger.batched_to = max(self.ledger.batched_to, added.last)

    def remove_batch(self, row: Header, confirmed: int) -> None:
        """A row goes of which so many records are confirmed; the others are lost."""
        self.database.execute("DELETE FROM batches WHERE place=?", (row.place,))
        tally = self.ledger.lanes[Lane.TELEMETRY]
        tally.bytes -= row.bytes
        tally.confirmed += confirmed
        tally.dropped += row.count - confirmed

    def passed(self, count: int) -> None:
        """Telemetry that was confirmed without being written."""
        self.ledger.lanes[Lane.TELEMETRY].accepted += count
        self.ledger.lanes[Lane.TELEMETRY].confirmed += count

    def drop_unwritten(self, lost: Overflow, at: Instant) -> None:
        """Telemetry for which there was no room in memory, since nothing could be written."""
        self.ledger.lanes[Lane.TELEMETRY].accepted += lost.count
        self.ledger.lanes[Lane.TELEMETRY].dropped += lost.count
        span = lost.first, lost.last
        self.tell_dropped(
            Lane.TELEMETRY, self.boot_id, lost.count, span, "came while nothing could be written", at
        )

    def named(self, span: Span) -> tuple[str, Span]:
        """Places as a series and the sequences in it; the last one's, should they belong to several."""
        series, base = self.names.of(span[1])
        return series, (max(1, span[0] - base), span[1] - base)

    # --- telling ------------------------------------------------------------------------------------

    def tell_dropped(self, lane: Lane, series: str, count: int, span: Span, why: str, at: Instant) -> None:
        """Every drop is told by an event. It may be dropped itself one day, so each carries all totals."""
        fields: dict[str, Any] = {"lane": lane.channel, "count": count, "series": series}
        fields |= {"first": span[0], "last": span[1]}
        fields["totals"] = {lane.channel: self.ledger.lanes[lane].dropped for lane in Lane}
        self.tell("outbox.dropped", why, fields, at)

    def tell(self, event: str, text: str, fields: Mapping[str, Any], at: Instant) -> None:
        """Add an event of the outbox's own."""
        self.insert(pack(event_record(event, text, fields, at)))

    def keep_states(self, states: Mapping[str, str]) -> None:
        """The alarm states that belong to these records."""
        self.database.executemany("INSERT OR REPLACE INTO states VALUES (?, ?)", states.items())

    def keep_ledger(self) -> None:
        """The books are part of the transaction that they tell of."""
        self.set_meta("ledger", self.ledger.to_json())

    def set_meta(self, key: str, value: str) -> None:
        """A word about the store itself."""
        self.database.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def tell_set_aside(self, aside: Mapping[str, Any], at: Instant) -> None:
        """What became of the store before this one."""
        text = f"the outbox was {aside.get('why', 'damaged')}; a new one was begun"
        self.tell("outbox.set_aside", text, aside, at)
        self.database.execute("DELETE FROM meta WHERE key='set_aside'")
