"""Telemetry on disk: what was not confirmed within its window, many records compressed into one row."""

import json
import sqlite3
import zlib
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from itertools import islice
from typing import Any

from agent.outbox.rows import ROW_OVERHEAD, Packed, read_json, sendable
from agent.records import Instant, Lane, Record, Stored

BATCH_MOST = 256  # records of a row; a reader has to decompress all of them for one
UNPACKED_MOST = 64 * 1024 * 1024  # no row of ours is near it; a damaged one must not fill the memory
_HEADER = "place, last, base, series, boot_id, count, bytes"
COLUMNS = f"{_HEADER}, monotonic_s, utc_s, clock, packed"


@dataclass(frozen=True, slots=True)
class Numbered:
    """A telemetry record with its number in the boot."""

    sequence: int
    packed: Packed


@dataclass(frozen=True, slots=True)
class Header:
    """One row without its records: they stand from `place` to `last`, `count` of them."""

    place: int
    last: int
    base: int
    series: str
    boot_id: str
    count: int
    bytes: int


@dataclass(frozen=True, slots=True)
class Settlement:
    """What confirmations lead to: places by row, and the rows that are confirmed to the last record."""

    places: Mapping[int, set[int]]
    done: Sequence[Header]


def batch_rows(numbered: Iterable[Numbered], series: str, boot_id: str, base: int) -> Iterator[tuple[Any, ...]]:
    """Rows of the table `batches` for records in the order of their numbers."""
    rest = iter(numbered)
    while some := list(islice(rest, BATCH_MOST)):
        packed = pack_batch(some)
        at = some[0].packed.record.at
        places = base + some[0].sequence, base + some[-1].sequence
        size = len(packed) + ROW_OVERHEAD
        yield *places, base, series, boot_id, len(some), size, at.monotonic_s, at.utc_s, at.clock, packed


def pack_batch(numbered: Iterable[Numbered]) -> bytes:
    """One line a record, compressed; zlib's checksum tells damage later."""
    return zlib.compress("\n".join(map(_line, numbered)).encode())


def unpack_batch(packed: bytes) -> list[str]:
    """The lines; raises ValueError when the row was damaged."""
    try:
        unpacked = zlib.decompressobj()
        text = unpacked.decompress(packed, UNPACKED_MOST)
    except (zlib.error, TypeError) as error:
        raise ValueError(f"no batch: {error}") from error
    if not unpacked.eof:
        raise ValueError("no batch: cut off")
    if text.count(b"\n") >= BATCH_MOST:
        raise ValueError("no batch: too many lines")
    return text.decode().split("\n")


def unpack_line(line: str) -> tuple[int, Record]:
    """Number and record; raises ValueError or TypeError when it was damaged."""
    sequence, kind, subject, monotonic_s, utc_s, clock, data = read_json(line)
    at = Instant(float(monotonic_s), float(utc_s), clock)
    return int(sequence), sendable(Record(Lane.TELEMETRY, kind, subject, data, at))


def _line(numbered: Numbered) -> str:
    record, at = numbered.packed.record, numbered.packed.record.at
    envelope = [numbered.sequence, record.type, record.subject, at.monotonic_s, at.utc_s, at.clock]
    return f"{json.dumps(envelope, separators=(',', ':'))[:-1]},{numbered.packed.text}]"


def _number(line: str) -> int:
    return int(line[1 : line.index(",")])


class Batches:
    """Reads rows piece by piece, and knows what is confirmed of those that are only partly done.

    That is not written: after a restart such a row is offered whole, and the far side knows what it has.
    """

    def __init__(self) -> None:
        self.partial: dict[int, set[int]] = {}
        self.unreadable: dict[int, Header] = {}
        self._lines: tuple[int, list[str]] = (-1, [])  # of the row that was read last; readers go on in it

    @property
    def partly(self) -> int:
        """How many records of rows that are still there are confirmed."""
        return sum(map(len, self.partial.values()))

    def beyond(
        self, database: sqlite3.Connection, after: int, limit: int, hidden: Collection[int]
    ) -> list[Stored]:
        """Up to `limit` records whose place is beyond `after`, without the confirmed ones."""
        found: list[Stored] = []
        query = f"""SELECT {_HEADER}, packed FROM batches
            WHERE place >= COALESCE((SELECT MAX(place) FROM batches WHERE place <= ?), 0) ORDER BY place"""
        with closing(database.execute(query, (after + 1,))) as rows:
            for *header, packed in rows:
                found += islice(self._readable(Header(*header), packed, after, hidden), limit - len(found))
                if len(found) >= limit:
                    break
        return found

    def settle(self, database: sqlite3.Connection, confirmed: Mapping[int, str]) -> Settlement:
        """What it leads to that these places (each of that series) are confirmed; changes nothing yet."""
        places: dict[int, set[int]] = {}
        rows: dict[int, Header] = {}
        row: Header | None = None
        for place in sorted(confirmed):
            if row is None or place > row.last:
                row = self._holding(database, place)
            if row is not None and row.series == confirmed[place]:
                places.setdefault(row.place, set()).add(place)
                rows[row.place] = row
        done = [row for at, row in rows.items() if len(places[at] | self._confirmed(at)) >= row.count]
        return Settlement(places, done)

    def apply(self, settlement: Settlement) -> None:
        """It is so now."""
        for row, places in settlement.places.items():
            self.partial.setdefault(row, set()).update(places)
        self.forget(settlement.done)

    def forget(self, rows: Iterable[Header]) -> None:
        """These rows are gone."""
        for row in rows:
            self.partial.pop(row.place, None)
            self.unreadable.pop(row.place, None)

    def _readable(self, row: Header, packed: bytes, after: int, hidden: Collection[int]) -> Iterator[Stored]:
        if row.place in self.unreadable:
            return
        known = self._confirmed(row.place)
        try:
            for line in self._unpacked(row.place, packed):
                place = row.base + _number(line)
                if place > after and place not in known and place not in hidden:
                    sequence, record = unpack_line(line)
                    yield Stored(sequence, row.series, row.boot_id, record, row.base)
        except (ValueError, TypeError):
            self.unreadable[row.place] = row

    def _confirmed(self, row: int) -> set[int]:
        return self.partial.get(row, set())

    def _unpacked(self, place: int, packed: bytes) -> list[str]:
        if self._lines[0] != place:
            self._lines = place, unpack_batch(packed)
        return self._lines[1]

    def _holding(self, database: sqlite3.Connection, place: int) -> Header | None:
        query = f"SELECT {_HEADER} FROM batches WHERE place <= ? ORDER BY place DESC LIMIT 1"
        found = database.execute(query, (place,)).fetchone()
        return Header(*found) if found and place <= found[1] else None
