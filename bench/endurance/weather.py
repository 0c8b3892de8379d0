"""What befalls the site for real, one fault after the other, each of which ends by itself."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress

from bench.endurance.stage import Stage

PANEL_OF = {"panel-1": "panel-jbf", "panel-2": "panel-notifier", "panel-3": "panel-songjiang"}
FORGETFUL_AT = {line: unit for line, unit in PANEL_OF.items() if unit != "panel-songjiang"}  # that one repeats
PAUSE_S = 3.0
LASTS_S = (1.0, 9.0)
AWAY_S = (0.3, 12.0)
LATE_S = (0.31, 0.55)  # after the time-out of 0.3 s, within the guard window of as much again
BROKER_EVERY_S = (25.0, 55.0)
BROKER_AWAY_S = (0.5, 8.0)
WAITS_S, LOOK_S = 10.0, 0.1
READY_S = 5.0  # after a fault, until a panel is heard again
UNITS = ("gate-io", "smoke-301", "smoke-302", "canteen-env", "dorm-io", *PANEL_OF.values())
PORTS = ("rs485-1", "rs485-1", "tcp-1", *PANEL_OF)
BROKER_KILLED = "broker killed"
FRAMES = ("noise", "truncated", "duplicated", "wrong_unit")

Fault = Callable[[], Awaitable[None]]


class Weather:
    """Draws from `faults`; `befell` counts what there was, `waited` the most that an outage left waiting."""

    def __init__(self, stage: Stage, dice: random.Random, hushed: Mapping[str, asyncio.Lock]) -> None:
        self.befell: Counter[str] = Counter()
        self.waited = 0
        self._stage = stage
        self._field = stage.school.field
        self._dice = dice
        self._hushed = hushed
        self.faults: dict[str, Fault] = {
            "bad frames": self._bad_frames,
            "late replies": self._late,
            "unit without power": self._unplugged,
            "port vanished": self._vanished,
        }

    async def at_the_field(self, ends_s: float) -> None:
        """Until then, one fault at a time, so that each is followed by a recovery."""
        while (left_s := ends_s - _now()) > 0:
            await asyncio.sleep(min(left_s, self._dice.uniform(0.5, PAUSE_S)))
            name = self._dice.choice(sorted(self.faults))
            self.befell[name] += 1
            await self.faults[name]()

    async def at_the_broker(self, ends_s: float) -> None:
        """Until then, killed and started again; in the end it is there."""
        while (wait_s := self._dice.uniform(*BROKER_EVERY_S)) < ends_s - _now():
            await asyncio.sleep(wait_s)
            self.befell[BROKER_KILLED] += 1
            await self._stage.kill_broker()
            await asyncio.sleep(self._dice.uniform(*BROKER_AWAY_S))
            await self._until_something_waits()
            await self._stage.start_broker()

    async def _until_something_waits(self) -> None:
        """An outage that nobody speaks in puts nothing to the test."""
        with suppress(TimeoutError):
            async with asyncio.timeout(WAITS_S):
                while not (waiting := await self._stage.waiting()):
                    await asyncio.sleep(LOOK_S)
                self.waited = max(self.waited, waiting)

    async def _bad_frames(self) -> None:
        kind, faults = self._dice.choice(FRAMES), self._field.line("rs485-1").faults
        setattr(faults, kind, self._dice.uniform(0.05, 0.5))
        await self._lasts()
        setattr(faults, kind, 0.0)

    async def _late(self) -> None:
        unit = self._dice.choice(("gate-io", "smoke-301", "smoke-302"))
        self._field.late(unit, self._dice.uniform(*LATE_S))
        await self._lasts()
        self._field.late(unit, 0.0)

    async def _unplugged(self) -> None:
        unit = self._dice.choice(UNITS)
        async with self._nobody_speaks(unit):
            self._field.unplug(unit)
            await self._stage.school.follow()
            await self._lasts()
            self._field.plug(unit)
            await self._stage.school.follow()

    async def _vanished(self) -> None:
        line = self._dice.choice(PORTS)
        async with self._nobody_speaks(FORGETFUL_AT.get(line, "")):
            self._field.vanish(line)
            await self._stage.school.follow()
            await asyncio.sleep(self._dice.uniform(*AWAY_S))
            self._field.restore(line)
            await self._stage.school.follow()

    @asynccontextmanager
    async def _nobody_speaks(self, unit: str) -> AsyncIterator[None]:
        """What a panel without power sees, or a forgetful one says to nobody, is gone for good."""
        if unit not in self._hushed:
            yield
            return
        async with self._hushed[unit]:
            yield
            await asyncio.sleep(READY_S)

    async def _lasts(self) -> None:
        await asyncio.sleep(self._dice.uniform(*LASTS_S))


def _now() -> float:
    return asyncio.get_running_loop().time()
