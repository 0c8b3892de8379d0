"""When what is pending is written, and what becomes of it: one transaction after the other, in turns."""

import asyncio
import logging

from agent.errors import StorageError
from agent.host import loop_s
from agent.outbox.keeper import Keeper
from agent.outbox.ledger import Ledger
from agent.outbox.pending import Pending
from agent.outbox.turn import Gathered, Turn, release

log = logging.getLogger(__name__)

CONFIRM_WAIT_S = 0.5  # confirmed rows leave with the next commit, or after this; until then they are hidden


class Writer:
    """At most one task, which goes on as long as an append waits; else a timer for what may wait a while."""

    def __init__(self, keeper: Keeper, pending: Pending, retry_s: float) -> None:
        self._keeper, self._pending, self._retry_s = keeper, pending, retry_s
        self._task: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def write_soon(self, wait_s: float) -> None:
        """Write after so long at the latest; 0: at once."""
        if self._task is not None:
            return  # whoever is writing takes up what has come meanwhile
        loop = asyncio.get_running_loop()
        if wait_s <= 0:
            self._start()
        elif self._timer is None or self._timer.when() > loop.time() + wait_s:
            self.disarm()
            self._timer = loop.call_later(wait_s, self._start)

    def write_when_due(self) -> None:
        """Write when the telemetry in memory has waited for its time."""
        if (due_s := self._pending.window.due_s) is not None:
            self.write_soon(due_s - loop_s())

    async def settled(self) -> None:
        """Wait until what is being written is written."""
        if self._task is not None:
            await asyncio.shield(self._task)

    async def finish(self) -> None:
        """Write everything; nothing more comes."""
        for _ in range(2):  # what is being written now, and what came meanwhile
            if self._task is None and not (self._pending.empty and not self._keeper.in_memory):
                self._start()
            await self.settled()
        self.disarm()

    def disarm(self) -> None:
        """No timer."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self) -> None:
        self.disarm()
        if self._task is None:
            self._task = asyncio.get_running_loop().create_task(self._write_all(), name="outbox writer")

    async def _write_all(self) -> None:
        """Write turn after turn until no append waits."""
        good = True
        try:
            while True:
                async with self._keeper.changing:
                    good = await self._write()
                if not self._pending.next.wishes:
                    break
        finally:
            self._task = None
        if not self._keeper.closed:
            self._go_on(good)

    def _go_on(self, good: bool) -> None:
        if not self._pending.next.empty:
            self.write_soon(CONFIRM_WAIT_S if good else self._retry_s)
        if (wait_s := self._keeper.shelter.wait_s(loop_s())) is not None:
            self.write_soon(wait_s)
        if good:
            self.write_when_due()
        elif len(self._pending.window):
            self.write_soon(self._retry_s)

    async def _write(self) -> bool:
        """Carry out one turn; False when the disk refused."""
        await self._keeper.look_for_disk()
        gathered = self._pending.gathered()
        turn = self._turn(gathered)
        if turn.light and not turn.settled:
            return True
        self._pending.writing = gathered
        try:
            turn, ledger = await self._carry_out(gathered, turn)
        except StorageError as error:
            self._put_back(gathered, turn, error)
        else:
            self._written(gathered, turn, ledger)
            return True
        finally:
            self._pending.writing = None
            # Whatever happened, nobody waits for ever.
            release(gathered.wishes, StorageError("the writer broke off"))
        return False

    async def _carry_out(self, gathered: Gathered, turn: Turn) -> tuple[Turn, Ledger]:
        """On the disk, else in memory."""
        keeper, disk = self._keeper, self._keeper.store
        try:
            return turn, await keeper.ask(lambda store: store.write(turn))
        except StorageError as error:
            if not keeper.shelter.offered:
                raise
            if keeper.store is disk:
                await keeper.take_shelter(error)
        again = self._turn(gathered)  # a store that replaced a damaged one knows other places
        return again, await keeper.ask(lambda store: store.write(again))

    def _turn(self, gathered: Gathered) -> Turn:
        return self._pending.turn(gathered, loop_s(), all=self._keeper.closed)

    def _written(self, gathered: Gathered, turn: Turn, ledger: Ledger) -> None:
        keeper, pending = self._keeper, self._pending
        first = keeper.ledger.last + 1
        told = ledger.last >= first  # perhaps only by an event of the store's own
        if not keeper.in_memory:
            keeper.fault = ""
        keeper.ledger = ledger
        pending.window.entered(turn.passed, turn.overflow)
        if turn.telemetry:
            pending.next.settled |= dict.fromkeys(pending.window.written(), pending.boot_id)
        gathered.tell(first)
        series, base = keeper.store.store_id, keeper.store.names.base
        rows = [row.stored(first - base + n, series, pending.boot_id, base) for n, row in enumerate(turn.rows)]
        keeper.fresh.written(rows, ledger.last, turn.confirmed)
        if told:
            keeper.changed.set()

    def _put_back(self, gathered: Gathered, turn: Turn, error: StorageError) -> None:
        """Nothing of the turn was written: the appends fail, the rest waits for a better time."""
        self._pending.next.take_back(gathered)
        if turn.telemetry:
            self._pending.window.put_back(loop_s())
        if not (self._keeper.fault or gathered.wishes):  # whoever wished is told, and says so
            log.error("the outbox cannot write: %s", error)
        self._keeper.fault = str(error)
        release(gathered.wishes, error)
