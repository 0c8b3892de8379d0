"""Where records go while the disk refuses: a store in memory, in which they live until they are confirmed.

It takes over what waits on the disk as far as that can be read, and goes on under a series of its own, since after
a kill the disk counts on from where it stood. When the disk takes records again, all of it moves over with its
names, so that the far side sees neither a gap nor anything twice.
"""

import sqlite3
import uuid
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from typing import Any

from agent.outbox.batches import COLUMNS as BATCH_COLUMNS
from agent.outbox.ledger import Ledger
from agent.outbox.names import Names
from agent.outbox.presence import Nowhere
from agent.outbox.room import Bounds
from agent.outbox.rows import COLUMNS
from agent.outbox.schema import connect_memory
from agent.outbox.store import Store
from agent.outbox.writing import Writing
from agent.records import Lane

FAR = 2**40  # past every place of a disk that cannot even be read
HISTORY_SHARE = 4  # so much less than all is kept of what is confirmed
ROW = f"{COLUMNS}, bytes, waiting"
_LANE, _BYTES, _WAITING = 1, 9, 10
_INSERT = f"INSERT INTO records ({ROW}) VALUES ({', '.join('?' * (_WAITING + 1))})"


@dataclass(frozen=True, slots=True)
class Shift:
    """How much further on records stand on a disk that holds others' at their places; names are the same."""

    records: int = 0
    telemetry: int = 0


