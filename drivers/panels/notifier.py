"""Notifier printer port: we listen, and never transmit."""

import asyncio

from drivers.counters import UnitCounters
from drivers.panels.attendant import Attendant, Take
from drivers.panels.notifier_lines import Printout, readings_of
from drivers.profile import DeviceProfile
from drivers.reading import Reading
from drivers.stream import OpenStream

IDLE_S = 1.0
PAUSE_S = 0.5  # the NFS2-3030 prints the second line of an event 80 to 180 ms after the first


class NotifierPanel:
    """A printer that nobody acknowledges, and that is silent when all is well: a cut cable goes unnoticed here."""

    def __init__(self, open_stream: OpenStream, profile: DeviceProfile, address: int) -> None:
        del profile, address  # a printer port has no address
        self.counters = UnitCounters()
        self._wire = Attendant(open_stream, Printout(self.counters), self._take, self.counters, pause_s=PAUSE_S)

    async def poll(self) -> list[Reading]:
        """What one printed event says; an empty list when none comes within a second."""
        event = await self._wire.next(asyncio.get_running_loop().time() + IDLE_S)
        return [] if event is None else readings_of(event)

    async def aclose(self) -> None:
        """Close the port."""
        await self._wire.aclose()

    def _take(self, event: str) -> Take[str]:
        return Take(event)
