"""Which alarms have got through to whoever confirms them: asked of the outbox, also after a restart."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from agent.outbox.outbox import Outbox
from agent.provisioning.sent import Sent, sent_of
from agent.records import Lane, Record
from agent.uplink.mark import BEYOND_ALL

PAGE = 256
LOOK_S = 1.0  # so often is the outbox asked while something waits
KNOWN_MOST = 1000
REST = dict.fromkeys((Lane.EVENT, Lane.TELEMETRY), BEYOND_ALL)  # not looked at


@dataclass(frozen=True, slots=True)
class Place:
    """Where a record stands, None: nowhere any more; and how many alarms had been dropped when it stood there."""

    number: int | None
    dropped: int = 0


class Through:
    """Remembers where the records stand that it has heard of; looks for the others once.

    A record leaves the store when it is confirmed, or dropped since the store is full. So one that has gone for
    good, and not into the history, is only taken for confirmed where no alarm was dropped meanwhile.
    """

    def __init__(self, outbox: Outbox, boot_id: str) -> None:
        self._outbox, self._boot_id = outbox, boot_id
        self._places: dict[Sent, Place] = {}

    def named(self, record: Record) -> Sent:
        """The name of an alarm's record that is stored now."""
        return sent_of(record, self._outbox.store_id, self._boot_id)

    def note(self, records: Sequence[Record], sequences: Sequence[int]) -> None:
        """The disk has these."""
        for record, place in zip(records, sequences, strict=False):
            if record.lane is Lane.ALARM:
                self._places[self.named(record)] = Place(place, self._outbox.dropped(Lane.ALARM))
        while len(self._places) > KNOWN_MOST:
            del self._places[next(iter(self._places))]

    async def asked(self, waiting: Collection[Sent]) -> tuple[set[Sent], set[Sent]]:
        """Those that have got through, and those of which nobody will ever know; raises StorageError."""
        lost = {one for one in waiting if not self._outbox.knows(one.store)}
        rest = set(waiting) - lost
        if strange := rest - self._places.keys():
            self._places |= await self._found(strange)
        places = {one: self._places[one] for one in rest}
        known = {place.number for place in places.values() if place.number is not None}
        still = await self._outbox.unconfirmed(known)
        missing = await self._outbox.missing(known - still) if known - still else set[int]()
        away = {one: place for one, place in places.items() if place.number is None or place.number in missing}
        through = {one for one, place in places.items() if one not in away and place.number not in still}
        if self._outbox.in_memory:
            return through, lost  # what is away may wait on the disk that refuses
        dropped = self._outbox.dropped(Lane.ALARM)
        perhaps = {one for one, place in away.items() if place.dropped != dropped}
        return through | (away.keys() - perhaps), lost | perhaps

    async def _found(self, wanted: Iterable[Sent]) -> Mapping[Sent, Place]:
        """Where they stand: of those that do not wait nobody knows since when."""
        left, last, found = set(wanted), 0, dict[Sent, Place]()
        dropped = self._outbox.dropped(Lane.ALARM)  # first: what is dropped while we look must count
        while left:
            page = await self._outbox.next({Lane.ALARM: last, **REST}, PAGE)
            for stored in page:
                for one in [one for one in left if one.is_of(stored.record, stored.boot_id)]:
                    found[one] = Place(stored.place, dropped)
                    left.discard(one)
            if len(page) < PAGE:
                break
            last = page[-1].place
        return {**dict.fromkeys(left, Place(None)), **found}
