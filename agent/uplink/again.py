"""Sends again what the broker took and the platform has not confirmed: a page, and more only when it answers.

While nobody answers, a hundred thousand records that wait cost a page every few minutes, and not a storm that a
platform would meet on its return.
"""

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Literal

from agent.errors import Rejected, StorageError
from agent.outbox.outbox import Outbox
from agent.records import Lane, Stored
from agent.uplink.answers import Answers

log = logging.getLogger(__name__)

PAGE = 64
ANSWER_S = 10.0  # a platform that is there confirms within this
LOOKS = 4  # in the time after which a record is sent again
WAIT_MOST_S = 300.0
LANES = (Lane.ALARM, Lane.EVENT)
NOTHING = 2**63 - 1  # no sequence lies beyond

Send = Callable[[Stored], Awaitable[None]]


class Sent:
    """How far each lane had been sent by which second; as long as nobody asks, one entry a second."""

    def __init__(self) -> None:
        self._seconds: dict[int, dict[Lane, int]] = {}
        self._far: dict[Lane, int] = dict.fromkeys(LANES, 0)

    def note(self, lane: Lane, sequence: int, now_s: float) -> None:
        """The broker has this one."""
        far = self._seconds.setdefault(int(now_s), {})
        far[lane] = max(far.get(lane, 0), sequence)

    def before(self, at_s: float) -> dict[Lane, int]:
        """The last sequence of each lane that was sent before."""
        for second in [second for second in self._seconds if second + 1 <= at_s]:
            for lane, sequence in self._seconds.pop(second).items():
                self._far[lane] = max(self._far[lane], sequence)
        return dict(self._far)


class Again:
    """One session's; a new session sends everything anew by itself. Telemetry is the broker's business."""

    def __init__(
        self, level: Literal["broker", "platform"], outbox: Outbox, answers: Answers, again_s: float, send: Send
    ) -> None:
        self._by_platform = level == "platform"
        self._outbox, self._answers, self._again_s, self._send = outbox, answers, again_s, send
        self._store_id = outbox.store_id
        self._sent = Sent()

    def by_broker(self, stored: Stored) -> bool:
        """The broker has this record: is that enough? If not, it is noted as sent."""
        if not self._by_platform or stored.record.lane is Lane.TELEMETRY:
            return True
        if self._store_id != self._outbox.store_id:  # the old one was damaged; this one counts from 1
            self._store_id, self._sent = self._outbox.store_id, Sent()
        if stored.series == self._store_id:
            self._sent.note(stored.record.lane, stored.sequence, _now())
        return False

    async def run(self) -> None:
        """Look now and then, for ever; raises UplinkError when the session is of no more use."""
        look_s = self._again_s / LOOKS
        wait_s = look_s
        while self._by_platform:
            heard, silent = self._answers.count, wait_s > self._again_s
            if silent:
                await self._answers.beyond(heard, wait_s)  # whoever is back gets the rest at once
            else:
                await asyncio.sleep(wait_s)
            again, answered = await self._round(self._sent.before(_now() - self._again_s))
            wait_s = self._next_wait_s(wait_s, again, answered)

    def _next_wait_s(self, before_s: float, again: bool, answered: bool) -> float:
        """Soon when there was nothing to do; after a while when there was; ever later when nobody answers."""
        if not again:
            return self._again_s / LOOKS
        return (
            self._again_s if answered else min(max(WAIT_MOST_S, self._again_s), max(before_s, self._again_s) * 2)
        )

    async def _round(self, until: dict[Lane, int]) -> tuple[bool, bool]:
        """Whether something was sent again, and whether the platform answered to the end."""
        again = False
        for lane in LANES:
            after = 0
            while page := await self._page(lane, after, until[lane]):
                again, heard, after = True, self._answers.count, page[-1].sequence
                for stored in page:
                    with contextlib.suppress(Rejected):  # whoever sent it first has told
                        await self._send(stored)
                if not await self._answers.beyond(heard, ANSWER_S):
                    return True, False
        return again, True

    async def _page(self, lane: Lane, after: int, until: int) -> list[Stored]:
        if after >= until:
            return []
        try:
            found = await self._outbox.next({**dict.fromkeys(Lane, NOTHING), lane: after}, PAGE)
        except StorageError as error:
            log.info("nothing is sent again, the outbox cannot be read: %s", error)
            return []
        return [stored for stored in found if stored.sequence <= until and stored.series == self._store_id]


def _now() -> float:
    return asyncio.get_running_loop().time()
