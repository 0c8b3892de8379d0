"""The one queue, on disk: a record is accepted when `append` returns, and leaves when it is confirmed."""

import asyncio
import contextlib
import logging
import sqlite3
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from agent.errors import StorageError
from agent.host import Offload
from agent.outbox.damage import is_damage
from agent.outbox.fresh import Fresh
from agent.outbox.opening import open_store, replace_store
from agent.outbox.rows import Packed, pack
from agent.outbox.store import LaneDepth, Store
from agent.records import Lane, Record, Stored

log = logging.getLogger(__name__)
T = TypeVar("T")

FILE = "outbox.sqlite"
CONFIRM_WAIT_S = 0.5  # confirmed rows leave with the next commit, or after this; until then they are hidden
TELEMETRY_MOST = 10_000  # buffered records; past that the oldest are dropped, and that is told


@dataclass(slots=True)
class _Wish:
    """One append that waits for the next transaction."""

    rows: Sequence[Packed]
    states: Mapping[str, str]
    done: asyncio.Future[list[int]]


@dataclass(slots=True)
class _Batch:
    """What goes into one transaction."""

    wishes: list[_Wish] = field(default_factory=list)
    telemetry: list[Packed] = field(default_factory=list)
    overflowed: int = 0
    confirmed: set[int] = field(default_factory=set)

    @property
    def empty(self) -> bool:
        return not (self.wishes or self.telemetry or self.confirmed)

    def buffer(self, rows: Sequence[Packed]) -> None:
        """Add telemetry; where there is no room, the oldest goes."""
        self.telemetry.extend(rows)
        if (over := len(self.telemetry) - TELEMETRY_MOST) > 0:
            del self.telemetry[:over]
            self.overflowed += over


