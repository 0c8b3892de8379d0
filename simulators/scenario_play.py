"""Playing a story against a field, in real or virtual time: the loop's clock decides which."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence
from typing import Any, Protocol

from simulators.field import Field
from simulators.scenario import (
    Barrier,
    Expect,
    ExpectVerdict,
    LineFaults,
    Order,
    Ramp,
    Request,
    Scenario,
    Step,
    Value,
)


class Stage(Protocol):
    """Where a story is played."""

    @property
    def field(self) -> Field:
        """The devices."""

    async def follow(self) -> None:
        """Let real ports follow what has happened to the field; in virtual time there is nothing to do."""

    async def switch_broker(self, up: bool) -> None:
        """The broker comes or goes."""

    async def order(self, order: Order) -> None:
        """Give an operator's order to the gateway."""

    async def request(self, request: Request) -> None:
        """Ask the gateway for something at its control socket."""


class Audience(Protocol):
    """Who is told what happens."""

    def begins(self, step: Step, at_s: float) -> None:
        """A step happens now."""

    def owed(self, step: Step, expect: Expect | ExpectVerdict, caused_s: float) -> None:
        """Its cause was there at this loop time: from now on it may arrive."""


def set_up(field: Field, start: Mapping[str, Value]) -> None:
    """Bring the field into the state in which the story finds it."""
    for point, value in start.items():
        field.set(point, value)


async def play(scenario: Scenario, stage: Stage, audience: Audience) -> None:
    """Play to the end; a step that takes time (a ramp, a barrier's travel) does not hold up the next."""
    loop = asyncio.get_running_loop()
    started_s = loop.time()
    try:
        async with asyncio.TaskGroup() as going:
            for step, begins_s in zip(scenario.steps, scenario.begins_s, strict=True):
                await asyncio.sleep(started_s + begins_s - loop.time())
                audience.begins(step, loop.time())
                going.create_task(_Act(step, stage, audience).run())
    except ExceptionGroup as failures:
        raise failures.exceptions[0] from None  # a step that cannot be played ends the story: one reason is enough


async def first_of(story: Coroutine[Any, Any, None], *guards: Coroutine[Any, Any, None]) -> None:
    """The story to its end, or the first guard that raises."""
    tasks = [asyncio.create_task(one) for one in (story, *guards)]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


class _Act:
    """One step being played."""

    def __init__(self, step: Step, stage: Stage, audience: Audience) -> None:
        self._step, self._stage, self._audience = step, stage, audience
        self._field = stage.field
        self._owed = list(step.expect)

    async def run(self) -> None:
        """Do it; what it causes is owed from the moment before."""
        step = self._step
        if step.ramp is not None:
            await self._ramp(step.ramp)
            return
        self._owe(self._owed)
        if step.broker is not None:
            await self._stage.switch_broker(step.broker == "up")
        elif step.order is not None:
            await self._stage.order(step.order)
        elif step.request is not None:
            await self._stage.request(step.request)
        elif step.force is not None:
            await self._force(step.force)
        else:
            self._change(step.action, step.what)
            await self._stage.follow()

    def _owe(self, due: Sequence[Expect | ExpectVerdict]) -> None:
        now_s = asyncio.get_running_loop().time()
        for expect in due:
            self._audience.owed(self._step, expect, now_s)
        self._owed = [expect for expect in self._owed if expect not in due]

    def _change(self, action: str, what: Any) -> None:
        """What happens to the field in one moment."""
        field = self._field
        match action:
            case "press" | "release":
                field.set(what, action == "press")
            case "set":
                set_up(field, what)
            case "panel":
                field.panel(what.unit).say(what.address, what.condition, what.active, what.text)
            case "reset_panel":
                field.panel(what).reset()
            case "unplug" | "plug" | "vanish" | "restore":
                getattr(field, action)(what)
            case "late":
                field.late(what.unit, what.by_s)
            case "faults":
                _spoil(field, what)

    async def _force(self, barrier: Barrier) -> None:
        """Out of one limit at once, into the other when it has travelled."""
        self._field.set(barrier.leaves, False)
        await asyncio.sleep(barrier.travel_s)
        self._field.set(barrier.comes_to, True)

    async def _ramp(self, ramp: Ramp) -> None:
        """Evenly from start to end; each expectation is owed when its level is reached."""
        loop = asyncio.get_running_loop()
        started_s, count = loop.time(), max(1, round(ramp.over_s / ramp.step_s))
        for n in range(count + 1):
            await asyncio.sleep(started_s + n * ramp.over_s / count - loop.time())
            value = round(ramp.start + (ramp.end - ramp.start) * n / count, 3)
            self._owe([expect for expect in self._owed if _reached(expect, value, rising=ramp.end >= ramp.start)])
            self._field.set(ramp.point, value)


def _reached(expect: Expect | ExpectVerdict, value: float, *, rising: bool) -> bool:
    if isinstance(expect, ExpectVerdict) or expect.reaches is None:
        return True
    return value >= expect.reaches if rising else value <= expect.reaches


def _spoil(field: Field, wanted: LineFaults) -> None:
    """The faults of a line become what the step says; what it leaves out ends."""
    faults = field.line(wanted.line).faults
    for name, rate in wanted.model_dump(exclude={"line"}).items():
        setattr(faults, name, rate)
