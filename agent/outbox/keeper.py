"""Which store it is at present: the one on disk, a new one for one that broke, or one in memory for a while."""

import asyncio
import logging
import sqlite3
from collections.abc import Callable
from typing import TypeVar

from agent.errors import StorageError
from agent.host import Offload, loop_s
from agent.outbox.damage import is_damage
from agent.outbox.fresh import Fresh
from agent.outbox.names import Span
from agent.outbox.pending import Pending
from agent.outbox.rewinds import EVERYTHING, Rewinds
from agent.outbox.shelter import Shelter
from agent.outbox.store import Store

log = logging.getLogger(__name__)
T = TypeVar("T")

Replace = Callable[[Store, BaseException], Store]
"""In the storage thread: a new store for one that broke, and why it did; raises sqlite3.Error or OSError."""


class Keeper:
    """The one store that is in use, and what follows for everybody else when it becomes another one.

    `ledger` is as of the last transaction that the event loop has heard of, `fresh` what it knows by heart.
    `fault` says why the disk refuses. Whoever changes the store holds `changing`: it is not left meanwhile.
    """

    def __init__(
        self, store: Store, pending: Pending, offload: Offload, replace: Replace, shelter: Shelter
    ) -> None:
        self.changed = asyncio.Event()
        self.moved = asyncio.Event()
        self.changing = asyncio.Lock()
        self.rewinds = Rewinds()
        self.fault = ""
        self.closed = False
        self.store = store
        self.ledger = store.ledger.copy()
        self.fresh = Fresh()
        self.shelter = shelter
        self.replace = replace
        self.offload = offload
        self._pending = pending
        self._replacing = asyncio.Lock()

    @property
    def in_memory(self) -> bool:
        """The disk refuses, and records live no longer than the process."""
        return self.shelter.refuge is not None

    async def ask(self, call: Callable[[Store], T]) -> T:
        """Call the store in its thread; one that turns out to be broken is replaced. Raises StorageError."""
        store = self.store
        try:
            return await self.offload(lambda: call(store))
        except (sqlite3.Error, OSError) as error:
            if is_damage(error) or (store.closed and not self.closed):  # it broke before, and still stands there
                anew = asyncio.get_running_loop().create_task(self._start_anew(store, error))
                await asyncio.shield(anew)  # whoever asked may break off; the store must not be left half replaced
            raise StorageError(str(error)) from error

    def rewind(self, places: Span) -> None:
        """Readers must go back to these."""
        self.rewinds.note(places)
        self.changed.set()

    async def close(self) -> None:
        """Close whatever is open; raises sqlite3.Error or OSError."""
        refuge = self.shelter.refuge
        if refuge is not None:
            log.error("the disk refuses to the end: %d records were in memory only", refuge.waiting)
        await self.offload(self.store.close if refuge is None else refuge.close)

    # --- while the disk refuses ---------------------------------------------------------------------

    async def take_shelter(self, error: StorageError) -> None:
        """Go on in memory; raises the same error where that is not to be had either."""
        disk = self.store
        try:
            refuge = await self.offload(lambda: self.shelter.seek(disk))
        except (sqlite3.Error, OSError):
            raise error from None
        self.shelter.entered(refuge, loop_s())
        self._go_on_in(refuge.store)
        self.tell_moved_in(str(error))

    def tell_moved_in(self, fault: str) -> None:
        """What comes now is in memory."""
        log.error("the disk refuses: %s; what comes now is kept in memory, until the disk takes it", fault)
        self.fault = f"kept in memory only: {fault}"
        self.moved.set()

    async def look_for_disk(self) -> None:
        """Everything moves to the disk as soon as that takes it; a last time when the outbox closes."""
        refuge = self.shelter.refuge
        if refuge is None or (self.shelter.wait_s(loop_s()) and not self.closed):
            return
        try:
            disk, shift = await self.offload(lambda: self.shelter.leave(refuge))
        except (sqlite3.Error, OSError, ValueError) as error:
            self.shelter.in_vain(loop_s())
            self.fault = f"kept in memory only: {error}"
            return
        self.shelter.refuge = None
        log.warning("the disk takes records again; all that waited in memory is on it")
        self.fault = ""
        self._pending.move(shift)
        self._go_on_in(disk)
        self.rewind(EVERYTHING)  # what could not be taken along waits there still
        self.moved.set()

    # --- another store ------------------------------------------------------------------------------

    def _go_on_in(self, store: Store) -> None:
        self.store = store
        self.ledger = store.ledger.copy()
        self.fresh = Fresh()
        self.changed.set()

    async def _start_anew(self, broken: Store, why: BaseException) -> None:
        """The file broke while in use: waiting for a restart would leave the school without alarms."""
        async with self._replacing:
            if self.store is not broken:
                return  # another call has seen it first
            try:
                store = await self.offload(lambda: self.replace(broken, why))
            except (sqlite3.Error, OSError) as error:
                raise StorageError(f"{why}, and cannot be replaced: {error}") from error
            self._go_on_in(store)
        self._pending.forget_confirmed()
        old = store.set_aside or "gone"
        log.error("the outbox was of no more use (%s); begun anew, the old one is %s", why, old)
        self.rewind(EVERYTHING)
