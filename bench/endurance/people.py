"""Whoever presses, lets go, sets off a detector: each change is owed to the platform, and waited for."""

import asyncio
import random
from collections import Counter
from dataclasses import dataclass
from dataclasses import field as made

from agent.alarms.model import key_of
from drivers.reading import Value
from simulators.field import Field
from simulators.platform import Arrival

POLL_S = 0.02
PANELS = ("panel-jbf", "panel-notifier", "panel-songjiang")
NOT_OF_POINTS = ("lost", "bad_reading", "unstable")  # what follows from faults, not from people


@dataclass(frozen=True, slots=True)
class Contact:
    """A condition that follows a point."""

    device: str
    condition: str
    point: str
    there: Value
    away: Value


@dataclass(slots=True)
class Ledger:
    """What was owed and what came; keys are (device, condition with its address, change)."""

    owed: Counter[tuple[str, str, str]] = made(default_factory=Counter)
    came: Counter[tuple[str, str, str]] = made(default_factory=Counter)
    took_s: list[float] = made(default_factory=list)
    missing: list[str] = made(default_factory=list)

    def heard(self, arrival: Arrival) -> None:
        """The platform has taken this."""
        alarm = arrival.alarm
        if alarm is not None and not arrival.duplicate and alarm.change in ("raised", "cleared"):
            self.came[alarm.device, key_of(alarm.condition, alarm.address), alarm.change] += 1

    @property
    def uncalled(self) -> list[str]:
        """Alarms that came more often than anything had happened."""
        told = self.came - self.owed
        return [f"{' '.join(key)} × {count}" for key, count in told.items() if key[1] not in NOT_OF_POINTS]

    async def arrives(self, device: str, key: str, change: str, within_s: float) -> None:
        """This change has just happened: wait until the platform knows, or give it up for lost."""
        owed = (device, key, change)
        self.owed[owed] += 1
        began_s = _now()
        while self.came[owed] < self.owed[owed]:
            if _now() - began_s > within_s:
                self.missing.append(f"{' '.join(owed)} of {began_s:.1f} s")
                self.came[owed] += 1  # said once; what comes later is for whoever is owed next
                return
            await asyncio.sleep(POLL_S)
        self.took_s.append(_now() - began_s)


@dataclass(slots=True)
class People:
    """They act for ever, each with a pause of `pause_s` at most between two acts."""

    field: Field
    ledger: Ledger
    dice: random.Random
    pause_s: float
    patience_s: float
    hushed: dict[str, asyncio.Lock] = made(default_factory=lambda: {unit: asyncio.Lock() for unit in PANELS})
    stopping: asyncio.Event = made(default_factory=asyncio.Event)

    async def at(self, contact: Contact) -> None:
        """Sets the condition off and ends it again and again; ends with its contact at rest."""
        while not await self._rests():
            for value, change in ((contact.there, "raised"), (contact.away, "cleared")):
                self.field.set(contact.point, value)
                await self.ledger.arrives(contact.device, contact.condition, change, self.patience_s)
                await self._rests()

    async def at_panel(self, unit: str, device: str, address: str) -> None:
        """Fire at a panel, and its reset; the pair is never in the way of a fault, nor a fault in its way."""
        while not await self._rests():
            async with self.hushed[unit]:
                self.field.panel(unit).say(address, "fire")
                await self.ledger.arrives(device, f"{address}/fire", "raised", self.patience_s)
                self.field.panel(unit).reset()
                await self.ledger.arrives(device, f"{address}/fire", "cleared", self.patience_s)

    async def _rests(self) -> bool:
        """Pause; True when it is time to go home."""
        try:
            async with asyncio.timeout(self.dice.uniform(0.2, self.pause_s)):
                await self.stopping.wait()
        except TimeoutError:
            return False
        return True


def _now() -> float:
    return asyncio.get_running_loop().time()
