"""Songjiang JB-3208: the panel polls us, and our answer chooses what it tells next."""

import asyncio
from collections import deque

from drivers.counters import UnitCounters
from drivers.errors import FieldError
from drivers.panels.attendant import Attendant, Take
from drivers.panels.cutter import Cutter
from drivers.panels.songjiang_lists import (
    ANSWERS,
    CONDITIONS,
    NOTHING,
    START,
    Letter,
    Lists,
    letter_of,
    measure,
    wrap,
)
from drivers.profile import DeviceProfile
from drivers.reading import Reading
from drivers.stream import OpenStream

IDLE_S = 1.0
SILENT_S = 10.0  # the document gives no poll period; captures and the 500 ms answer limit suggest about a second
REFRESH_S = 10.0  # one list each: what the panel cleared by itself is known within a minute
FIRE = 110


class Agenda:
    """What we wish for next: all lists after a start, a reset or a silence; later one list now and then."""

    def __init__(self) -> None:
        self._due: deque[int] = deque(CONDITIONS)
        self._round = deque(CONDITIONS)
        self._wished_s = 0.0

    def resync(self) -> None:
        """Everything must be asked again, fires first."""
        self._due = deque(CONDITIONS)

    def next(self, now_s: float) -> int:
        """A list's code, or NOTHING."""
        if self._due:
            self._wished_s = now_s
            return self._due.popleft()
        if now_s - self._wished_s < REFRESH_S:
            return NOTHING
        self._wished_s = now_s
        self._round.rotate(-1)
        return self._round[0]


class SongjiangPanel:
    """One panel; a list that it sends by itself is acknowledged when the next `poll` shows that it is stored."""

    def __init__(self, open_stream: OpenStream, profile: DeviceProfile, address: int) -> None:
        del profile, address  # we answer with the number of the panel that asks
        self.counters = UnitCounters()
        self._wire = Attendant(open_stream, Cutter(START, measure, self.counters), self._take, self.counters)
        self._agenda = Agenda()
        self._lists = Lists()
        self._asked: int | None = None
        self._owed: Letter | None = None

    async def poll(self) -> list[Reading]:
        """What one letter says; an empty list when none comes within a second."""
        try:
            return await self._next()
        except FieldError:
            self._owed = None  # the panel will say it again
            self._agenda.resync()
            raise

    async def aclose(self) -> None:
        """Close the port."""
        await self._wire.aclose()

    async def _next(self) -> list[Reading]:
        await self._acknowledge()
        letter = await self._wire.next(_now() + IDLE_S)
        if letter is None:
            self._wire.check_alive(SILENT_S)
            return []
        if not letter.asked:
            self._owed = letter
        return self._lists.readings(letter)

    async def _acknowledge(self) -> None:
        """An acknowledgement names no list, so none goes out while another list waits that is not stored."""
        others = [one for one in self._wire.waiting if not one.asked and one != self._owed]
        if self._owed is None or others:
            return
        await self._wire.send(wrap(self._owed.panel, NOTHING, bytes((NOTHING,))))
        self._owed = None

    def _take(self, frame: bytes) -> Take[Letter]:
        letter = letter_of(frame)
        if letter.code == NOTHING:
            self._asked = self._wish()
            return Take(send=wrap(letter.panel, self._asked, bytes((self._asked,))))
        if letter.code in ANSWERS:
            return Take()
        if letter.code in CONDITIONS and len(letter.body) == 1:
            return Take(heard=False)  # our own wish comes back: no empty list, and no panel
        asked, self._asked = self._asked == letter.code, None
        if letter.code == 0:
            self._agenda.resync()
        return Take(Letter(letter.panel, letter.code, letter.body, asked))

    def _wish(self) -> int:
        """While something is not stored, 100 is no answer: the panel would take it for the acknowledgement.

        Asking for the same list keeps the link alive and makes the panel say it again.
        """
        for letter in (self._owed, *self._wire.waiting):
            if letter is not None and not letter.asked:
                return letter.code if letter.code in CONDITIONS else FIRE
        return self._agenda.next(_now())


def _now() -> float:
    return asyncio.get_running_loop().time()