class Refuge:
    """A store in memory, and how it parted from the disk; `disk` is None if that could never be opened."""

    def __init__(self, disk: Store | None, bytes_most: int) -> None:
        self.disk = disk
        self._parted = disk.ledger.copy() if disk else Ledger(last=FAR, batched_to=FAR)
        self._names = disk.names if disk else None
        series = uuid.uuid4().hex
        names = disk.names.then(self._parted.last, series) if disk else Names(((FAR, series),))
        ledger = self._parted.copy()
        ledger.history_bytes = 0
        for tally in ledger.lanes.values():
            tally.bytes = 0  # of what is here
        database = connect_memory(names.to_json(), ledger.to_json())
        self.store = Store(database, Bounds(bytes_most, bytes_most // HISTORY_SHARE), Nowhere())
        self.store.ledger.batched_to = self._parted.batched_to
        self._taken: dict[int, Lane] = {}
        self._left_behind = 0
        if disk is not None:
            self.store.kept_states.update(disk.kept_states)
            self._take_along(disk, bytes_most // 2)

    @property
    def waiting(self) -> int:
        """Records that would be lost with the process."""
        return sum(tally.count for tally in self.store.ledger.lanes.values()) - self._left_behind

    def move_to(self, disk: Store) -> Shift:
        """All of it in one transaction; raises sqlite3.Error, and then the disk still refuses.

        On a disk that is not as it was left (another one, or salvaged), all of it stands behind what is there.
        """
        same = disk.names == self._names and disk.ledger.last == self._parted.last
        fresh = not (same or disk.ledger.last or disk.ledger.batched_to)
        ours = self.store.names.without(_oldest_place(self.store.database, self.store.ledger.last + 1))
        telemetry = max(0, disk.ledger.batched_to - self._parted.batched_to)
        shift = Shift(0 if same or fresh else max(0, disk.ledger.last - ours.spans[0][0]), telemetry)
        names = self.store.names if same or fresh else _behind(disk, ours, self.store.ledger.last, shift.records)
        before = disk.ledger.copy()
        with disk.transaction() as writing:
            for row in self._rows(with_gone=same):
                _put(writing, (row[0] + shift.records, *row[1:]))
            for place, last, base, *rest in self._batches():
                writing.add_batch((place + telemetry, last + telemetry, base + telemetry, *rest))
            writing.keep_states(self.store.kept_states)
            names = names.without(_oldest_place(writing.database, 0))
            writing.set_meta("series", names.to_json())
            self._balance(writing, before, self._part_of(same, fresh))
            writing.ledger.last = max(before.last, self.store.ledger.last + shift.records)
        disk.names = names
        disk.kept_states.update(self.store.kept_states)
        return shift

    def close(self) -> None:
        """At the end of the process: what is here still is lost."""
        self.store.close()
        if self.disk is not None:
            self.disk.close()

    # --- inside -------------------------------------------------------------------------------------

    def _take_along(self, disk: Store, bytes_most: int) -> None:
        """What waits on the disk, alarms first and the newest first, as far as it can be read and kept."""
        tallies, left = self.store.ledger.lanes, bytes_most
        query = f"SELECT {ROW} FROM records WHERE waiting ORDER BY lane, sequence DESC"
        with suppress(sqlite3.Error, OSError), closing(disk.database.execute(query)) as rows:
            for row in rows:
                if (left := left - row[_BYTES]) < 0:
                    break
                self.store.database.execute(_INSERT, row)
                tallies[Lane(row[_LANE])].bytes += row[_BYTES]
                self._taken[row[0]] = Lane(row[_LANE])
        here = len(self._taken)
        self._left_behind = sum(tally.count for tally in self._parted.lanes.values()) - here

    def _rows(self, *, with_gone: bool) -> Iterator[Sequence[Any]]:
        """Every record; perhaps those too that were taken along and are no more: confirmed, or without room."""
        gone = set(self._taken) if with_gone else set[int]()
        for row in self.store.database.execute(f"SELECT {ROW} FROM records ORDER BY sequence"):
            gone.discard(row[0])
            yield row
        for place in sorted(gone):
            yield (place, *[None] * (_WAITING - 1), 0)

    def _batches(self) -> Iterator[Sequence[Any]]:
        return self.store.database.execute(f"SELECT {BATCH_COLUMNS} FROM batches ORDER BY place")

    def _part_of(self, same: bool, fresh: bool) -> Ledger:
        """What of our books the disk's have too: all up to the parting, nothing, or what was not taken along."""
        parted = Ledger() if fresh else self._parted.copy()
        if not (same or fresh):
            for lane in self._taken.values():
                parted.lanes[lane].accepted -= 1
        return parted

    def _balance(self, writing: Writing, before: Ledger, parted: Ledger) -> None:
        """The books of both together; what neither has any more was dropped."""
        waiting = dict(writing.database.execute("SELECT lane, COUNT(*) FROM records WHERE waiting GROUP BY lane"))
        (waiting[Lane.TELEMETRY],) = writing.database.execute(
            "SELECT COALESCE(SUM(count), 0) FROM batches"
        ).fetchone()
        for lane, tally in writing.ledger.lanes.items():
            ours, then = self.store.ledger.lanes[lane], parted.lanes[lane]
            tally.accepted = before.lanes[lane].accepted + ours.accepted - then.accepted
            tally.confirmed = before.lanes[lane].confirmed + ours.confirmed - then.confirmed
            tally.dropped = tally.accepted - tally.confirmed - waiting.get(lane, 0)


def _put(writing: Writing, row: Sequence[Any]) -> None:
    """A record as it is in memory; one that is on the disk already only waits, or no longer does."""
    place, waits = row[0], row[_WAITING]
    if writing.database.execute("SELECT 1 FROM records WHERE sequence=?", (place,)).fetchone():
        (writing.confirm_span if not waits else writing.wait_again)((place, place))
    elif row[_LANE] is not None:
        writing.database.execute(_INSERT, row)
        if waits:
            writing.ledger.lanes[Lane(row[_LANE])].bytes += row[_BYTES]
        else:
            writing.ledger.history_bytes += row[_BYTES]


def _behind(disk: Store, ours: Names, last: int, shift: int) -> Names:
    """Our series after the disk's; where places had to change, another begins, so that everybody sees it."""
    names = disk.names.followed(ours, shift)
    return names.then(last + shift, uuid.uuid4().hex) if shift else names


def _oldest_place(database: sqlite3.Connection, none: int) -> int:
    (place,) = database.execute("SELECT COALESCE(MIN(sequence), ?) FROM records", (none,)).fetchone()
    return int(place)
