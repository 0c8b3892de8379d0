"""The one queue: what is appended is on disk; telemetry is offered from memory and written when it has to wait."""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar

from agent.errors import StorageError
from agent.host import Offload
from agent.outbox.damage import is_damage
from agent.outbox.fresh import Fresh
from agent.outbox.ledger import LaneDepth, Ledger
from agent.outbox.names import Span
from agent.outbox.opening import open_store, replace_store
from agent.outbox.rewinds import EVERYTHING as EVERYTHING
from agent.outbox.rewinds import Rewinds
from agent.outbox.room import Bounds
from agent.outbox.rows import pack
from agent.outbox.shelter import Shelter
from agent.outbox.spans import Replayed, confirm_spans, replay
from agent.outbox.store import Oldest, Store
from agent.outbox.turn import Gathered, Turn, Wish, release
from agent.outbox.window import Window
from agent.records import Lane, Record, Stored

log = logging.getLogger(__name__)
T = TypeVar("T")

FILE = "outbox.sqlite"
CONFIRM_WAIT_S = 0.5  # confirmed rows leave with the next commit, or after this; until then they are hidden
HISTORY_BYTES = 32 * 1024 * 1024


class Outbox:
    """Lanes of records and the alarm states that belong to them, in one SQLite file with one connection.

    `fault` says why the last transaction was refused, even if nobody waited for it; empty when it went well.
    `moved` is set when records move to memory, or back to the disk.
    `rewinds` grows, and `changed` is set, when a reader has to go back; `rewound` says to what.
    """

    def __init__(
        self,
        store: Store,
        *,
        boot_id: str,
        offload: Offload,
        telemetry_batch_s: float,
        replace: Callable[[Store, BaseException], Store],
        shelter: Shelter,
    ) -> None:
        self.changed = asyncio.Event()
        self.moved = asyncio.Event()
        self.fault = ""
        self._rewinds = Rewinds()
        self._store = store
        self._ledger = store.ledger.copy()  # as of the last transaction that this side has heard of
        self._window = Window(boot_id, store.ledger.batched_to, telemetry_batch_s)
        self._boot_id = boot_id
        self._offload = offload
        self._retry_s = max(telemetry_batch_s, CONFIRM_WAIT_S)
        self._replace = replace
        self._replacing = asyncio.Lock()
        self._changing = asyncio.Lock()  # held by whoever changes the store, so that it is not left meanwhile
        self._shelter = shelter
        self._next = Gathered()
        self._writing: Gathered | None = None
        self._writer: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        self._fresh = Fresh()

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
            shelter.entered(refuge, _now())
            store = refuge.store
        outbox = cls(
            store,
            boot_id=boot_id,
            offload=offload,
            telemetry_batch_s=telemetry_batch_s,
            replace=lambda broken, error: replace_store(broken, file, bounds, error),
            shelter=shelter,
        )
        if fault:
            outbox._move_in(fault)
        return outbox

    @property
    def in_memory(self) -> bool:
        """The disk refuses: what is accepted now lives no longer than the process, until it is confirmed."""
        return self._shelter.refuge is not None

    @property
    def rewinds(self) -> int:
        """How often readers had to go back."""
        return self._rewinds.count

    @property
    def store_id(self) -> str:
        """Names the file; the sequences of alarms and events count within it."""
        return self._store.store_id

    def knows(self, store_id: str) -> bool:
        """Whether its records are here: they keep the name of an earlier series."""
        return self._store.names.base_of(store_id) is not None

    def given(self, store_id: str) -> int:
        """The last sequence of that series that anybody can have heard of; 0 where it has none here."""
        base = self._store.names.base_of(store_id) or 0
        places = self._store.names.places(store_id, (1, self._ledger.last - base))
        return places[1] - base if places else 0

    @property
    def set_aside(self) -> str:
        """Where a damaged store was moved to, until the next append has reported it; else empty."""
        return self._store.set_aside

    def states(self) -> dict[str, str]:
        """The alarm states as last stored."""
        return dict(self._store.kept_states)

    # --- coming in ----------------------------------------------------------------------------------

    async def append(self, records: Sequence[Record], states: Mapping[str, str]) -> list[int]:
        """Keep alarms, events and states in one transaction; durable on return, unless `in_memory`.

        Returns where they stand. Raises StorageError: nothing is kept. Appends that wait while a transaction runs
        share the next one.
        """
        self._check_open()
        if any(record.lane is Lane.TELEMETRY for record in records):
            raise ValueError("telemetry is not appended: it has its own numbers")
        wish = Wish([pack(r) for r in records], dict(states), asyncio.get_running_loop().create_future())
        self._next.wishes.append(wish)
        self._write_soon(0.0)
        return await wish.done

    async def telemetry(self, records: Sequence[Record]) -> None:
        """Offer records of the lowest lane at once; on disk only if they wait until their window ends."""
        self._check_open()
        self._window.accept([pack(r) for r in records], _now())
        self._write_when_due()
        self.changed.set()

    # --- going out ----------------------------------------------------------------------------------

    async def next(self, after: Mapping[Lane, int], limit: int) -> list[Stored]:
        """The next records to send: alarm before event before telemetry, oldest first, beyond `after`.

        `after` is the place (`Stored.place`) of the last one that was read, by lane. Whoever is up to date gets
        what is new from memory, and does not wait behind the next fsync.
        """
        found = await self._next_kept(after, limit)
        if len(found) < limit:
            found += await self._next_telemetry(after.get(Lane.TELEMETRY, 0), limit - len(found))
        return found

    async def confirm(self, stored: Iterable[Stored]) -> None:
        """The far side has these: they are hidden at once, and leave the disk with the next transaction."""
        for one in stored:
            if one.record.lane is not Lane.TELEMETRY:
                if (base := self._store.names.base_of(one.series)) is not None:
                    self._next.confirmed.add(base + one.sequence)
            elif not self._window.confirm(one):
                self._next.settled[one.place] = one.series
        if not self._next.empty:
            self._write_soon(CONFIRM_WAIT_S)

    async def confirm_spans(self, store_id: str, spans: Sequence[Span]) -> int:
        """The platform has these sequences, first and last included; returns how many that is news of."""
        count, rest = 0, spans
        while rest:
            news, rest = await self._confirm_piece(store_id, rest)
            count += news
        return count

    async def replay(self, store_id: str, first: int, last: int) -> Replayed:
        """Offer these once more, though they were confirmed; what is gone is gone."""
        if (wanted := self._store.names.places(store_id, (first, last))) is None:
            return Replayed(0, 0, [(first, last)])
        replayed = Replayed(0, 0, [])
        rest: Span | None = (first, last)
        try:
            while rest is not None:
                piece, rest = await self._replay_piece(store_id, rest)
                replayed += piece
        finally:  # what waits again must be offered, whatever becomes of the rest
            self._fresh = Fresh()
            self._rewind(self._store.names.places(store_id, (first, last)) or wanted)
        return replayed

    async def _confirm_piece(self, store_id: str, spans: Sequence[Span]) -> tuple[int, list[Span]]:
        """As many as go into one transaction; returns how many were news, and the spans that remain."""
        async with self._changing:
            names = self._store.names
            places = [places for span in spans if (places := names.places(store_id, span)) is not None]
            if not places:
                return 0, []
            heard, self._ledger = await self._ask(lambda store: confirm_spans(store, places))
            self._fresh.confirmed(heard.done)
        return heard.count, names.numbers(store_id, heard.rest)

    async def _replay_piece(self, store_id: str, span: Span) -> tuple[Replayed, Span | None]:
        """As many as go into one transaction; returns what became of them, and what remains of the span."""
        async with self._changing:
            names = self._store.names
            if (places := names.places(store_id, span)) is None:
                return Replayed(0, 0, [span]), None
            low, high = places
            self._next.confirmed -= {place for place in self._next.confirmed if low <= place <= high}
            replayed, end, self._ledger = await self._ask(lambda store: replay(store, low, high))
        rest = names.numbers(store_id, [(end + 1, high)])[0] if end < min(high, self._ledger.last) else None
        return replace(replayed, gone=names.numbers(store_id, replayed.gone)), rest

    def rewound(self, since: int) -> Span:
        """The places to which a reader must go back who has heard of so many rewinds: first and last."""
        return self._rewinds.since(since)

    async def unconfirmed(self, places: Iterable[int]) -> set[int]:
        """Those alarms and events that still wait, of those that `append` has put at these places."""
        asked = set(places) - self._hidden()
        return await self._ask(lambda store: store.unconfirmed(asked))

    async def depths(self) -> dict[Lane, LaneDepth]:
        """What waits in each lane, and the accounting: accepted = confirmed + count + dropped."""
        await self._settled()
        if self._next.confirmed or self._next.settled:
            self._write_soon(0.0)
            await self._settled()
        oldest = await self._ask(lambda store: store.oldest())
        return {lane: self._depth(lane, oldest.get(lane)) for lane in Lane}

    async def aclose(self) -> None:
        """Write what is only in memory and close; closing twice is harmless."""
        self._closed = True
        for _ in range(2):  # what is being written now, and what came meanwhile
            if self._writer is None and not (self._window.empty and self._next.empty and not self.in_memory):
                self._start()
            await self._settled()
        self._disarm()
        if (refuge := self._shelter.refuge) is not None:
            log.error("the disk refuses to the end: %d records were in memory only", refuge.waiting)
        close = self._store.close if refuge is None else refuge.close
        with contextlib.suppress(sqlite3.Error, OSError):  # then it lacks the mark, and the next start checks it
            await self._offload(close)

    # --- reading ------------------------------------------------------------------------------------

    def _hidden(self) -> set[int]:
        return self._next.confirmed | (self._writing.confirmed if self._writing else set())

    async def _next_kept(self, after: Mapping[Lane, int], limit: int) -> list[Stored]:
        hidden, last, fresh = self._hidden(), self._store.ledger.last, self._fresh
        settled = self._writing is None  # what is being written counts in `last` already, and may yet be undone
        if (known := fresh.beyond(after, limit, hidden)) is not None:
            return known
        found = await self._ask(lambda store: store.next(after, limit, hidden))
        if settled and not found:
            fresh.exhausted(after, last)
        return found

    async def _next_telemetry(self, after: int, limit: int) -> list[Stored]:
        """First what is on disk, then what is in memory; never past what moved from there to here meanwhile."""
        while True:
            to, found = self._ledger.batched_to, list[Stored]()
            if after < to and self._ledger.lanes[Lane.TELEMETRY].count:
                hidden = set(self._next.settled) | set(self._writing.settled if self._writing else ())
                found = await self._ask(partial(Store.telemetry, after=after, limit=limit, hidden=hidden))
            if to == self._ledger.batched_to:
                beyond = found[-1].place if found else after
                return found + self._window.beyond(beyond, limit - len(found))
            if found:
                return found

    def _depth(self, lane: Lane, oldest: Oldest | None) -> LaneDepth:
        """The books, and for telemetry what they cannot know yet."""
        tally, window = self._ledger.lanes[lane], self._window
        accepted, confirmed, dropped = tally.accepted, tally.confirmed, tally.dropped
        if lane is Lane.TELEMETRY:
            lost = window.overflow.count if window.overflow else 0
            accepted += len(window) + window.late + window.passed + lost
            confirmed += window.late + window.passed + self._ledger.partly
            dropped += lost
            if oldest is None and window.oldest is not None:
                oldest = Oldest(window.oldest, self._boot_id)
        count = accepted - confirmed - dropped
        known = (oldest.at, oldest.boot_id) if oldest and count else (None, "")
        return LaneDepth(count, tally.bytes, accepted, confirmed, dropped, *known)

    # --- writing ------------------------------------------------------------------------------------

    def _check_open(self) -> None:
        if self._closed:
            raise StorageError("the outbox is closed")

    async def _settled(self) -> None:
        """Wait until what is being written is written."""
        if self._writer is not None:
            await asyncio.shield(self._writer)

    def _write_when_due(self) -> None:
        if (due_s := self._window.due_s) is not None:
            self._write_soon(due_s - _now())

    def _write_soon(self, wait_s: float) -> None:
        if self._writer is not None:
            return  # whoever is writing takes up what has come meanwhile
        loop = asyncio.get_running_loop()
        if wait_s <= 0:
            self._start()
        elif self._timer is None or self._timer.when() > loop.time() + wait_s:
            self._disarm()
            self._timer = loop.call_later(wait_s, self._start)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self) -> None:
        self._disarm()
        if self._writer is None:
            self._writer = asyncio.get_running_loop().create_task(self._write_all(), name="outbox writer")

    async def _write_all(self) -> None:
        """Write turn after turn until no append waits."""
        good = True
        try:
            while True:
                async with self._changing:
                    good = await self._write()
                if not self._next.wishes:
                    break
        finally:
            self._writer = None
        if not self._closed:
            self._go_on(good)

    def _go_on(self, good: bool) -> None:
        if not self._next.empty:
            self._write_soon(CONFIRM_WAIT_S if good else self._retry_s)
        if (wait_s := self._shelter.wait_s(_now())) is not None:
            self._write_soon(wait_s)
        if good:
            self._write_when_due()
        elif len(self._window):
            self._write_soon(self._retry_s)

    async def _write(self) -> bool:
        """Carry out one turn; False when the disk refused."""
        await self._look_for_disk()
        gathered, self._next = self._next, Gathered()
        turn = self._turn(gathered)
        if turn.light and not turn.settled:
            return True
        self._writing = gathered
        try:
            turn, ledger = await self._carry_out(gathered, turn)
        except StorageError as error:
            self._put_back(gathered, turn, error)
        else:
            self._written(gathered, turn, ledger)
            return True
        finally:
            self._writing = None
            release(
                gathered.wishes, StorageError("the writer broke off")
            )  # whatever happened, nobody waits for ever
        return False

    async def _carry_out(self, gathered: Gathered, turn: Turn) -> tuple[Turn, Ledger]:
        """On the disk, else in memory."""
        disk = self._store
        try:
            return turn, await self._ask(lambda store: store.write(turn))
        except StorageError as error:
            if not self._shelter.offered:
                raise
            if self._store is disk:
                await self._take_shelter(error)
        again = self._turn(gathered)  # a store that replaced a damaged one knows other places
        return again, await self._ask(lambda store: store.write(again))

    def _turn(self, gathered: Gathered) -> Turn:
        """All that is to be written now; the books of what only passed through go along with something else."""
        window, rows = self._window, gathered.rows
        due_s = window.due_s
        telemetry = window.take() if due_s is not None and (self._closed or due_s <= _now()) else []
        alone = not (rows or gathered.states or gathered.confirmed or telemetry or self._closed)
        return Turn(
            boot_id=self._boot_id,
            rows=rows,
            states=gathered.states,
            confirmed=frozenset(gathered.confirmed),
            telemetry=telemetry,
            base=window.base,
            settled=gathered.settled,
            passed=0 if alone else window.passed,
            overflow=window.overflow if rows or telemetry else None,
        )

    def _written(self, gathered: Gathered, turn: Turn, ledger: Ledger) -> None:
        first = self._ledger.last + 1
        told = ledger.last >= first  # perhaps only by an event of the store's own
        if not self.in_memory:
            self.fault = ""
        self._ledger = ledger
        self._window.entered(turn.passed, turn.overflow)
        if turn.telemetry:
            self._next.settled |= dict.fromkeys(self._window.written(), self._boot_id)
        gathered.tell(first)
        series, base = self.store_id, self._store.names.base
        rows = [row.stored(first - base + n, series, self._boot_id, base) for n, row in enumerate(turn.rows)]
        self._fresh.written(rows, ledger.last, turn.confirmed)
        if told:
            self.changed.set()

    def _put_back(self, gathered: Gathered, turn: Turn, error: StorageError) -> None:
        """Nothing of the turn was written: the appends fail, the rest waits for a better time."""
        self._next.take_back(gathered)
        if turn.telemetry:
            self._window.put_back(_now())
        if not (self.fault or gathered.wishes):  # whoever wished is told, and says so
            log.error("the outbox cannot write: %s", error)
        self.fault = str(error)
        release(gathered.wishes, error)

    # --- while the disk refuses ---------------------------------------------------------------------

    async def _take_shelter(self, error: StorageError) -> None:
        """Raises the same error where not even memory is to be had."""
        disk = self._store
        try:
            refuge = await self._offload(lambda: self._shelter.seek(disk))
        except (sqlite3.Error, OSError):
            raise error from None
        self._shelter.entered(refuge, _now())
        self._go_on_in(refuge.store)
        self._move_in(str(error))

    def _move_in(self, fault: str) -> None:
        log.error("the disk refuses: %s; what comes now is kept in memory, until the disk takes it", fault)
        self.fault = f"kept in memory only: {fault}"
        self.moved.set()
        self._write_soon(self._shelter.wait_s(_now()) or 0.0)

    async def _look_for_disk(self) -> None:
        """Everything moves to the disk as soon as that takes it."""
        refuge = self._shelter.refuge
        if refuge is None or (self._shelter.wait_s(_now()) and not self._closed):
            return
        try:
            disk, shift = await self._offload(lambda: self._shelter.leave(refuge))
        except (sqlite3.Error, OSError, ValueError) as error:
            self._shelter.in_vain(_now())
            self.fault = f"kept in memory only: {error}"
            return
        self._shelter.refuge = None
        log.warning("the disk takes records again; all that waited in memory is on it")
        self.fault = ""
        if shift.records:
            self._next.confirmed.clear()  # their places are others' now; they will be sent again
        if shift.telemetry:
            self._next.settled.clear()
            self._window.move(shift.telemetry)
        self._go_on_in(disk)
        self._rewind(EVERYTHING)  # what could not be taken along waits there still
        self.moved.set()

    def _go_on_in(self, store: Store) -> None:
        self._store = store
        self._ledger = store.ledger.copy()
        self._fresh = Fresh()
        self.changed.set()

    async def _ask(self, call: Callable[[Store], T]) -> T:
        store = self._store
        try:
            return await self._offload(lambda: call(store))
        except (sqlite3.Error, OSError) as error:
            if is_damage(error) or (store.closed and not self._closed):  # it broke before, and still stands there
                anew = asyncio.get_running_loop().create_task(self._start_anew(store, error))
                await asyncio.shield(anew)  # whoever asked may break off; the store must not be left half replaced
            raise StorageError(str(error)) from error

    async def _start_anew(self, broken: Store, why: BaseException) -> None:
        """The file broke while in use: waiting for a restart would leave the school without alarms."""
        async with self._replacing:
            if self._store is not broken:
                return  # another call has seen it first
            try:
                self._store = await self._offload(lambda: self._replace(broken, why))
            except (sqlite3.Error, OSError) as error:
                raise StorageError(f"{why}, and cannot be replaced: {error}") from error
            self._ledger = self._store.ledger.copy()
            self._fresh = Fresh()
        for gathered in (self._next, self._writing):
            if gathered is not None:
                gathered.confirmed.clear()  # their sequences mean nothing in the new store
        log.error(
            "the outbox was of no more use (%s); begun anew, the old one is %s", why, self.set_aside or "gone"
        )
        self._rewind(EVERYTHING)

    def _rewind(self, places: Span) -> None:
        self._rewinds.note(places)
        self.changed.set()


def _now() -> float:
    return asyncio.get_running_loop().time()
