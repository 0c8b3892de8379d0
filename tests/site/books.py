"""The books of a storm: what is true in the field, who is in trouble, and what happened when."""

import asyncio
import random
from collections import defaultdict
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from agent.records import ClockState
from tests.site.school import School
from tests.site.track import Steps, Trouble

FAULT_S = (1.0, 14.0)


@dataclass(frozen=True)
class Contact:
    """A condition that follows a point: which value means that it is there."""

    device: str
    condition: str
    point: str
    there: bool | float
    away: bool | float

    @property
    def unit(self) -> str:
        return self.point.partition(".")[0]


CONTACTS = (
    Contact("panic-gate", "pressed", "gate-io.di1", True, False),
    Contact("panic-gate", "tamper", "gate-io.di2", False, True),
    Contact("panic-dorm", "pressed", "dorm-io.di0", True, False),
    Contact("smoke-3f-east", "alarm", "smoke-301.smoke", True, False),
    Contact("smoke-3f-west", "alarm", "smoke-302.smoke", True, False),
    Contact("smoke-3f-west", "prealarm", "smoke-302.level", 320, 1),
    Contact("canteen", "temperature_high", "canteen-env.temperature", 48.0, 21.0),
)
BARRIER = ("barrier-south", "forced_open")
PANELS = {
    "panel-jbf": ("fire-teaching", ("1.3.30", "1.1.12")),
    "panel-notifier": ("fire-dorm", ("1D012", "1M020")),
    "panel-songjiang": ("fire-canteen", ("1.2.7", "1.2.8")),
}


class Books:
    """`truth` is by device and condition (with its address), `trouble` by unit; faults end by themselves."""

    def __init__(self, school: School, seed: int) -> None:
        self.school = school
        self.truth: dict[tuple[str, str], Steps] = defaultdict(Steps)
        self.trouble: dict[str, Trouble] = defaultdict(Trouble)
        self.silent: dict[str, Trouble] = defaultdict(Trouble)  # a unit that cannot be reached at all
        self.broker = Trouble()
        self.process = Trouble()
        self.disk = Trouble()
        self.clocks: list[tuple[float, ClockState, float]] = [(0.0, "synchronised", 0.0)]  # when, what, how far
        self.log: list[str] = []
        self.units = {u.id: line.id for line in school.site.lines for u in line.units}
        self._dice = random.Random(f"storm {seed}")
        self._busy: set[str] = set()
        self._running: set[asyncio.Task[None]] = set()
        school.field.set("smoke-302.level", 1)

    def _fault(
        self,
        words: str,
        units: list[str],
        begin: Callable[[], object],
        end: Callable[[], object],
        *,
        silent: bool = False,
    ) -> None:
        books = [self.trouble[unit] for unit in units] + [self.silent[unit] for unit in units if silent]

        async def befall() -> None:
            self._note(f"{words} begins")
            for book in books:
                book.begin(self._now)
            begin()
            await asyncio.sleep(self._dice.uniform(*FAULT_S))
            end()
            for book in books:
                book.end(self._now)
            self._note(f"{words} ends")

        self._for_a_while(words, befall)

    def _for_a_while(self, key: str, befall: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """One of a kind at a time."""
        if (
            key in self._busy
            or (key == "process" and "disk" in self._busy)
            or (key == "disk" and "process" in self._busy)
        ):
            return
        self._busy.add(key)
        task = asyncio.get_running_loop().create_task(befall())
        self._running.add(task)
        task.add_done_callback(lambda done: (self._running.discard(done), self._busy.discard(key), done.result()))

    def _on(self, line: str) -> list[str]:
        return [unit for unit, its in self.units.items() if its == line]

    def _note(self, words: str) -> None:
        self.log.append(f"{self._now:9.3f} {words}")

    @property
    def _now(self) -> float:
        return asyncio.get_running_loop().time()
