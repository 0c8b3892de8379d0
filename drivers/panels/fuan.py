"""Fu-An FS5101W: the panel polls us and wants its answer within 100 ms; all else it broadcasts."""

import asyncio

from drivers.counters import UnitCounters
from drivers.errors import FieldError
from drivers.panels.attendant import Attendant, Take
from drivers.panels.cutter import Cutter, noise_of
from drivers.panels.fuan_events import (
    CRC_BYTES,
    HEAD,
    NORMAL,
    POLL,
    RESEND,
    START,
    TIME,
    Broadcast,
    measure,
    readings_of,
    wrap,
)
from drivers.profile import DeviceProfile
from drivers.reading import Reading
from drivers.stream import OpenStream

IDLE_S = 1.0
SILENT_S = 10.0  # the document gives no poll period
RESENDS = 2  # answers that ask for everything: one may be lost on the wire, and nobody would know


class FuanPanel:
    """One panel, which knows us as slave `address`.

    Broadcasts know no acknowledgement: after a start, a loss, a reset or noise we ask for everything again.
    """

    def __init__(self, open_stream: OpenStream, profile: DeviceProfile, address: int) -> None:
        del profile
        self.counters = UnitCounters()
        self._wire = Attendant(open_stream, Cutter(START, measure, self.counters), self._take, self.counters)
        self._address = address
        self._resends = RESENDS
        self._noise = 0

    async def poll(self) -> list[Reading]:
        """What one broadcast says; an empty list when none comes within a second."""
        try:
            said = await self._wire.next(_now() + IDLE_S)
            if said is None:
                self._wire.check_alive(SILENT_S)
        except FieldError:
            self._resends = RESENDS
            raise
        return [] if said is None else readings_of(said)

    async def aclose(self) -> None:
        """Close the port."""
        await self._wire.aclose()

    def _take(self, frame: bytes) -> Take[Broadcast]:
        address, command, content = frame[1], frame[HEAD], frame[HEAD + 1 : -CRC_BYTES]
        if command == POLL:
            return self._answer() if address == self._address and not content else Take(heard=False)
        if command == TIME:
            return Take()
        said = Broadcast(command, content)
        if said.is_reset:
            self._resends = RESENDS
        return Take(said)

    def _answer(self) -> Take[Broadcast]:
        """Noise may have been an event, which the panel tells once only."""
        noise, self._noise = self._noise, noise_of(self.counters)
        if self._noise > noise:
            self._resends = max(1, self._resends)
        flag, self._resends = RESEND if self._resends else NORMAL, max(0, self._resends - 1)
        return Take(send=wrap(self._address, bytes((POLL, flag, 0))))


def _now() -> float:
    return asyncio.get_running_loop().time()
