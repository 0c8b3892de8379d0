"""Tells of every way that was lost and came back, as records: the other way brings them at once.

A way that comes and goes all the time is told of once a minute, with how often it went.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass

from agent.host import loop_s

GRACE_S = 10.0  # after the start: a way that takes so long to come up is lost
HOLD_S = 60.0  # from one telling of a loss to the next, of the same way
NEVER = float("inf")

Tell = Callable[..., Awaitable[bool]]
"""Keeps an event, its text and its fields as a record; False when the disk did not take it."""


@dataclass(slots=True)
class _Absence:
    """A way that is away since `since_s`, or there (None); `told_since_s` is the absence that was told, if any."""

    since_s: float | None
    due_s: float
    broker: str = ""
    why: str = ""
    losses: int = 0
    told_since_s: float | None = None
    back_s: float = 0.0


class Losses:
    """What is known of each way's comings and goings, and what of it was told."""

    def __init__(self, ways: Iterable[str], tell: Tell) -> None:
        self._tell = tell
        self._changed = asyncio.Event()
        now_s = loop_s()
        self._ways = {way: _Absence(now_s, now_s + GRACE_S, why="not connected yet") for way in ways}

    def lost(self, way: str, broker: str, why: str) -> None:
        """Its session is lost, or none could be opened; the reason that counts is the last one."""
        absence = self._ways[way]
        absence.why = why
        if absence.since_s is None:
            absence.since_s, absence.broker = loop_s(), broker
            absence.losses += 1
            self._changed.set()

    def back(self, way: str, broker: str) -> None:
        """It has a session again."""
        absence = self._ways[way]
        absence.since_s, absence.back_s, absence.broker = None, loop_s(), broker
        self._changed.set()

    async def run(self) -> None:
        """Tell what is due, for ever."""
        while True:
            self._changed.clear()
            due_s = min([await self._settle(way) for way in self._ways])
            with suppress(TimeoutError):
                async with asyncio.timeout_at(None if due_s == NEVER else due_s):
                    await self._changed.wait()

    async def _settle(self, way: str) -> float:
        """Tell of this way what is due; returns when something will be."""
        absence = self._ways[way]
        if absence.since_s is None:
            if absence.told_since_s is not None:
                return await self._tell_back(way, absence)
            return NEVER
        if absence.told_since_s is not None:
            return NEVER
        return absence.due_s if absence.due_s > loop_s() else await self._tell_lost(way, absence)

    async def _tell_lost(self, way: str, absence: _Absence) -> float:
        fields = {"path": way, "broker": absence.broker, "why": absence.why, "losses": max(1, absence.losses)}
        since_s = absence.since_s
        if not await self._tell("uplink.lost", f"the {way} way to the platform is lost", fields):
            return loop_s() + HOLD_S
        absence.told_since_s, absence.due_s, absence.losses = since_s, loop_s() + HOLD_S, 0
        self._changed.set()  # it may have come back meanwhile
        return NEVER

    async def _tell_back(self, way: str, absence: _Absence) -> float:
        assert absence.told_since_s is not None
        after_s = round(absence.back_s - absence.told_since_s, 1)
        fields = {"path": way, "broker": absence.broker, "after_s": after_s}
        if not await self._tell("uplink.back", f"the {way} way to the platform is back", fields):
            return loop_s() + HOLD_S
        absence.told_since_s = None
        self._changed.set()  # it may be lost again meanwhile
        return NEVER
