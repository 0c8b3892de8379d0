"""The next records to send: what is known by heart, what the disk has, and telemetry that is only in memory."""

from collections.abc import Mapping
from functools import partial

from agent.outbox.keeper import Keeper
from agent.outbox.pending import Pending
from agent.outbox.store import Store
from agent.records import Lane, Stored


class Reading:
    """Reads onwards beyond places; whoever is up to date does not wait behind the next fsync."""

    def __init__(self, keeper: Keeper, pending: Pending) -> None:
        self._keeper, self._pending = keeper, pending

    async def kept(self, after: Mapping[Lane, int], limit: int) -> list[Stored]:
        """Alarms before events, oldest first; raises StorageError."""
        hidden, last, fresh = self._pending.confirmed, self._keeper.store.ledger.last, self._keeper.fresh
        settled = self._pending.writing is None  # what is being written counts in `last`, and may yet be undone
        if (known := fresh.beyond(after, limit, hidden)) is not None:
            return known
        found = await self._keeper.ask(lambda store: store.next(after, limit, hidden))
        if settled and not found:
            fresh.exhausted(after, last)
        return found

    async def telemetry(self, after: int, limit: int) -> list[Stored]:
        """First what is on disk, then what is in memory; never past what moved from there to here meanwhile."""
        while True:
            books, found = self._keeper.ledger, list[Stored]()
            to = books.batched_to
            if after < to and books.lanes[Lane.TELEMETRY].count:
                hidden = self._pending.settled
                found = await self._keeper.ask(partial(Store.telemetry, after=after, limit=limit, hidden=hidden))
            if to == self._keeper.ledger.batched_to:
                beyond = found[-1].place if found else after
                return found + self._pending.window.beyond(beyond, limit - len(found))
            if found:
                return found
