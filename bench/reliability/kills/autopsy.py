"""What the disk held at the instant after a kill, read from a copy of the files with plain SQL."""

import json
import shutil
import sqlite3
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FILE = "outbox.sqlite"
LANES = ("alarm", "event", "telemetry")

Key = tuple[str, int]
"""Series and sequence: a record's name for ever."""
Spans = Sequence[tuple[int, str]]
"""Series by the place behind which each begins."""
Said = tuple[str, str, str]
"""Channel, subject, and the payload as JSON with sorted keys: what must arrive just so."""


@dataclass(frozen=True, slots=True)
class Lane:
    """A lane in the store's own books."""

    accepted: int
    confirmed: int
    dropped: int

    @property
    def waiting(self) -> int:
        """What must be there still."""
        return self.accepted - self.confirmed - self.dropped


@dataclass(frozen=True, slots=True)
class Autopsy:
    """The store: `kept` are all of its records, those that wait and those that were confirmed lately.

    `store` names the series that grows, `last` the last number that was given in it.
    """

    store: str
    last: int
    lanes: Mapping[str, Lane]
    kept: Mapping[Key, Said]
    waiting: Mapping[str, int]

    @property
    def accepted(self) -> set[Key]:
        """Every record that was ever accepted; of telemetry, what stands on disk."""
        return {(self.store, number) for number in range(1, self.last + 1)} | set(self.kept)

    def contradictions(self) -> Iterator[str]:
        """Where the books do not agree with the rows."""
        for name, lane in self.lanes.items():
            if lane.waiting != self.waiting[name] or min(lane.accepted, lane.confirmed, lane.dropped) < 0:
                yield f"{name}: {lane} in the books, {self.waiting[name]} rows wait"


def put_by(state: Path, copy: Path) -> bool:
    """Copy the store as it is now; False while there is none yet."""
    copy.mkdir(parents=True)
    for file in state.glob(f"{FILE}*"):
        shutil.copy2(file, copy / file.name)
    return (copy / FILE).exists()


def dissect(copy: Path) -> Autopsy | None:
    """Read a copy; None when the kill came before the first transaction. Raises sqlite3.Error, ValueError."""
    with closing(sqlite3.connect(copy / FILE)) as database:
        if not database.execute("SELECT 1 FROM sqlite_master WHERE name='meta'").fetchone():
            return None
        meta = dict(database.execute("SELECT key, value FROM meta"))
        if "ledger" not in meta:
            return None
        books = json.loads(meta["ledger"])
        spans: Spans = json.loads(meta["series"]) if "series" in meta else [(0, meta["store_id"])]
        kept = dict(_records(database, spans)) | dict(_telemetry(database))
        lanes = {name: Lane(*books[name][:3]) for name in LANES}
        base, store = spans[-1]
        return Autopsy(store, books["last"] - base, lanes, kept, _waiting(database))


def said(channel: str, subject: str, payload: Any) -> Said:
    """In a form that can be compared."""
    return channel, subject, json.dumps(payload, sort_keys=True, ensure_ascii=False)


def _records(database: sqlite3.Connection, spans: Spans) -> Iterator[tuple[Key, Said]]:
    for place, lane, subject, data in database.execute("SELECT sequence, lane, subject, data FROM records"):
        base, series = next(span for span in reversed(spans) if span[0] < place)
        yield (series, place - base), said(LANES[lane], subject, json.loads(data))


def _telemetry(database: sqlite3.Connection) -> Iterator[tuple[Key, Said]]:
    for series, packed in database.execute("SELECT series, packed FROM batches"):
        for line in zlib.decompress(packed).decode().split("\n"):
            sequence, _type, subject, *_at, data = json.loads(line)
            yield (series, sequence), said("telemetry", subject, data)


def _waiting(database: sqlite3.Connection) -> dict[str, int]:
    rows = dict(database.execute("SELECT lane, count(*) FROM records WHERE waiting GROUP BY lane"))
    (telemetry,) = database.execute("SELECT coalesce(sum(count), 0) FROM batches").fetchone()
    return {"alarm": rows.get(0, 0), "event": rows.get(1, 0), "telemetry": telemetry}
