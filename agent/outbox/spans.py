"""Spans of records as the platform names them: confirmed, or wanted again; in pieces, as others wait."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from agent.outbox.ledger import Ledger
from agent.outbox.names import Span
from agent.outbox.store import Store

PIECE = 4096  # rows that change in one transaction: an alarm that comes meanwhile waits for no more
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


def confirm_spans(store: Store, spans: Sequence[Span]) -> tuple[Heard, Ledger]:
    """What waits of these is confirmed, up to a piece. Nothing is written for nothing."""
    store.roll_back()
    rest = [span for span in spans if store.one(f"SELECT EXISTS (SELECT 1 {_WITHIN} AND waiting)", *span)]
    if not rest:
        return Heard(0, [], []), store.ledger.copy()
    count, done = 0, list[Span]()
    with store.transaction() as writing:
        while rest and count < PIECE:
            first, last = rest.pop(0)
            end = _piece_end(store, first, last, PIECE - count, "AND waiting")
            count += writing.confirm_span((first, end))
            done.append((first, end))
            if end < last:
                rest.insert(0, (end + 1, last))
    return Heard(count, done, rest), store.ledger.copy()


def replay(store: Store, first: int, last: int) -> tuple[Replayed, int, Ledger]:
    """What is history of these waits again, up to a piece; returns where that ends."""
    store.roll_back()
    first, last = max(1, first), min(last, store.ledger.last)
    end = _piece_end(store, first, last, PIECE)
    query = f"SELECT sequence, waiting {_WITHIN} ORDER BY sequence"
    here: dict[int, int] = dict(store.database.execute(query, (first, end)))
    waiting = sum(here.values())
    if len(here) > waiting:
        with store.transaction() as writing:
            writing.wait_again((first, end))
    return Replayed(len(here) - waiting, waiting, _gaps(here, first, end)), end, store.ledger.copy()


def _piece_end(store: Store, first: int, last: int, rows: int, which: str = "") -> int:
    """The last place of a piece of so many rows; the span's, if it has no more."""
    query = f"SELECT COALESCE((SELECT sequence {_WITHIN} {which} ORDER BY sequence LIMIT 1 OFFSET ?), ?)"
    return store.one(query, first, last, rows - 1, last)


def _gaps(here: Collection[int], first: int, last: int) -> list[Span]:
    """The spans of first … last of which nothing is here; `here` is sorted."""
    gaps, at = [], first
    for sequence in here:
        if sequence > at:
            gaps.append((at, sequence - 1))
        at = sequence + 1
    return [*gaps, (at, last)] if at <= last else gaps
