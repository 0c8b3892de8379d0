"""What the platform says of spans, that it has them or wants them again, in pieces that hold up no alarm."""

from collections.abc import Sequence
from dataclasses import replace

from agent.outbox.fresh import Fresh
from agent.outbox.keeper import Keeper
from agent.outbox.names import Span
from agent.outbox.pending import Pending
from agent.outbox.spans import Replayed, confirm_spans, replay


class PlatformWord:
    """Each piece is a transaction of its own; between two of them whoever waits to append has a turn."""

    def __init__(self, keeper: Keeper, pending: Pending) -> None:
        self._keeper, self._pending = keeper, pending

    async def confirm(self, series: str, spans: Sequence[Span]) -> int:
        """It has these; returns how many that is news of. Raises StorageError."""
        count, rest = 0, spans
        while rest:
            news, rest = await self._confirm_piece(series, rest)
            count += news
        return count

    async def replay(self, series: str, first: int, last: int) -> Replayed:
        """It wants these again; raises StorageError."""
        if (wanted := self._keeper.store.names.places(series, (first, last))) is None:
            return Replayed(0, 0, [(first, last)])
        replayed = Replayed(0, 0, [])
        rest: Span | None = (first, last)
        try:
            while rest is not None:
                piece, rest = await self._replay_piece(series, rest)
                replayed += piece
        finally:  # what waits again must be offered, whatever becomes of the rest
            self._keeper.fresh = Fresh()
            self._keeper.rewind(self._keeper.store.names.places(series, (first, last)) or wanted)
        return replayed

    async def _confirm_piece(self, series: str, spans: Sequence[Span]) -> tuple[int, list[Span]]:
        """As many as go into one transaction; returns how many were news, and the spans that remain."""
        keeper = self._keeper
        async with keeper.changing:
            names = keeper.store.names
            places = [places for span in spans if (places := names.places(series, span)) is not None]
            if not places:
                return 0, []
            heard, keeper.ledger = await keeper.ask(lambda store: confirm_spans(store, places))
            keeper.fresh.confirmed(heard.done)
        return heard.count, names.numbers(series, heard.rest)

    async def _replay_piece(self, series: str, span: Span) -> tuple[Replayed, Span | None]:
        """As many as go into one transaction; returns what became of them, and what remains of the span."""
        keeper, pending = self._keeper, self._pending
        async with keeper.changing:
            names = keeper.store.names
            if (places := names.places(series, span)) is None:
                return Replayed(0, 0, [span]), None
            low, high = places
            pending.next.confirmed -= {place for place in pending.next.confirmed if low <= place <= high}
            replayed, end, keeper.ledger = await keeper.ask(lambda store: replay(store, low, high))
        rest = names.numbers(series, [(end + 1, high)])[0] if end < min(high, keeper.ledger.last) else None
        return replace(replayed, gone=names.numbers(series, replayed.gone)), rest
