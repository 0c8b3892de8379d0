"""Looks at the cameras of one line in turn, a few at once; what it says of them is believed only after a while.

Here it is the gateway that answers: a camera that cannot be reached is a fact, told after failures in a row. Until
then nothing new is said of it, and what was said grows old.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import replace

from agent.host import Host, loop_s
from agent.polling.poller import Progress, Roll, Sink
from agent.site import LinePlan, Unit
from drivers.camera.probe import Look, look_at
from drivers.counters import UnitCounters
from drivers.reading import Reading

AT_ONCE = 4
TICK_S = 1.0  # the watchdog sees that we live, whatever the cameras do
AGAIN_S = 10.0  # one that failed is looked at again so soon, so that a loss is known within a minute and a half
JITTER = 1 / 3  # of the interval, to either side: cameras that start together part


class CameraPoller:
    """All cameras of a line: each has its own address, and none keeps the others waiting."""

    def __init__(self, plan: LinePlan, host: Host, sink: Sink) -> None:
        self.plan = plan
        self.progress = Progress(loop_s())
        self.roll = Roll(plan, sink)
        self.counters = {unit.id: UnitCounters() for unit in plan.units}
        self._host = host
        self._sink = sink
        self._due_s = {unit.id: loop_s() for unit in plan.units}
        self._failures = {unit.id: dict[str, int]() for unit in plan.units}
        self._looking: dict[asyncio.Task[Look], Unit] = {}

    async def run(self) -> None:
        """Look for ever; ends only by cancellation, and then no connection is left."""
        try:
            while True:
                self.progress.at_s = loop_s()
                self._begin()
                await self._pause()
                for looked in [task for task in self._looking if task.done()]:
                    await self._tell(self._looking.pop(looked), looked.result())
        finally:
            looking, self._looking = self._looking, {}
            for task in looking:
                task.cancel()
            await asyncio.gather(*looking, return_exceptions=True)

    def _begin(self) -> None:
        """Whose turn it is, the longest overdue first."""
        busy = {unit.id for unit in self._looking.values()}
        due = [unit for unit in self.plan.units if unit.id not in busy and self._due_s[unit.id] <= loop_s()]
        for unit in sorted(due, key=lambda unit: self._due_s[unit.id])[: AT_ONCE - len(busy)]:
            self.counters[unit.id].exchanges += 1
            task = asyncio.get_running_loop().create_task(self._look(unit), name=f"look at {unit.id}")
            self._looking[task] = unit

    async def _pause(self) -> None:
        """Until one is done, the next is due, or it is time to show that we live."""
        busy = {unit.id for unit in self._looking.values()}
        full = len(busy) == AT_ONCE
        next_s = min((due_s for unit, due_s in self._due_s.items() if unit not in busy and not full), default=1e9)
        wait_s = max(0.0, min(TICK_S, next_s - loop_s()))
        if self._looking:
            await asyncio.wait(self._looking, timeout=wait_s, return_when=asyncio.FIRST_COMPLETED)
        else:
            await asyncio.sleep(wait_s)

    async def _look(self, unit: Unit) -> Look:
        assert unit.camera is not None
        return await look_at(unit.camera, self._host.open_line, self._utc_s)

    def _utc_s(self) -> float | None:
        utc_s, clock = self._host.wall_clock()
        return utc_s if clock == "synchronised" else None

    async def _tell(self, unit: Unit, look: Look) -> None:
        self._count(unit, look)
        readings = list(self._readings(unit, look))
        self._due_s[unit.id] = loop_s() + self._wait_s(unit)
        if readings:  # else nothing has been heard of it yet
            await self._sink.accept(unit.id, readings)

    def _wait_s(self, unit: Unit) -> float:
        """Its interval, or less while a failure is not yet sure."""
        suspect = any(0 < count < unit.lost_after_misses for count in self._failures[unit.id].values())
        spread_s = unit.interval_s * (1 - JITTER + 2 * JITTER * self._host.random.random())
        return min(spread_s, AGAIN_S) if suspect else spread_s

    def _count(self, unit: Unit, look: Look) -> None:
        """Health and counters: for heartbeats only, as no camera is lost to the pipe."""
        counters, health = self.counters[unit.id], self.roll.health[unit.id]
        if look.reachable:
            counters.replies, counters.last_reply_s = counters.replies + 1, loop_s()
            self.roll.health[unit.id] = replace(health, answered_s=loop_s(), misses=0, lost=False, cause="")
            return
        counters.timeouts += 1
        misses = health.misses + 1
        lost, cause = misses >= unit.lost_after_misses, "; ".join(look.causes.values())
        self.roll.health[unit.id] = replace(health, misses=misses, lost=lost, cause=cause)

    def _readings(self, unit: Unit, look: Look) -> Iterator[Reading]:
        """What may be said: yes at once, no after failures in a row."""
        why = "; ".join(look.causes.values())
        facts = (("reachable", look.reachable, why), ("rtsp", look.rtsp, look.causes.get("rtsp", "")),
                 ("onvif", look.onvif, look.causes.get("onvif", "")))  # fmt: skip
        failures = self._failures[unit.id]
        for name, so, cause in facts:
            if so is None:
                continue
            failures[name] = 0 if so else failures.get(name, 0) + 1
            if so or failures[name] >= unit.lost_after_misses:
                yield Reading(name, so, cause="" if so else cause)
        if look.onvif is not None and (look.onvif or failures["onvif"] >= unit.lost_after_misses):
            yield Reading("clock_offset_s", look.clock_offset_s)
