"""The one queue, on disk: a record is accepted when `append` returns, and leaves when it is confirmed."""

import asyncio
import sqlite3
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from agent.errors import StorageError
from agent.host import Offload
from agent.outbox.schema import connect, salvage, set_aside
from agent.outbox.store import LaneDepth, Store
from agent.records import Lane, Record, Stored

T = TypeVar("T")

FILE = "outbox.sqlite"
CONFIRM_WAIT_S = 0.5  # confirmed rows leave with the next commit, or after this; until then they are hidden
TELEMETRY_MOST = 10_000  # buffered records; past that the oldest are dropped and counted


@dataclass(slots=True)
class _Wish:
    """One append that waits for the next transaction."""

    records: Sequence[Record]
    states: Mapping[str, str]
    done: asyncio.Future[list[int]]


@dataclass(slots=True)
class _Batch:
    """What goes into one transaction."""

    wishes: list[_Wish] = field(default_factory=list)
    telemetry: list[Record] = field(default_factory=list)
    confirmed: set[int] = field(default_factory=set)

    @property
    def empty(self) -> bool:
        return not (self.wishes or self.telemetry or self.confirmed)


class Outbox:
    """Lanes of records and the alarm states that belong to them, in one SQLite file with one connection."""

    def __init__(self, store: Store, boot_id: str, offload: Offload, telemetry_batch_s: float) -> None:
        self.changed = asyncio.Event()
        self.store_id = store.store_id
        self._store = store
        self._boot_id = boot_id
        self._offload = offload
        self._telemetry_batch_s = telemetry_batch_s
        self._next = _Batch()
        self._writing: _Batch | None = None
        self._writer: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    @classmethod
    async def open(
        cls, directory: Path, *, max_bytes: int, boot_id: str, offload: Offload, telemetry_batch_s: float = 5.0
    ) -> "Outbox":
        """Open the store, or set a damaged one aside and start anew; raises StorageError if neither works."""

        def opened() -> Store:
            directory.mkdir(parents=True, exist_ok=True)
            return _open(directory / FILE, max_bytes)

        try:
            store = await offload(opened)
        except (sqlite3.Error, OSError) as error:
            raise StorageError(f"cannot open {directory / FILE}: {error}") from error
        return cls(store, boot_id, offload, telemetry_batch_s)

    @property
    def set_aside(self) -> str:
        """Where a damaged store was moved to at opening; empty if none was."""
        return self._store.set_aside

    def states(self) -> dict[str, str]:
        """The alarm states as last stored."""
        return dict(self._store.kept_states)

    async def append(self, records: Sequence[Record], states: Mapping[str, str]) -> list[int]:
        """Keep records and states in one transaction; durable on return. Raises StorageError: nothing is kept.

        Appends that wait while a transaction runs are written together in the next one.
        """
        wish = _Wish(records, states, asyncio.get_running_loop().create_future())
        self._next.wishes.append(wish)
        self._write_soon(0.0)
        return await wish.done

    async def telemetry(self, records: Sequence[Record]) -> None:
        """Keep records of the lowest lane with the next transaction, at latest when the batch window ends."""
        room = TELEMETRY_MOST - len(self._next.telemetry)
        if len(records) > room:
            lost = len(records) - room
            self._store.count_dropped(Lane.TELEMETRY, lost)
            del self._next.telemetry[:lost]
        self._next.telemetry.extend(records)
        self._write_soon(self._telemetry_batch_s)

    async def confirm(self, sequences: Iterable[int]) -> None:
        """The far side has these: they are hidden at once, and deleted with the next transaction."""
        self._next.confirmed.update(sequences)
        self._write_soon(CONFIRM_WAIT_S)

    async def next(self, after: Mapping[Lane, int], limit: int) -> list[Stored]:
        """The next records to send: alarm before event before telemetry, oldest first, beyond `after`."""
        hidden = self._next.confirmed | (self._writing.confirmed if self._writing else set())
        return await self._ask(lambda: self._store.next(after, limit, hidden))

    async def depths(self) -> dict[Lane, LaneDepth]:
        """What waits in each lane, and the accounting: accepted = confirmed + count + dropped."""
        waiting = len(self._next.confirmed) + (len(self._writing.confirmed) if self._writing else 0)
        return await self._ask(lambda: self._store.depths()) if not waiting else await self._settled()

    async def aclose(self) -> None:
        """Write what is buffered and close well."""
        if self._timer is not None:
            self._timer.cancel()
        if not self._next.empty:
            self._start()
        if self._writer is not None:
            await self._writer
        await self._offload(self._store.close)

    # --- inside -------------------------------------------------------------------------------------

    async def _settled(self) -> dict[Lane, LaneDepth]:
        self._write_soon(0.0)
        if self._writer is not None:
            await asyncio.shield(self._writer)
        return await self._ask(lambda: self._store.depths())

    def _write_soon(self, wait_s: float) -> None:
        if self._writer is not None:
            return  # whoever is writing takes up what has come meanwhile
        loop = asyncio.get_running_loop()
        if wait_s <= 0:
            self._start()
        elif self._timer is None:
            self._timer = loop.call_later(wait_s, self._start)
        elif self._timer.when() > loop.time() + wait_s:
            self._timer.cancel()
            self._timer = loop.call_later(wait_s, self._start)

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
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
        if not self._next.empty:
            self._write_soon(CONFIRM_WAIT_S if self._next.confirmed else self._telemetry_batch_s)

    def _take(self) -> _Batch:
        self._writing, self._next = self._next, _Batch()
        return self._writing

    async def _write(self, batch: _Batch) -> None:
        records = [record for wish in batch.wishes for record in wish.records] + batch.telemetry
        states = {key: value for wish in batch.wishes for key, value in wish.states.items()}
        try:
            first = await self._ask(lambda: self._store.write(records, states, batch.confirmed, self._boot_id))
        except StorageError as error:
            self._put_back(batch, error)
        else:
            self._tell(batch.wishes, first)
            self.changed.set()
        finally:
            self._writing = None

    def _put_back(self, batch: _Batch, error: StorageError) -> None:
        """Nothing of the batch was written: the appends fail, the rest waits for a better time."""
        self._next.confirmed |= batch.confirmed
        self._next.telemetry[:0] = batch.telemetry
        for wish in batch.wishes:
            if not wish.done.done():
                wish.done.set_exception(StorageError(str(error)))

    def _tell(self, wishes: list[_Wish], first: int) -> None:
        for wish in wishes:
            if not wish.done.done():
                wish.done.set_result(list(range(first, first + len(wish.records))))
            first += len(wish.records)

    async def _ask(self, call: Callable[[], T]) -> T:
        try:
            return await self._offload(call)
        except (sqlite3.Error, OSError, TypeError, ValueError) as error:  # the latter two: no JSON
            raise StorageError(str(error)) from error


def _open(file: Path, max_bytes: int) -> Store:
    try:
        return Store(connect(file), max_bytes)
    except sqlite3.OperationalError as error:
        if "malformed" not in str(error) and "not a database" not in str(error):
            raise  # no damage: a full, read-only or locked disk; setting aside would not help
    except sqlite3.DatabaseError:
        pass
    aside = set_aside(file)
    rows, states = salvage(aside)
    store = Store(connect(file), max_bytes, set_aside=str(aside))
    store.take_over(rows, states)
    return store
