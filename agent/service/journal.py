"""What the service has kept, and the word that goes with it: the disk has refused, and takes records again."""

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial

from agent.errors import StorageError
from agent.host import Host
from agent.outbox.outbox import Outbox
from agent.records import Instant, Record, event_record
from agent.service.supervisor import contained

log = logging.getLogger(__name__)

Note = tuple[str, str, Mapping[str, object]]
"""An event, its text and its fields."""

Accepted = Callable[[Sequence[Record], Sequence[int]], None]
"""Who is told what the disk has taken, and where it stands."""

Beside = Callable[[Sequence[Record]], Mapping[str, str]]
"""Gives the states that belong to these records, to be stored with them."""


class Journal:
    """`fault` says why nothing is kept, until something is. Rooms add to `beside` and `accepted`."""

    def __init__(self, outbox: Outbox, host: Host) -> None:
        self.fault = ""
        self.beside: list[Beside] = []
        self.accepted: list[Accepted] = []
        self._outbox, self._host = outbox, host

    async def append(self, records: Iterable[Record], states: Mapping[str, str], at: Instant) -> Sequence[int]:
        """One transaction; raises StorageError."""
        told = [*records, *self._relief(at)]
        none: Mapping[str, str] = {}
        given = [contained(partial(give, told), none) for give in self.beside]
        along = {key: state for one in given for key, state in one.items()}
        sequences = await self._outbox.append(told, {**along, **states})
        self.fault = ""
        for hear in self.accepted:
            contained(partial(hear, told, sequences), None)
        return sequences

    async def telemetry(self, records: Sequence[Record]) -> None:
        """Numbers; a full or broken store costs them."""
        try:
            await self._outbox.telemetry(records)
        except StorageError as error:
            self.complain(error)

    async def report(self, event: str, text: str, **fields: object) -> None:
        """Tell the platform of something that is no alarm; a full or broken store only costs this report."""
        await self.note([(event, text, fields)], {})

    async def note(self, events: Iterable[Note], states: Mapping[str, str]) -> bool:
        """Events, and states that are no device's, in one transaction; False when the disk refuses."""
        at = self._host.instant()
        try:
            await self.append([event_record(*event, at) for event in events], states, at)
        except StorageError as error:
            self.complain(error)
            return False
        return True

    def complain(self, error: StorageError) -> None:
        """The disk has refused."""
        if not self.fault:
            log.error("the outbox cannot keep records: %s", error)
        self.fault = str(error)

    def _relief(self, at: Instant) -> list[Record]:
        """The first records that are kept after a fault tell of it, should no heartbeat have got through."""
        if not self.fault:
            return []
        text = "the outbox keeps records again; what happened meanwhile is told late"
        return [event_record("storage.recovered", text, {"fault": self.fault}, at)]
