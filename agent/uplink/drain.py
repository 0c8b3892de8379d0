"""Empties the outbox into a session: lane by lane, oldest first, a new alarm before any backlog."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping

from agent.errors import Rejected, StorageError
from agent.host import loop_s
from agent.outbox.outbox import EVERYTHING, Outbox
from agent.records import Lane, Stored, Told, as_recorded
from agent.session import Publisher
from agent.uplink.envelope import stored_event
from agent.uplink.lent import confirmed
from agent.uplink.mark import BEYOND_ALL, KEPT_LANES, NOWHERE, Mark
from agent.uplink.told import Teller
from agent.uplink.topics import Topics

log = logging.getLogger(__name__)

FETCH = 32
REFUSED_REST_S = 60.0  # a refused record is offered again after this; others go on meanwhile
REFUSED_MOST = 256  # so many refused in a lane is no poisoned record but a broker that lets nothing of it in
STORAGE_REST_S = 1.0
TRUSTED_AFTER = 16  # records delivered one at a time


class Drain:
    """One session's drain; it begins with the oldest record that is not confirmed.

    `by_broker` is asked once for each record that the broker has confirmed: is that enough for it to leave? Where
    it is not, `known` says up to which place of a lane others have sent everything; that is not sent by this one.
    """

    def __init__(
        self,
        session: Publisher,
        outbox: Outbox,
        topics: Topics,
        window: int,
        confirm_timeout_s: float,
        tell: Teller,
        *,
        careful: bool = False,
        put_off: Iterable[tuple[float, Stored]] = (),
        moment: Told = as_recorded,
        by_broker: Callable[[Stored], bool] = lambda _: True,
        known: Mapping[Lane, int] = NOWHERE,
    ) -> None:
        self._session = session
        self._outbox = outbox
        self._topics = topics
        self._slots = asyncio.Semaphore(1 if careful else window)
        self._withheld = window - 1 if careful else 0
        self._confirm_timeout_s = confirm_timeout_s
        self._tell = tell
        self._moment = moment
        self._by_broker = by_broker
        self._store_id = outbox.store_id
        self._marks = {lane: Mark(known.get(lane, 0)) for lane in Lane}
        self._fetched: list[Stored] = []
        self._refused: list[tuple[float, Stored]] = list(put_off)
        self._convicts = {stored.key for _, stored in self._refused}
        self._passed_over = {stored.key for _, stored in self._refused}
        self._told: set[tuple[Lane, int]] = set()
        self.under_way: dict[tuple[str, int], Stored] = {}
        self._rewinds = outbox.rewinds
        self._delivered = 0
        self._unread = False
        self._retired = False

    async def run(self) -> None:
        """Send until retired; raises UplinkError when the session is of no more use."""
        async with asyncio.TaskGroup() as group:
            await self._slots.acquire()
            while (stored := await self._next()) is not None:
                self.under_way[stored.key] = stored
                group.create_task(self._deliver(stored))
                await self._slots.acquire()

    def retire(self) -> None:
        """Send nothing more: `run` returns when what is under way is confirmed, and another goes on."""
        self._retired = True
        self._outbox.changed.set()

    @property
    def reached(self) -> tuple[int, dict[Lane, int]]:
        """Up to which place everything of a lane was sent and taken; and how many rewinds it has heard of."""
        pending = [*self.under_way.values(), *(stored for _, stored in self._refused)]
        places = {lane: self._marks[lane].known for lane in KEPT_LANES}
        for stored in pending:
            lane = stored.record.lane
            if lane in places:
                places[lane] = min(places[lane], stored.place - 1)
        return self._rewinds, places

    def offer_again(self) -> None:
        """There is another way round now: what was refused need not wait; what ends sessions does."""
        now_s = loop_s()
        self._refused = [
            (due_s if stored.key in self._convicts else min(due_s, now_s), stored)
            for due_s, stored in self._refused
        ]
        self._outbox.changed.set()

    async def _next(self) -> Stored | None:
        """The most important record that is not under way; waits until there is one; None when retired."""
        while not self._retired:
            if self._outbox.changed.is_set():
                self._outbox.changed.clear()
                self._fetched.clear()
            self._perhaps_rewind()
            if (again := self._due_again()) is not None:
                return again
            if not self._fetched:
                self._fetched = await self._fetch()
            if self._fetched:
                stored = self._fetched.pop(0)
                if self._marks[stored.record.lane].wants(stored.place) and stored.key not in self._passed_over:
                    return stored
                continue
            await self._wait()
        return None

    def _perhaps_rewind(self) -> None:
        """Go back when the outbox says so, and as far as it says; what is under way is not sent twice."""
        if self._rewinds == self._outbox.rewinds:
            return
        first, last = self._outbox.rewound(self._rewinds)
        self._rewinds = self._outbox.rewinds
        self._fetched.clear()
        if (first, last) == EVERYTHING:
            self._start_again()
        else:
            for lane in KEPT_LANES:
                self._marks[lane].go_back(first, last)
        self._passed_over = {stored.key for _, stored in self._refused} | set(self.under_way)

    def _start_again(self) -> None:
        self._marks = {lane: Mark() for lane in Lane}
        if self._store_id != self._outbox.store_id:  # the old one was damaged; its records have other names now
            self._store_id = self._outbox.store_id
            self._refused = [refused for refused in self._refused if refused[1].record.lane is Lane.TELEMETRY]

    async def _fetch(self) -> list[Stored]:
        try:
            found = await self._outbox.next({lane: self._beyond(lane) for lane in Lane}, FETCH)
        except StorageError as error:
            await self._rest(error)
            return []
        self._unread = False
        return found

    async def _rest(self, error: StorageError) -> None:
        if not self._unread:
            log.error("cannot read the outbox: %s", error)
        self._unread = True
        await asyncio.sleep(STORAGE_REST_S)
        self._outbox.changed.set()  # look again, though nothing new comes

    def _beyond(self, lane: Lane) -> int:
        """Where to go on; a lane of which the broker refuses everything rests, and the others go on."""
        refused = sum(stored.record.lane is lane for _, stored in self._refused)
        return BEYOND_ALL if refused >= REFUSED_MOST else self._marks[lane].after

    async def _wait(self) -> None:
        rest_s = min((due_s for due_s, _ in self._refused), default=float("inf")) - loop_s()
        try:
            async with asyncio.timeout(None if rest_s == float("inf") else max(0.0, rest_s)):
                await self._outbox.changed.wait()
        except TimeoutError:
            pass  # a refused record is due again

    def _due_again(self) -> Stored | None:
        for position, (due_s, stored) in enumerate(self._refused):
            if due_s <= loop_s():
                del self._refused[position]
                return stored
        return None

    async def _deliver(self, stored: Stored) -> None:
        """Publish one record; it leaves the outbox only when this very publish is confirmed."""
        topic = self._topics.of(stored.record)
        try:
            event = stored_event(stored, self._topics.source, self._moment)
            await confirmed(self._session, topic, event, self._confirm_timeout_s)
        except Rejected as error:
            del self.under_way[stored.key]
            await self._put_off(stored, topic, error)
        else:
            del self.under_way[stored.key]
            if self._by_broker(stored):
                await self._outbox.confirm([stored])
            self._widen()
        finally:
            self._slots.release()

    def _widen(self) -> None:
        """A careful session that delivers may have its whole window."""
        self._delivered += 1
        while self._withheld and self._delivered >= TRUSTED_AFTER:
            self._withheld -= 1
            self._slots.release()

    async def _put_off(self, stored: Stored, topic: str, error: Rejected) -> None:
        """A refusal costs the others nothing; it is said once for each channel and reason."""
        self._refused.append((loop_s() + REFUSED_REST_S, stored))
        self._passed_over.add(stored.key)
        self._outbox.changed.set()
        about = (stored.record.lane, error.code)
        if about in self._told:
            return
        self._told.add(about)
        log.error("refused on %s: %s; offered again every %g s", topic, error, REFUSED_REST_S)
        fields = {"topic": topic, "code": error.code, "sequence": stored.sequence}
        await self._tell("uplink.refused", str(error), fields)
