"""What was written last, so that whoever has read all that is older need not ask the disk for it again."""

from collections.abc import Collection, Mapping, Sequence

from agent.records import Lane, Stored

KEPT = 256
LANES = (Lane.ALARM, Lane.EVENT)  # telemetry has its own window


class Fresh:
    """All alarms and events newer than `since`; and what is known of a reader who had read everything.

    A reader who found nothing beyond `after` has no older record to come, as long as he only moves on from there.
    """

    def __init__(self) -> None:
        self._records: dict[int, Stored] = {}
        self._since = 0  # what is older, up to here, is not kept
        self._last = 0
        self._read_after: Mapping[Lane, int] = {}
        self._read_to = -1  # nobody has read it

    def written(self, rows: Sequence[Stored], last: int, deleted: Collection[int]) -> None:
        """A transaction wrote and deleted these; `last` is beyond theirs if it wrote something else too."""
        for sequence in deleted:
            self._records.pop(sequence, None)
        if rows and rows[0].place == self._last + 1 and rows[-1].place == last:
            self._records.update((row.place, row) for row in rows)
        elif last != self._last:
            self._records.clear()
            self._since = last
        self._last = last
        while len(self._records) > KEPT:
            self._since = next(iter(self._records))
            del self._records[self._since]

    def confirmed(self, spans: Sequence[tuple[int, int]]) -> None:
        """These need not be sent any more, first and last included."""
        for first, last in spans:
            for sequence in [sequence for sequence in self._records if first <= sequence <= last]:
                del self._records[sequence]

    def beyond(self, after: Mapping[Lane, int], limit: int, hidden: Collection[int]) -> list[Stored] | None:
        """What the disk would answer to that reader, lane by lane, oldest first; None: ask the disk."""
        if self._read_to < self._since or any(
            after.get(lane, 0) < read for lane, read in self._read_after.items()
        ):
            return None
        found = [
            record
            for sequence, record in self._records.items()
            if sequence > max(self._read_to, after.get(record.record.lane, 0)) and sequence not in hidden
        ]
        if not found:
            self.exhausted(after, self._last)
        return sorted(found, key=lambda stored: (stored.record.lane, stored.place))[:limit]

    def exhausted(self, after: Mapping[Lane, int], last: int) -> None:
        """A reader found nothing beyond `after`, when `last` was the last sequence written."""
        self._read_after, self._read_to = {lane: after.get(lane, 0) for lane in LANES}, last
