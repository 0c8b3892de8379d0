"""Polls the units of one Modbus line: ask whose turn it is, hand on what it says, for ever.

Outputs are switched between two polls: who wants one switched says so, and the schedule finds the moment.
"""

import asyncio
import contextlib
import logging
from collections.abc import Coroutine, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, TypeVar

from agent.host import Host, loop_s
from agent.polling.health import probe_wait_s, refused_wait_s
from agent.polling.outputs import Want
from agent.polling.patience import learned, timeout_s
from agent.polling.plan import job_of, line_times, patience_of, schedule_of
from agent.polling.poller import Progress, Roll, Sink, reopen_after_s
from agent.polling.presets import Presets
from agent.polling.schedule import Job, Wait
from agent.polling.switches import Switches
from agent.site import LinePlan, Unit
from drivers.blocks import Block, halves
from drivers.errors import BadFrame, DeviceError, FieldError, Refused
from drivers.handshake import to_be_cleared
from drivers.modbus.device import ModbusDevice
from drivers.modbus.line import ModbusLine
from drivers.reading import Reading

log = logging.getLogger(__name__)

T = TypeVar("T")

STORE_GRACE_S = 2.0
STALL_LOOK_S = 0.25  # so often does a poller that waits for the disk look for what a fire orders
ILLEGAL_ADDRESS = 2  # the exception that says: not all of these registers are mine


