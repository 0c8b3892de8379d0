"""What every simulated fire panel offers, however its protocol turns."""

import asyncio
import re
from collections import deque
from collections.abc import Coroutine, Iterable
from typing import Any, Protocol

from drivers.errors import LineError
from drivers.panels.cutter import Cutter
from drivers.stream import ByteStream

LATCHED = ("fire", "prealarm")  # these do not end by themselves
RESETTABLE = (*LATCHED, "supervisory", "activated", "test")
CLOCK = (10, 1, 20, 14, 57, 0)  # the panels' clocks stand at 2010-01-20 14:57: nobody believes them anyway
BYTE = r"(?:25[0-5]|2[0-4]\d|1?\d?\d)"
DOTTED = re.compile(rf"{BYTE}\.{BYTE}\.(?!0+$){BYTE}")  # panel.loop.point, each of them a byte


class Board:
    """The panel's lamps: what is there, by address and condition, with the point's text."""

    def __init__(
        self, conditions: Iterable[str], *, form: re.Pattern[str] = DOTTED, example: str = "1.3.30"
    ) -> None:
        self.lit: dict[tuple[str, str], str] = {}
        self.conditions = tuple(conditions)
        self.example = example
        self._form = form

    def knows(self, address: str) -> bool:
        """Whether a point of this panel can be called so."""
        return self._form.fullmatch(address) is not None

    def put(self, address: str, condition: str, active: bool, text: str) -> bool:
        """Note what a point says; False when the panel would not tell it."""
        if condition not in self.conditions:
            raise ValueError(f"this panel has no {condition!r}, only {', '.join(self.conditions)}")
        key = (address, condition)
        if active:
            self.lit[key] = text
            return True
        return condition not in LATCHED and self.lit.pop(key, None) is not None

    def reset(self) -> list[tuple[str, str]]:
        """What the reset ended."""
        ended = [key for key in self.lit if key[1] in RESETTABLE]
        for key in ended:
            del self.lit[key]
        return ended


class SimulatedPanel(Protocol):
    """A panel at the far side of a line; without power (`plugged` False) it neither hears nor speaks."""

    plugged: bool
    board: Board

    async def run(self, stream: ByteStream) -> None:
        """Be at this wire until it is gone; may be run again on a new one."""

    def say(self, address: str, condition: str, active: bool = True, text: str = "") -> None:
        """A point begins or ends a condition; a latched alarm ends at the panel's reset only."""

    def reset(self) -> None:
        """Somebody presses reset: alarms end, faults and isolations stay."""


async def at_the_wire(*jobs: Coroutine[Any, Any, None]) -> None:
    """Do these until the wire is gone, which is no failure."""
    try:
        async with asyncio.TaskGroup() as group:
            for job in jobs:
                group.create_task(job)
    except* LineError:
        pass


def numbers(address: str) -> tuple[int, int, int]:
    """`1.3.30`: panel, loop, point."""
    panel, loop, point = (int(part) for part in address.split("."))
    return panel, loop, point


class Ear:
    """Hears all that the gateway sends, also what nobody waits for; so a wire that is gone is noticed at once."""

    def __init__(self, cutter: Cutter) -> None:
        self._cutter = cutter
        self._frames: deque[bytes] = deque()
        self._news = asyncio.Event()

    async def listen(self, stream: ByteStream) -> None:
        """Until the wire is gone."""
        while True:
            self._frames += self._cutter.feed(await stream.receive())
            self._news.set()

    def forget(self) -> None:
        """What came too late answers nothing."""
        self._frames.clear()
        self._cutter.pause()

    async def frame(self, within_s: float) -> bytes | None:
        """The next frame that comes in time."""
        try:
            async with asyncio.timeout(within_s):
                while not self._frames:
                    self._news.clear()
                    await self._news.wait()
        except TimeoutError:
            return None
        return self._frames.popleft()
