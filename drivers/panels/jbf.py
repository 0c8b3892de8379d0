"""JBF-193K: the card pushes by itself, and is a polled slave while it hears polls. We poll, and take both."""

import asyncio

from drivers.counters import UnitCounters
from drivers.panels.attendant import Attendant, Take
from drivers.panels.cutter import Cutter
from drivers.panels.jbf_events import POLL, QUIET, START, CardEvent, event_of, measure, readings_of
from drivers.profile import DeviceProfile
from drivers.reading import Reading
from drivers.stream import OpenStream

POLL_S = 1.0  # the papers: about once a second; cards from v2.1 push again after 3 s without one
ECHO_S = 0.3  # a poll's 26 characters at 1200 baud: on two wires our own poll looks like a heartbeat


class JbfPanel:
    """One card. The card hands out an event at a poll, so polling only after storing is the acknowledgement."""

    def __init__(self, open_stream: OpenStream, profile: DeviceProfile, address: int) -> None:
        del profile, address  # the card has no address, and its profile nothing that differs
        self.counters = UnitCounters()
        self._wire = Attendant(open_stream, Cutter(START, measure, self.counters), self._take, self.counters)
        self._polled_s = -POLL_S
        self._due_s = 0.0

    async def poll(self) -> list[Reading]:
        """One poll and what comes of it; an event at once, else an empty list when the next poll is due."""
        if _now() >= self._due_s:
            await self._wire.send(POLL)
            self._polled_s = _now()
            self._due_s = self._polled_s + POLL_S
        event = await self._wire.next(self._due_s)
        if event is None:
            self._wire.check_alive(POLL_S)
            return []
        self._due_s = _now()  # there may be more: ask again as soon as this one is stored
        return readings_of(event)

    async def aclose(self) -> None:
        """Close the port."""
        await self._wire.aclose()

    def _take(self, frame: bytes) -> Take[CardEvent]:
        if frame == POLL and _now() - self._polled_s <= ECHO_S:
            return Take(heard=False)
        event = event_of(frame)
        return Take(None if event.code in QUIET else event)


def _now() -> float:
    return asyncio.get_running_loop().time()
