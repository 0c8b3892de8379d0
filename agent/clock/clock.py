"""The gateway's clock: looks at the kernel's, remembers when it was right, and says what time a moment was."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace

from agent.clock.timeline import RELEASED_UTC_S, SMALL_S, timeline_from_json, timeline_to_json
from agent.errors import StorageError
from agent.host import Host
from agent.outbox.outbox import Outbox
from agent.records import ClockState, Instant
from agent.session import OpenSession, Session, SessionRequest

log = logging.getLogger(__name__)

KEY = "clock/timeline"  # among the outbox's states
LOOK_S = 5.0  # so soon after the kernel everybody knows that the clock is right


class Clock:
    """Best knowledge of time; `on_trusted` is called when the clock of this boot becomes known."""

    def __init__(self, host: Host, outbox: Outbox) -> None:
        self.timeline = timeline_from_json(outbox.states().get(KEY, ""))
        self.on_trusted: Callable[[], None] = lambda: None
        self._host, self._outbox = host, outbox
        self._kept = self.timeline

    def host(self) -> Host:
        """The machine as the rest of the gateway sees it: with this clock, for sessions too."""
        return replace(
            self._host, wall_clock=self.now, open_session=self._opening(self._host.open_session), moment=self.told
        )

    def now(self) -> tuple[float, ClockState]:
        """UTC, and how far it may be believed."""
        at = self.timeline.judged(self._host.boot_id, self._host.instant())
        return at.utc_s, at.clock

    def told(self, boot_id: str, at: Instant) -> Instant:
        """A moment that was recorded once, as it is known by now."""
        return self.timeline.filled_in(boot_id, at)

    async def run(self) -> None:
        """Look at the kernel's clock for ever, and keep what is worth it."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Learn from the kernel's clock, if it is synchronised."""
        boot_id = self._host.boot_id
        before, self.timeline = self.timeline, self.timeline.observed(boot_id, self._host.instant())
        if self.timeline.differs(before, boot_id):
            log.info("the clock is synchronised: %s", self._said())
            self.on_trusted()
        if self.timeline.differs(self._kept, boot_id):
            await self.keep()

    async def keep(self) -> None:
        """Write it down, as before an orderly stop; a disk that refuses is asked again at the next look."""
        if (timeline := self.timeline) == self._kept:
            return
        try:
            await self._outbox.append([], {KEY: timeline_to_json(timeline)})
        except StorageError as error:
            log.debug("the time is not kept: %s", error)  # who stores records says so loudly
        else:
            self._kept = timeline

    def floor_utc_s(self) -> float | None:
        """None while the machine's clock is right; else it is surely later than that."""
        shown = self._host.instant()
        if shown.clock == "synchronised" and shown.utc_s >= RELEASED_UTC_S:
            return None
        known = self.timeline.judged(self._host.boot_id, shown)  # right once in this boot: we know better than it
        least_s = known.utc_s - SMALL_S if known.clock == "synchronised" else 0.0
        return max(self.timeline.floor_utc_s, least_s)

    def _said(self) -> str:
        at = self._host.instant()
        return f"UTC {at.utc_s:.3f} at {at.monotonic_s:.3f} s of this boot"

    def _opening(self, open_session: OpenSession) -> OpenSession:
        async def opening(request: SessionRequest) -> Session:
            """A certificate's dates are checked by our clock only while that may be believed."""
            return await open_session(replace(request, floor_utc_s=self.floor_utc_s()))

        return opening