class Outbox:
    """Lanes of records and the alarm states that belong to them, in one SQLite file with one connection.

    `fault` says why the last transaction was refused, even if nobody waited for it; empty when it went well.
    """

    def __init__(
        self,
        store: Store,
        *,
        boot_id: str,
        offload: Offload,
        telemetry_batch_s: float,
        replace: Callable[[Store], Store],
    ) -> None:
        self.changed = asyncio.Event()
        self.fault = ""
        self._store = store
        self._boot_id = boot_id
        self._offload = offload
        self._telemetry_batch_s = telemetry_batch_s
        self._replace = replace
        self._replacing = asyncio.Lock()
        self._next = _Batch()
        self._writing: _Batch | None = None
        self._writer: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._closed = False
        self._fresh = Fresh()

    @classmethod
    async def open(
        cls, directory: Path, *, max_bytes: int, boot_id: str, offload: Offload, telemetry_batch_s: float = 5.0
    ) -> "Outbox":
        """Open the store, or set a damaged one aside and start anew; raises StorageError if neither works."""
        file = directory / FILE

        def opened() -> Store:
            directory.mkdir(parents=True, exist_ok=True)
            return open_store(file, max_bytes)

        try:
            store = await offload(opened)
        except (sqlite3.Error, OSError) as error:
            raise StorageError(f"cannot open {file}: {error}") from error
        return cls(
            store,
            boot_id=boot_id,
            offload=offload,
            telemetry_batch_s=telemetry_batch_s,
            replace=lambda broken: replace_store(broken, file, max_bytes),
        )

    @property
    def store_id(self) -> str:
        """Names the file; sequences count within it."""
        return self._store.store_id

    @property
    def set_aside(self) -> str:
        """Where a damaged store was moved to, until the next append has reported it; else empty."""
        return self._store.set_aside

    def states(self) -> dict[str, str]:
        """The alarm states as last stored."""
        return dict(self._store.kept_states)

    async def append(self, records: Sequence[Record], states: Mapping[str, str]) -> list[int]:
        """Keep records and states in one transaction; durable on return. Raises StorageError: nothing is kept.

        Appends that wait while a transaction runs are written together in the next one.
        """
        self._check_open()
        wish = _Wish([pack(r) for r in records], dict(states), asyncio.get_running_loop().create_future())
        self._next.wishes.append(wish)
        self._write_soon(0.0)
        return await wish.done

    async def telemetry(self, records: Sequence[Record]) -> None:
        """Keep records of the lowest lane with the next transaction, at latest when the batch window ends."""
        self._check_open()
        self._next.buffer([pack(r) for r in records])
        self._write_soon(self._telemetry_batch_s)

    async def confirm(self, stored: Iterable[Stored]) -> None:
        """The far side has these: they are hidden at once, and deleted with the next transaction."""
        self._next.confirmed.update(s.sequence for s in stored if s.series == self.store_id)
        self._write_soon(CONFIRM_WAIT_S)

    async def next(self, after: Mapping[Lane, int], limit: int) -> list[Stored]:
        """The next records to send: alarm before event before telemetry, oldest first, beyond `after`.

        Whoever is up to date gets what is new from memory, and does not wait behind the next fsync.
        """
        hidden, last, fresh = self._hidden(), self._store.last, self._fresh
        settled = self._writing is None  # what is being written counts in `last` already, and may yet be undone
        if (known := fresh.beyond(after, limit, hidden)) is not None:
            return known
        found = await self._ask(lambda store: store.next(after, limit, hidden))
        if settled and not found:
            fresh.exhausted(after, last)
        return found

    async def depths(self) -> dict[Lane, LaneDepth]:
        """What waits in each lane, and the accounting: accepted = confirmed + count + dropped."""
        if self._hidden():
            self._write_soon(0.0)
            if self._writer is not None:
                await asyncio.shield(self._writer)
        return await self._ask(lambda store: store.depths())

    async def aclose(self) -> None:
        """Write what is buffered and close; closing twice is harmless."""
        self._closed = True
        for _ in range(2):  # what is being written now, and what came meanwhile
            if self._writer is None and not self._next.empty:
                self._start()
            if self._writer is not None:
                await self._writer
        self._disarm()
        with contextlib.suppress(sqlite3.Error, OSError):  # then it lacks the mark, and the next start checks it
            await self._offload(self._store.close)

    # --- inside -------------------------------------------------------------------------------------

    def _check_open(self) -> None:
        if self._closed:
            raise StorageError("the outbox is closed")

    def _hidden(self) -> set[int]:
        return self._next.confirmed | (self._writing.confirmed if self._writing else set())

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
        """Write batch after batch until no append waits."""
        try:
            while True:
                await self._write(self._take())
                if not self._next.wishes:
                    break
        finally:
            self._writer = None
        if not (self._closed or self._next.empty):
            self._write_soon(CONFIRM_WAIT_S if self._next.confirmed else self._telemetry_batch_s)

    def _take(self) -> _Batch:
        self._writing, self._next = self._next, _Batch()
        return self._writing

    async def _write(self, batch: _Batch) -> None:
        rows = [row for wish in batch.wishes for row in wish.rows] + batch.telemetry
        states = {key: value for wish in batch.wishes for key, value in wish.states.items()}
        try:
            first = await self._ask(
                lambda store: store.write(rows, states, batch.confirmed, self._boot_id, batch.overflowed)
            )
        except StorageError as error:
            self._put_back(batch, error)
        else:
            self.fault = ""
            self._tell(batch.wishes, first)
            self._remember(rows, first, batch.confirmed)
            if rows:
                self.changed.set()
        finally:
            self._writing = None
            _release(
                batch.wishes, StorageError("the writer broke off")
            )  # whatever happened, nobody waits for ever

    def _put_back(self, batch: _Batch, error: StorageError) -> None:
        """Nothing of the batch was written: the appends fail, the rest waits for a better time."""
        came_meanwhile = self._next.telemetry
        self._next.telemetry = batch.telemetry
        self._next.overflowed += batch.overflowed
        self._next.buffer(came_meanwhile)
        self._next.confirmed |= batch.confirmed
        if not (self.fault or batch.wishes):  # whoever wished is told, and says so
            log.error("the outbox cannot write: %s", error)
        self.fault = str(error)
        _release(batch.wishes, error)

    def _tell(self, wishes: list[_Wish], first: int) -> None:
        for wish in wishes:
            if not wish.done.done():
                wish.done.set_result(list(range(first, first + len(wish.rows))))
            first += len(wish.rows)

    def _remember(self, rows: Sequence[Packed], first: int, deleted: Collection[int]) -> None:
        written = [row.stored(first + n, self.store_id, self._boot_id) for n, row in enumerate(rows)]
        self._fresh.written(written, self._store.last, deleted)

    async def _ask(self, call: Callable[[Store], T]) -> T:
        store = self._store
        try:
            return await self._offload(lambda: call(store))
        except (sqlite3.Error, OSError) as error:
            if is_damage(error) or (store.closed and not self._closed):  # it broke before, and still stands there
                await self._start_anew(store)
            raise StorageError(str(error)) from error

    async def _start_anew(self, broken: Store) -> None:
        """The file broke while in use: waiting for a restart would leave the school without alarms."""
        async with self._replacing:
            if self._store is not broken:
                return  # another call has seen it first
            try:
                self._store = await self._offload(lambda: self._replace(broken))
                self._fresh = Fresh()
            except (sqlite3.Error, OSError) as error:
                raise StorageError(f"damaged, and cannot be replaced: {error}") from error
        for batch in (self._next, self._writing):
            if batch is not None:
                batch.confirmed.clear()  # their sequences mean nothing in the new store
        log.error("the outbox was damaged; set aside as %s", self._store.set_aside)
        self.changed.set()


def _release(wishes: Iterable[_Wish], error: StorageError) -> None:
    """Those that are not answered yet have failed."""
    for wish in wishes:
        if not wish.done.done():
            wish.done.set_exception(StorageError(str(error)))
