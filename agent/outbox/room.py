"""Bounds: history goes first and silently, then telemetry, events and, past a reserve, alarms; that is told."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass

from agent.outbox.batches import Batches, Header
from agent.outbox.writing import Writing
from agent.records import Instant, Lane

ROOM_MADE = 0.02  # a full store makes this much room at once, so that not every append has to
ALARM_RESERVE = 0.1  # of max_bytes: alarms may exceed the bound by so much before the oldest alarm is dropped
SERIES_MOST = 16  # boots whose telemetry is dropped at once: each is told by an event of its own
FULL = "the outbox is full: oldest dropped"


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the store may hold; history is a part of `max_bytes`."""

    max_bytes: int
    history_bytes: int


def trim_history(writing: Writing, bounds: Bounds) -> None:
    """The oldest that is confirmed goes, when there is too much of it or of everything."""
    ledger = writing.ledger
    over = max(ledger.history_bytes - bounds.history_bytes, ledger.bytes - bounds.max_bytes)
    if over <= 0 or not ledger.history_bytes:
        return
    need = min(ledger.history_bytes, over + int(ROOM_MADE * bounds.history_bytes))
    query = "SELECT sequence, bytes FROM records WHERE NOT waiting ORDER BY sequence"
    _, last, _, freed = _oldest(writing, query, (), need)
    writing.database.execute("DELETE FROM records WHERE NOT waiting AND sequence<=?", (last,))
    ledger.history_bytes -= freed


def make_room(writing: Writing, batches: Batches, bounds: Bounds, at: Instant) -> list[Header]:
    """Drop the lowest lane's oldest, alarms last; returns the rows of telemetry that are gone."""
    if writing.ledger.bytes <= bounds.max_bytes:
        return []
    target = int(bounds.max_bytes * (1 - ROOM_MADE))
    reserve = int(bounds.max_bytes * ALARM_RESERVE)
    gone: list[Header] = []
    if (need := writing.ledger.bytes - target) > 0:
        gone = _oldest_batches(writing, need)
        drop_batches(writing, batches, gone, FULL, at)
    for lane, allowed in ((Lane.EVENT, target), (Lane.ALARM, target + reserve)):
        if writing.ledger.bytes > allowed:
            _drop_rows(writing, lane, writing.ledger.bytes - target, at)
    return gone


def drop_batches(writing: Writing, batches: Batches, gone: Sequence[Header], why: str, at: Instant) -> None:
    """Rows of telemetry are lost but for what is confirmed of them; told boot by boot."""
    by_series: dict[str, list[Header]] = {}
    for row in gone:
        by_series.setdefault(row.series, []).append(row)
    for series, rows in by_series.items():
        count = 0
        for row in rows:
            confirmed = len(batches.partial.get(row.place, ()))
            writing.remove_batch(row, confirmed)
            count += row.count - confirmed
        span = rows[0].place - rows[0].base, rows[-1].last - rows[-1].base
        writing.tell_dropped(Lane.TELEMETRY, series, count, span, why, at)


def _oldest_batches(writing: Writing, need: int) -> list[Header]:
    found: list[Header] = []
    freed, series = 0, set[str]()
    query = "SELECT place, last, base, series, boot_id, count, bytes FROM batches ORDER BY place"
    with closing(writing.database.execute(query)) as rows:
        for row in (Header(*fields) for fields in rows):
            series.add(row.series)
            if freed >= need or len(series) > SERIES_MOST:
                break
            found.append(row)
            freed += row.bytes
    return found


def _drop_rows(writing: Writing, lane: Lane, need: int, at: Instant) -> None:
    query = "SELECT sequence, bytes FROM records WHERE waiting AND lane=? ORDER BY sequence"
    first, last, count, freed = _oldest(writing, query, (lane,), need)
    if not count:
        return
    writing.database.execute("DELETE FROM records WHERE waiting AND lane=? AND sequence<=?", (lane, last))
    tally = writing.ledger.lanes[lane]
    tally.bytes -= freed
    tally.dropped += count
    series, span = writing.named((first, last))
    writing.tell_dropped(lane, series, count, span, FULL, at)


def _oldest(writing: Writing, query: str, values: tuple[int, ...], need: int) -> tuple[int, int, int, int]:
    """So many of the oldest as together have `need` bytes: first, last, count, bytes."""
    first = last = count = freed = 0
    with closing(writing.database.execute(query, values)) as rows:
        for sequence, size in rows:
            if freed >= need:
                break
            first, last, count, freed = first or sequence, sequence, count + 1, freed + size
    return first, last, count, freed
