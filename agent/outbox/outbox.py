"""The one queue: what is appended is on disk; telemetry is offered from memory and written when it has to wait."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterable, Mapping, Sequence
from functools import partial
from pathlib import Path

from agent.errors import StorageError
from agent.host import Offload, loop_s
from agent.outbox.keeper import Keeper
from agent.outbox.ledger import LaneDepth
from agent.outbox.names import Span
from agent.outbox.opening import open_store, replace_store
from agent.outbox.pending import Pending
from agent.outbox.platform_word import PlatformWord
from agent.outbox.reading import Reading
from agent.outbox.rewinds import EVERYTHING as EVERYTHING
from agent.outbox.room import Bounds
from agent.outbox.rows import pack
from agent.outbox.shelter import Shelter
from agent.outbox.spans import Replayed
from agent.outbox.turn import Wish
from agent.outbox.writer import CONFIRM_WAIT_S, Writer
from agent.records import Lane, Record, Stored

FILE = "outbox.sqlite"
HISTORY_BYTES = 32 * 1024 * 1024


class Outbox:
    """Lanes of records and the alarm states that belong to them, in one SQLite file with one connection.

    `moved` is set when records move to memory, or back to the disk. `rewinds` grows, and `changed` is set, when a
    reader has to go back; `rewound` says to what.
    """

    def __init__(self, keeper: Keeper, pending: Pending, retry_s: float) -> None:
        self.changed, self.moved = keeper.changed, keeper.moved
        self._keeper, self._pending = keeper, pending
        self._writer = Writer(keeper, pending, retry_s)
        self._reading = Reading(keeper, pending)
        self._platform = PlatformWord(keeper, pending)

    @classmethod
    async def open(
        cls,
        directory: Path,
        *,
        max_bytes: int,
        boot_id: str,
        offload: Offload,
        telemetry_batch_s: float = 5.0,
        history_bytes: int = HISTORY_BYTES,
        memory_bytes: int = 0,
    ) -> "Outbox":
        """Open the store, or set a damaged one aside and start anew, or begin in memory; raises StorageError."""
        file, bounds = directory / FILE, Bounds(max_bytes, history_bytes)
        shelter, fault = Shelter(file, bounds, memory_bytes), ""
        try:
            store = await offload(lambda: open_store(file, bounds))
        except (sqlite3.Error, OSError) as error:
            fault = f"cannot open {file}: {error}"
            if not shelter.offered:
                raise StorageError(fault) from error
            refuge = await offload(lambda: shelter.seek(None))
            shelter.entered(refuge, loop_s())
            store = refuge.store
        pending = Pending(boot_id, store.ledger.batched_to, telemetry_batch_s)
        keeper = Keeper(store, pending, offload, partial(replace_store, file, bounds), shelter)
        outbox = cls(keeper, pending, max(telemetry_batch_s, CONFIRM_WAIT_S))
        if fault:
            outbox._keeper.tell_moved_in(fault)
            outbox._writer.write_soon(shelter.wait_s(loop_s()) or 0.0)
        return outbox

    @property
    def fault(self) -> str:
        """Why the last transaction was refused, even if nobody waited for it; empty when it went well."""
        return self._keeper.fault

    @property
    def in_memory(self) -> bool:
        """The disk refuses: what is accepted now lives no longer than the process, until it is confirmed."""
        return self._keeper.in_memory

    @property
    def rewinds(self) -> int:
        """How often readers had to go back."""
        return self._keeper.rewinds.count

    def rewound(self, since: int) -> Span:
        """The places to which a reader must go back who has heard of so many rewinds: first and last."""
        return self._keeper.rewinds.since(since)

    @property
    def store_id(self) -> str:
        """Names the file; the sequences of alarms and events count within it."""
        return self._keeper.store.store_id

    def knows(self, store_id: str) -> bool:
        """Whether its records are here: they keep the name of an earlier series."""
        return self._keeper.store.names.base_of(store_id) is not None

    def given(self, store_id: str) -> int:
        """The last sequence of that series that anybody can have heard of; 0 where it has none here."""
        names = self._keeper.store.names
        base = names.base_of(store_id) or 0
        places = names.places(store_id, (1, self._keeper.ledger.last - base))
        return places[1] - base if places else 0

    def name_of(self, place: int) -> tuple[str, int]:
        """Of which series a place is, and where that begins."""
        return self._keeper.store.names.of(place)

    @property
    def set_aside(self) -> str:
        """Where a damaged store was moved to, until the next append has reported it; else empty."""
        return self._keeper.store.set_aside

    def states(self) -> dict[str, str]:
        """The alarm states as last stored."""
        return dict(self._keeper.store.kept_states)

    # --- coming in ----------------------------------------------------------------------------------

    async def append(self, records: Sequence[Record], states: Mapping[str, str]) -> list[int]:
        """Keep alarms, events and states in one transaction; durable on return, unless `in_memory`.

        Returns where they stand. Raises StorageError: nothing is kept. Appends that wait while a transaction runs
        share the next one.
        """
        self._check_open()
        if any(record.lane is Lane.TELEMETRY for record in records):
            raise ValueError("telemetry is not appended: it has its own numbers")
        if not records and not states:
            return []  # no transaction would ever come of it
        wish = Wish([pack(r) for r in records], dict(states), asyncio.get_running_loop().create_future())
        self._pending.next.wishes.append(wish)
        self._writer.write_soon(0.0)
        return await wish.done

    async def telemetry(self, records: Sequence[Record]) -> None:
        """Offer records of the lowest lane at once; on disk only if they wait until their window ends."""
        self._check_open()
        self._pending.window.accept([pack(r) for r in records], loop_s())
        self._writer.write_when_due()
        self.changed.set()

    # --- going out ----------------------------------------------------------------------------------

    async def next(self, after: Mapping[Lane, int], limit: int) -> list[Stored]:
        """The next records to send: alarm before event before telemetry, oldest first, beyond `after`.

        `after` is the place (`Stored.place`) of the last one that was read, by lane. Raises StorageError.
        """
        found = await self._reading.kept(after, limit)
        if len(found) < limit:
            found += await self._reading.telemetry(after.get(Lane.TELEMETRY, 0), limit - len(found))
        return found

    async def confirm(self, stored: Iterable[Stored]) -> None:
        """The far side has these: they are hidden at once, and leave the disk with the next transaction."""
        gathering = self._pending.next
        for one in stored:
            if one.record.lane is not Lane.TELEMETRY:
                if (base := self._keeper.store.names.base_of(one.series)) is not None:
                    gathering.confirmed.add(base + one.sequence)
            elif not self._pending.window.confirm(one):
                gathering.settled[one.place] = one.series
        if not gathering.empty:
            self._writer.write_soon(CONFIRM_WAIT_S)

    async def confirm_spans(self, store_id: str, spans: Sequence[Span]) -> int:
        """The platform has these sequences, first and last included; returns how many that is news of."""
        return await self._platform.confirm(store_id, spans)

    async def replay(self, store_id: str, first: int, last: int) -> Replayed:
        """Offer these once more, though they were confirmed; what is gone is gone."""
        return await self._platform.replay(store_id, first, last)

    async def unconfirmed(self, places: Iterable[int]) -> set[int]:
        """Those alarms and events that still wait, of those that `append` has put at these places."""
        asked = set(places) - self._pending.confirmed
        return await self._keeper.ask(lambda store: store.unconfirmed(asked))

    async def missing(self, places: Iterable[int]) -> set[int]:
        """Those alarms and events that are here no more: dropped unconfirmed, or history that has made room."""
        asked = set(places) - self._pending.confirmed
        return await self._keeper.ask(lambda store: store.missing(asked))

    def dropped(self, lane: Lane) -> int:
        """How many of a lane were lost unconfirmed, ever."""
        return self._keeper.ledger.lanes[lane].dropped

    async def depths(self) -> dict[Lane, LaneDepth]:
        """What waits in each lane, and the accounting: accepted = confirmed + count + dropped."""
        await self._writer.settled()
        if self._pending.next.confirmed or self._pending.next.settled:
            self._writer.write_soon(0.0)
            await self._writer.settled()
        oldest = await self._keeper.ask(lambda store: store.oldest())
        return {lane: self._pending.depth(lane, self._keeper.ledger, oldest.get(lane)) for lane in Lane}

    async def aclose(self) -> None:
        """Write what is only in memory and close; closing twice is harmless."""
        self._keeper.closed = True
        await self._writer.finish()
        with contextlib.suppress(sqlite3.Error, OSError):  # then it lacks the mark, and the next start checks it
            await self._keeper.close()

    def _check_open(self) -> None:
        if self._keeper.closed:
            raise StorageError("the outbox is closed")
