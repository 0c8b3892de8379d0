"""Sends again what the broker took and the platform has not confirmed: a page, and more only when it answers.

While nobody answers, a hundred thousand records that wait cost a page every few minutes, and not a storm that a
platform would meet on its return. Each time it is the next page: one that it cannot take keeps nothing back.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Literal

from agent.errors import Rejected, StorageError
from agent.host import loop_s
from agent.outbox.outbox import Outbox
from agent.records import Lane, Stored
from agent.uplink.answers import Answers
from agent.uplink.mark import BEYOND_ALL, KEPT_LANES, NOWHERE

log = logging.getLogger(__name__)

PAGE = 64
ANSWER_S = 10.0  # a platform that is there confirms within this
LOOKS = 4  # in the time after which a record is sent again
WAIT_MOST_S = 300.0

Send = Callable[[Stored], Awaitable[None]]


class Sent:
    """How far each lane had been sent by which second, as places; as long as nobody asks, one entry a second."""

    def __init__(self, before: Mapping[Lane, int] = NOWHERE) -> None:
        self._seconds: dict[int, dict[Lane, int]] = {}
        self._far: dict[Lane, int] = {**NOWHERE, **before}

    def note(self, lane: Lane, place: int, now_s: float) -> None:
        """The broker has this one."""
        far = self._seconds.setdefault(int(now_s), {})
        far[lane] = max(far.get(lane, 0), place)

    def before(self, at_s: float) -> dict[Lane, int]:
        """The last place of each lane that was sent before."""
        for second in [second for second in self._seconds if second + 1 <= at_s]:
            for lane, place in self._seconds.pop(second).items():
                self._far[lane] = max(self._far[lane], place)
        return dict(self._far)


class Again:
    """One session's. Telemetry is the broker's business.

    `before` is how far earlier sessions had sent all of each lane; that is said again at once, since what the far
    side of a session took may be lost with it.
    """

    def __init__(
        self,
        level: Literal["broker", "platform"],
        outbox: Outbox,
        answers: Answers,
        again_s: float,
        send: Send,
        before: Mapping[Lane, int] = NOWHERE,
    ) -> None:
        self._by_platform = level == "platform"
        self._outbox, self._answers, self._again_s, self._send = outbox, answers, again_s, send
        self._store_id = outbox.store_id
        self._sent = Sent(before)
        self._at = KEPT_LANES[0], 0  # where the next page begins

    def by_broker(self, stored: Stored) -> bool:
        """The broker has this record: is that enough? If not, it is noted as sent."""
        if not self._by_platform or stored.record.lane is Lane.TELEMETRY:
            return True
        self._look_at_store()
        if self._outbox.knows(stored.series):
            self._sent.note(stored.record.lane, stored.place, loop_s())
        return False

    async def run(self) -> None:
        """Look now and then, for ever; raises UplinkError when the session is of no more use."""
        wait_s = 0.0
        while self._by_platform:
            heard, silent = self._answers.count, wait_s > self._again_s
            if silent:
                await self._answers.beyond(heard, wait_s)  # whoever is back gets the rest at once
            else:
                await asyncio.sleep(wait_s)
            self._look_at_store()
            again, answered = await self._round(self._sent.before(loop_s() - self._again_s))
            wait_s = self._next_wait_s(wait_s, again, answered)

    def _look_at_store(self) -> None:
        """A damaged one is replaced, and places count from 1 again; another name alone changes no place."""
        if not self._outbox.knows(self._store_id):
            self._sent, self._at = Sent(), (KEPT_LANES[0], 0)
        self._store_id = self._outbox.store_id

    def _next_wait_s(self, before_s: float, again: bool, answered: bool) -> float:
        """Soon when there was nothing to do; after a while when there was; ever later when nobody answers."""
        if not again:
            return self._again_s / LOOKS
        return (
            self._again_s if answered else min(max(WAIT_MOST_S, self._again_s), max(before_s, self._again_s) * 2)
        )

    async def _round(self, until: Mapping[Lane, int]) -> tuple[bool, bool]:
        """Whether something was sent again, and whether the platform answered to the end."""
        again = False
        for lane, after, last in self._stretches(until):
            while page := await self._page(lane, after, last):
                again, heard, after = True, self._answers.count, page[-1].place
                for stored in page:
                    with contextlib.suppress(Rejected):  # whoever sent it first has told
                        await self._send(stored)
                if not await self._answers.beyond(heard, ANSWER_S):
                    self._at = lane, after
                    return True, False
        self._at = KEPT_LANES[0], 0
        return again, True

    def _stretches(self, until: Mapping[Lane, int]) -> Iterator[tuple[Lane, int, int]]:
        """Lane, after, last: once around, from where the last round broke off."""
        at_lane, at = self._at
        yield at_lane, at, until[at_lane]
        around = KEPT_LANES.index(at_lane)
        for lane in (*KEPT_LANES[around + 1 :], *KEPT_LANES[:around]):
            yield lane, 0, until[lane]
        yield at_lane, 0, min(at, until[at_lane])

    async def _page(self, lane: Lane, after: int, last: int) -> list[Stored]:
        if after >= last:
            return []
        try:
            found = await self._outbox.next({**dict.fromkeys(Lane, BEYOND_ALL), lane: after}, PAGE)
        except StorageError as error:
            log.info("nothing is sent again, the outbox cannot be read: %s", error)
            return []
        return [stored for stored in found if stored.place <= last]