class ModbusPoller:
    """Owns the schedule of one line; the line owns the wire.

    While what one answer led to is being stored, the next question is on its way already; the answer to that one
    waits until the first is on disk, so that the wire never waits for the disk and nothing overtakes anything.
    """

    def __init__(self, plan: LinePlan, line: ModbusLine, host: Host, sink: Sink) -> None:
        self.plan = plan
        self.line = line
        slowest_s = max(unit.timeout_s + unit.guard_s for unit in plan.units)
        self.progress = Progress(loop_s(), 15.0 + 2 * slowest_s)
        self.roll = Roll(plan, sink)
        self.schedule = schedule_of(plan)
        self.devices = {unit.id: _device(line, unit) for unit in plan.units}
        self.patience = {unit.id: patience_of(unit, plan) for unit in plan.units}
        self.switches = Switches(plan, self.schedule, self.devices)
        self.presets = Presets(plan, self.devices)
        self._random = host.random
        self._sink = sink
        self._units = {unit.id: unit for unit in plan.units}
        self._reopen_s = 0.0
        self._storing: asyncio.Task[Any] | None = None
        self._nap: asyncio.Future[None] | None = None

    @cached_property
    def worst_alarm_s(self) -> float | None:
        """The longest from a change in the field to its reply, computed; on a long line that takes a second."""
        worst = line_times(self.plan).worst
        return None if worst is None else round(worst.worst_s, 4)

    async def run(self) -> None:
        """Poll for ever; ends only by cancellation."""
        loop = asyncio.get_running_loop()
        for job in self.schedule.jobs:
            job.said = None  # started again after a failure, it may never have been stored
        try:
            while True:
                self.progress.at_s = loop.time()
                await self._preset()
                step = self.schedule.next(loop.time(), self._ready_at)
                if isinstance(step, Wait):
                    await self._stored()
                    await self._sleep_until(step.until_s)
                elif step.output:
                    await self._switch(step)
                else:
                    await self._ask(step)
        finally:
            await self._finish_storing()

    def want(self, unit: str, point: str, want: Want) -> None:
        """From now on the output shall be this; raises KeyError or ValueError for what the unit cannot be told."""
        self.switches.want(unit, point, want)
        self._wake()

    def let_go(self, unit: str, point: str) -> None:
        """Nobody wants anything of the output any more; it stays as it is."""
        self.switches.let_go(unit, point)

    def _wake(self) -> None:
        if self._nap is not None and not self._nap.done():
            self._nap.set_result(None)

    async def _sleep_until(self, until_s: float) -> None:
        """Nothing may be asked before then; what is wanted of an output ends it."""
        loop = asyncio.get_running_loop()
        nap = self._nap = loop.create_future()
        timer = loop.call_at(until_s, _end, nap)
        try:
            await nap
        finally:
            timer.cancel()

    async def _finish_storing(self) -> None:
        """Broken off, it would be told a second time after a restart; and it must not end the next run."""
        storing, self._storing = self._storing, None
        if storing is not None:
            await asyncio.wait([storing], timeout=STORE_GRACE_S)
            storing.cancel()

    def _is_lost(self, unit: str) -> bool:
        return self.roll.health[unit].lost

    def _ready_at(self, unit: str) -> float:
        return self.line.ready_at(self._units[unit].address)

    async def _ask(self, job: Job) -> None:
        self.schedule.asked(job, loop_s())
        try:
            readings = await self.devices[job.unit].read(job.block, timeout_s=self._timeout_s(job.unit))
        except FieldError as error:
            await self._stored()
            await self._failed(job, error)
        else:
            await self._stored()
            job.refusals = 0
            await self._answered(job.unit)
            await self._hand_on(job, readings)
            await self._shake(job, readings)

    async def _shake(self, job: Job, readings: Sequence[Reading]) -> None:
        """A value that its device holds until that is acknowledged: once it is stored, and until it is let go."""
        shake = self._units[job.unit].profile.handshake
        if shake is None or not to_be_cleared(shake, readings):
            return
        await self._stored()
        try:
            await self.devices[job.unit].write(shake.clear, False)
        except FieldError as error:
            await self._not_told(job.unit, error)
        else:
            await self._answered(job.unit)

    async def _preset(self) -> None:
        """One step towards a unit's safe state, unless a fire orders something; no answer is a miss."""
        unit = self.presets.due(loop_s(), self._ready_at, self._is_lost)
        if unit is None or self.switches.urgent(loop_s(), self._ready_at) is not None:
            return
        try:
            await self.presets.step(unit)
        except FieldError as error:
            await self._stored()
            await self._not_told(unit, error)
        else:
            await self._stored()
            await self._answered(unit)

    async def _switch(self, job: Job) -> None:
        """Tell an output, or read it back; an order without an answer is a miss of its unit like any other."""
        self.schedule.asked(job, loop_s())
        try:
            await self.switches.act(job, self._timeout_s(job.unit))
        except FieldError as error:
            await self._stored()
            await self._not_told(job.unit, error)
        else:
            await self._stored()
            await self._answered(job.unit)

    async def _not_told(self, unit: str, error: FieldError) -> None:
        """An order failed: it was refused by one who lives, or nobody knows what came of it."""
        if isinstance(error, Refused):
            await self._answered(unit)
        elif isinstance(error, DeviceError):
            await self._missed(unit, error)
        else:
            await self._line_gone(str(error))

    async def _stored(self) -> None:
        """What the last answer led to is on disk; raises what went wrong with it.

        A disk that stalls holds up the polls, but not what a fire orders.
        """
        while (storing := self._storing) is not None:
            if storing.done():
                self._storing = None
                storing.result()
            elif (order := self.switches.urgent(loop_s(), self._ready_at)) is not None:
                self.schedule.asked(order, loop_s())
                with contextlib.suppress(FieldError):  # noted there, and tried again; who is lost, polls find out
                    await self.switches.act(order, self._timeout_s(order.unit))
            else:
                await self._stored_or_wanted(storing)

    async def _told(self, work: Coroutine[Any, Any, T]) -> T:
        """A loss or a return is told, and stored; what a fire orders goes out meanwhile."""
        await self._stored()
        telling = asyncio.get_running_loop().create_task(work, name=f"tell of {self.plan.id}")
        self._storing = telling
        await self._stored()
        return telling.result()

    async def _stored_or_wanted(self, storing: asyncio.Task[Any]) -> None:
        nap = self._nap = asyncio.get_running_loop().create_future()
        await asyncio.wait([storing, nap], timeout=STALL_LOOK_S, return_when=asyncio.FIRST_COMPLETED)
        nap.cancel()

    async def _failed(self, job: Job, error: FieldError) -> None:
        if isinstance(error, Refused):
            await self._refused(job, error)
        elif isinstance(error, DeviceError):
            if not await self._missed(job.unit, error):  # asked again at once, so that a loss is known early
                self.schedule.hurry(job, loop_s())
        else:
            await self._line_gone(str(error))

    async def _hand_on(self, job: Job, readings: Sequence[Reading]) -> None:
        """Nearly every poll says what the one before said; that must cost next to nothing."""
        before, job.said = job.said, readings
        same = readings is before
        taken = self._sink.unchanged(job.unit) if same else self._sink.accept(job.unit, readings)
        self._storing = asyncio.get_running_loop().create_task(taken, name=f"store {job.unit}")

    def _timeout_s(self, unit: str) -> float:
        health = self.roll.health[unit]
        return timeout_s(self.patience[unit], health.misses, health.probes if health.lost else None)

    async def _answered(self, unit: str) -> None:
        self._reopen_s = 0.0
        reply_s = self.line.counters.unit(self._units[unit].address).reply_time_s
        if reply_s is not None:
            self.patience[unit] = learned(self.patience[unit], reply_s)
        if not self._is_lost(unit):
            await self.roll.answered(unit)
        elif await self._told(self.roll.answered(unit)):
            self.schedule.release(unit, loop_s())
            self.presets.heard_again(unit)

    async def _missed(self, unit: str, error: DeviceError) -> bool:
        """One more miss; True when the unit is lost."""
        self._reopen_s = 0.0
        spoiled = isinstance(error, BadFrame)
        health = await self._told(self.roll.missed(unit, str(error), spoiled=spoiled))
        if health.lost:
            self._rest(unit)
        return health.lost

    def _rest(self, unit: str) -> None:
        lost = [name for name, health in self.roll.health.items() if health.lost]
        probes_s = sum(self.patience[name].probe_s for name in lost)
        wait_s = probe_wait_s(self.roll.health[unit], probes_s, self._random.random())
        self.schedule.postpone(unit, loop_s() + wait_s)

    async def _refused(self, job: Job, error: Refused) -> None:
        """The unit is alive, but does not serve this block: ask for its halves, down to what it does serve."""
        await self._answered(job.unit)
        parts = halves(self._units[job.unit].profile, job.block)
        if error.code == ILLEGAL_ADDRESS and len(parts) > 1:
            log.info("%s refuses %d points at once: %s; asked in halves", job.unit, len(job.block.points), error)
            self._split(job, parts)
            return
        job.refusals += 1
        job.due_s = loop_s() + refused_wait_s(job.refusals)
        await self._hand_on(job, self.devices[job.unit].unread(job.block, f"refused: {error}"))

    def _split(self, job: Job, parts: tuple[Block, ...]) -> None:
        """Remembered as long as this process lives: the whole is not asked again."""
        made = [job_of(self._units[job.unit], self.plan, part) for part in parts]
        self.schedule.split(job, [replace(one, stride_s=job.stride_s, turn_s=job.turn_s) for one in made])

    async def _line_gone(self, cause: str) -> None:
        """Without its medium every unit has missed a poll; try to open again, less and less often."""
        for unit in self._units:
            await self._told(self.roll.missed(unit, cause))
        self._reopen_s = reopen_after_s(self._reopen_s)
        await asyncio.sleep(self._reopen_s * (0.8 + 0.4 * self._random.random()))
        for unit, health in self.roll.health.items():
            if health.lost:
                self.schedule.release(unit, loop_s())


def _end(nap: asyncio.Future[None]) -> None:
    if not nap.done():
        nap.set_result(None)


def _device(line: ModbusLine, unit: Unit) -> ModbusDevice:
    return ModbusDevice(line, unit.profile, unit.address, timeout_s=unit.timeout_s, guard_s=unit.guard_s)
