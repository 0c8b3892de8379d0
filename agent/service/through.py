"""Which alarms have got through to whoever confirms them: asked of the outbox, also after a restart."""

from collections.abc import Collection, Iterable, Mapping, Sequence

from agent.outbox.outbox import Outbox
from agent.provisioning.sent import Sent, sent_of
from agent.records import Lane, Record
from agent.uplink.mark import BEYOND_ALL

PAGE = 256
LOOK_S = 1.0  # so often is the outbox asked while something waits
KNOWN_MOST = 1000
REST = dict.fromkeys((Lane.EVENT, Lane.TELEMETRY), BEYOND_ALL)  # not looked at


class Through:
    """Remembers where the records stand that it has heard of; looks for the others once."""

    def __init__(self, outbox: Outbox, boot_id: str) -> None:
        self._outbox, self._boot_id = outbox, boot_id
        self._places: dict[Sent, int | None] = {}

    def named(self, record: Record) -> Sent:
        """The name of an alarm's record that is stored now."""
        return sent_of(record, self._outbox.store_id, self._boot_id)

    def note(self, records: Sequence[Record], sequences: Sequence[int]) -> None:
        """The disk has these."""
        for record, place in zip(records, sequences, strict=False):
            if record.lane is Lane.ALARM:
                self._places[self.named(record)] = place
        while len(self._places) > KNOWN_MOST:
            del self._places[next(iter(self._places))]

    async def asked(self, waiting: Collection[Sent]) -> tuple[set[Sent], set[Sent]]:
        """Those that have got through, and those whose store is lost; raises StorageError."""
        gone = {one for one in waiting if not self._outbox.knows(one.store)}
        rest = set(waiting) - gone
        if strange := rest - self._places.keys():
            self._places |= await self._found(strange)
        places = {one: self._places[one] for one in rest}
        still = await self._outbox.unconfirmed([place for place in places.values() if place is not None])
        return {one for one, place in places.items() if place is None or place not in still}, gone

    async def _found(self, wanted: Iterable[Sent]) -> Mapping[Sent, int | None]:
        """Where they stand; None: a record leaves its store only when it is confirmed."""
        left, last, found = set(wanted), 0, dict[Sent, int | None]()
        while left:
            page = await self._outbox.next({Lane.ALARM: last, **REST}, PAGE)
            for stored in page:
                for one in [one for one in left if one.is_of(stored.record, stored.boot_id)]:
                    found[one] = stored.place
                    left.discard(one)
            if len(page) < PAGE:
                break
            last = page[-1].place
        return {**dict.fromkeys(left), **found}
