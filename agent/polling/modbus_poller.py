"""Polls the units of one Modbus line: ask the earliest due block, hand on what it says, for ever."""

import asyncio
import logging

from agent.host import Host
from agent.polling.health import probe_wait_s
from agent.polling.plan import jobs_of
from agent.polling.poller import Progress, Roll, Sink
from agent.polling.schedule import Job, Schedule, Wait
from agent.site import LinePlan, Unit
from drivers.errors import BadFrame, LineError, NoResponse, Refused
from drivers.modbus.device import ModbusDevice
from drivers.modbus.line import ModbusLine
from drivers.reading import Quality, Reading

log = logging.getLogger(__name__)

REOPEN_MOST_S = 5.0
REFUSED_REST_S = 30.0


class ModbusPoller:
    """Owns the schedule of one line; the line owns the wire."""

    def __init__(self, plan: LinePlan, line: ModbusLine, host: Host, sink: Sink) -> None:
        self.plan = plan
        self.line = line
        self.progress = Progress(limit_s=15.0 + 2 * max(unit.timeout_s + unit.guard_s for unit in plan.units))
        self.roll = Roll(plan, sink)
        self._random = host.random
        self._sink = sink
        self._units = {unit.id: unit for unit in plan.units}
        self.devices = {unit.id: _device(line, unit) for unit in plan.units}
        self.schedule = Schedule(job for unit in plan.units for job in jobs_of(unit, plan))
        self._reopen_s = 0.0

    async def run(self) -> None:
        """Poll for ever; ends only by cancellation."""
        loop = asyncio.get_running_loop()
        while True:
            self.progress.at_s = loop.time()
            step = self.schedule.next(loop.time(), self._ready_at)
            if isinstance(step, Wait):
                await asyncio.sleep(step.until_s - loop.time())
            else:
                await self._ask(step)

    def _ready_at(self, unit: str) -> float:
        return self.line.ready_at(self._units[unit].address)

    async def _ask(self, job: Job) -> None:
        started_s = asyncio.get_running_loop().time()
        self.schedule.asked(job, started_s)
        try:
            readings = await self.devices[job.unit].read(job.block)
        except (NoResponse, BadFrame) as error:
            await self._missed(job, str(error))
        except Refused as error:
            await self._refused(job, error)
        except LineError as error:
            await self._line_gone(str(error))
        else:
            await self._answered(job.unit)
            await self._sink.accept(job.unit, readings)

    async def _answered(self, unit: str) -> None:
        self._reopen_s = 0.0
        if await self.roll.answered(unit):
            self.schedule.release(unit, asyncio.get_running_loop().time())

    async def _missed(self, job: Job, cause: str) -> None:
        self._reopen_s = 0.0
        health = await self.roll.missed(job.unit, cause)
        if health.lost:
            self._rest(job.unit)
        else:  # a suspect is asked again as soon as its guard window allows, so that a loss is known early
            job.due_s = min(job.due_s, asyncio.get_running_loop().time())

    def _rest(self, unit: str) -> None:
        now_s = asyncio.get_running_loop().time()
        wait_s = probe_wait_s(self.roll.health[unit], self._units[unit], self.roll.lost, self._random.random())
        self.schedule.postpone(unit, now_s + wait_s)

    async def _refused(self, job: Job, error: Refused) -> None:
        """The unit is alive, but does not serve this block: its points are bad until it does."""
        await self._answered(job.unit)
        job.due_s = asyncio.get_running_loop().time() + REFUSED_REST_S
        cause = f"refused: {error}"
        bad = [Reading(point, None, Quality.BAD, cause) for point in job.block.points]
        await self._sink.accept(job.unit, bad)

    async def _line_gone(self, cause: str) -> None:
        """Without its medium every unit has missed a poll; try to open again, less and less often."""
        for unit in self._units:
            await self.roll.missed(unit, cause)
        self._reopen_s = min(REOPEN_MOST_S, max(0.25, self._reopen_s * 2))
        await asyncio.sleep(self._reopen_s * (0.8 + 0.4 * self._random.random()))
        for unit, health in self.roll.health.items():
            if health.lost:
                self.schedule.release(unit, asyncio.get_running_loop().time())


def _device(line: ModbusLine, unit: Unit) -> ModbusDevice:
    return ModbusDevice(line, unit.profile, unit.address, timeout_s=unit.timeout_s, guard_s=unit.guard_s)
