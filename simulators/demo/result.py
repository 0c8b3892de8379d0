"""What has come of a story: the account by kind of step, and whether the outbox's books agree with it."""

from dataclasses import dataclass, replace
from typing import Any

from simulators.platform import Platform
from simulators.scenario import ExpectVerdict
from simulators.scenario_score import Row, Score, percentile, row

SHARES = {"p50": 0.5, "p99": 0.99, "max": 1.0}


@dataclass(frozen=True, slots=True)
class Books:
    """The outbox's own count of its records, and what the platform has of them."""

    accepted: int
    confirmed: int
    stored: int
    dropped: int
    arrived: int
    missing: int

    @property
    def balanced(self) -> bool:
        """Every record is accounted for, none is left, and the platform has each of them."""
        return self.accepted == self.confirmed + self.stored + self.dropped and self.complete

    @property
    def complete(self) -> bool:
        """Nothing waits, was dropped or is missing."""
        return not (self.stored or self.dropped or self.missing) and self.arrived == self.confirmed


@dataclass(frozen=True, slots=True)
class Result:
    """One story's outcome."""

    scenario: str
    rows: tuple[Row, ...]
    total: Row
    unexpected: tuple[str, ...]
    unreadable: tuple[str, ...]
    repeated: int
    books: Books

    @property
    def ok(self) -> bool:
        """All that was owed has arrived in time, nothing else has, and nothing is missing."""
        complete = self.total.sent == self.total.arrived and not self.total.late
        return complete and not self.unexpected and not self.unreadable and self.books.balanced


def result_of(
    name: str, score: Score, platform: Platform, unreadable: list[str], outbox: dict[str, Any]
) -> Result:
    """Sum it up; `outbox` is what the gateway itself says of its lanes."""
    lanes = outbox.values()
    books = Books(
        accepted=sum(lane["accepted"] for lane in lanes),
        confirmed=sum(lane["confirmed"] for lane in lanes),
        stored=sum(lane["depth"] for lane in lanes),
        dropped=sum(lane["dropped"] for lane in lanes),
        arrived=sum(platform.records(store) for store in platform.stores),
        missing=sum(gap.last - gap.first + 1 for gap in platform.gaps()),
    )
    unexpected = [alarm for arrival in score.unexpected if (alarm := arrival.alarm)]
    return Result(
        scenario=name,
        rows=tuple(score.rows()),
        total=_total(score),
        unexpected=tuple(f"{alarm.device} {alarm.condition} {alarm.change}" for alarm in unexpected),
        unreadable=tuple(unreadable),
        repeated=platform.duplicates,
        books=books,
    )


def _total(score: Score) -> Row:
    """Everything is counted; the times are those of alarm changes, as a verdict may wait for a window's end."""
    alarms = [due for due in score.dues if not isinstance(due.expect, ExpectVerdict)]
    return replace(row("all", score.dues), latencies_s=row("all", alarms).latencies_s)


def milliseconds(line: Row) -> dict[str, float | None]:
    """A row's latencies in ms."""
    found = {name: percentile(line.latencies_s, share) for name, share in SHARES.items()}
    return {name: None if value is None else round(value * 1000, 1) for name, value in found.items()}


def as_json(result: Result) -> dict[str, Any]:
    """For machines."""
    rows = [*result.rows, result.total]
    return {
        "scenario": result.scenario,
        "ok": result.ok,
        "kinds": {line.group: _line(line) for line in rows},
        "unexpected": list(result.unexpected),
        "unreadable": list(result.unreadable),
        "duplicates": result.repeated,
        "outbox": {name: getattr(result.books, name) for name in Books.__dataclass_fields__},
    }


def _line(line: Row) -> dict[str, Any]:
    counts = {name: getattr(line, name) for name in ("sent", "arrived", "late", "lost", "duplicates")}
    return {**counts, "latency_ms": milliseconds(line)}
