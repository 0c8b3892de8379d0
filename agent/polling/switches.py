"""The outputs of one line: what somebody wants of them, and the exchanges that bring it about."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

from agent.host import loop_s
from agent.polling.outputs import (
    Output,
    OutputName,
    Want,
    failed,
    held_back_until_s,
    let_go,
    looked,
    told,
    wanted,
)
from agent.polling.plan import order_of
from agent.polling.schedule import Job, Schedule
from agent.site import LinePlan
from drivers.errors import FieldError
from drivers.modbus.device import ModbusDevice
from drivers.modbus.order import pulse_order, write_order
from drivers.reading import Quality


class Switches:
    """Each output is one job of the line's schedule: there is nothing that could pile up."""

    def __init__(self, plan: LinePlan, schedule: Schedule, devices: Mapping[str, ModbusDevice]) -> None:
        self._plan = plan
        self._schedule = schedule
        self._devices = devices
        self._units = {unit.id: unit for unit in plan.units}
        self._outputs: dict[OutputName, Output] = {}
        self._asking: OutputName | None = None

    def want(self, unit: str, point: str, want: Want) -> None:
        """From now on the output shall be this, until something else is wanted.

        Raises KeyError where there is no such point, ValueError for what it cannot be told or what cannot be read
        back.
        """
        _possible(self._devices[unit], point, want)
        name = (unit, point)
        before = self._outputs.get(name)
        if (output := wanted(before, want, loop_s())) is before:
            return
        for opposite in want.opposites if want.value else ():
            self._yield(opposite)
        self._put(name, output)

    def let_go(self, unit: str, point: str) -> None:
        """Nobody wants anything of the output any more, and what it was not told yet it is not told."""
        if (output := self._outputs.get((unit, point))) is not None:
            self._put((unit, point), let_go(output))

    def done(self, unit: str, point: str) -> bool:
        """What was wanted last is so: the unit itself has said it."""
        output = self._outputs.get((unit, point))
        return output is not None and output.seen

    def urgent(self, now_s: float, ready_at: Callable[[str], float]) -> Job | None:
        """A due step of what a fire orders, read back or renewed included, whose unit may be asked."""
        names = (name for name, output in self._outputs.items() if output.want.urgent)
        jobs = (job for job in (self._job(*name) for name in names) if not job.lost)
        return next((job for job in jobs if max(job.due_s, ready_at(job.unit)) <= now_s), None)

    def cause(self, unit: str, point: str) -> str:
        """Why what was tried last had no success; empty where it had, or nothing was tried."""
        output = self._outputs.get((unit, point))
        return "" if output is None else output.cause

    def fault(self, unit: str, point: str) -> str:
        """Why the output must be taken for not as wanted; empty while there is hope, or nobody wants anything."""
        output = self._outputs.get((unit, point))
        return "" if output is None else output.fault(loop_s())

    async def act(self, job: Job, look_timeout_s: float) -> None:
        """The next step of an output, one exchange; raises its FieldError, once that is noted."""
        name = self._asking = (job.unit, job.output)
        before = after = self._outputs[name]
        try:
            after = await self._step(job, before, look_timeout_s)
        except FieldError as error:
            after = failed(before, str(error), loop_s())
            raise
        finally:
            self._asking = None
            now = self._outputs[name]
            if now is not before:  # something new is wanted meanwhile, and due already
                after = replace(now, on_until_s=max(now.on_until_s, after.on_until_s))
            self._put(name, after)

    async def _step(self, job: Job, output: Output, look_timeout_s: float) -> Output:
        device, want = self._devices[job.unit], output.want
        if output.step == "look":
            readings = await device.read(job.block, timeout_s=look_timeout_s)
            found = next(reading for reading in readings if reading.point == job.output)
            return looked(output, found.value if found.quality is Quality.GOOD else None, loop_s())
        if want.pulse_s is None:
            await device.write(job.output, want.value)
        else:
            await device.pulse(job.output, want.pulse_s)
        return told(output, loop_s())

    def _yield(self, name: OutputName) -> None:
        """The later order counts: what would move it the other way is off, or is not told any more."""
        if (output := self._outputs.get(name)) is None:
            return
        may_be_on = output.on_until_s > loop_s() or (name == self._asking and output.want.value)
        if may_be_on and self._devices[name[0]].profile.point(name[1]).readable:
            self._put(name, wanted(output, Want(False, urgent=True), loop_s()))
        else:
            self._put(name, let_go(output))

    def _put(self, name: OutputName, output: Output) -> None:
        """How the output stands now; what waits for it to be off may be due by that."""
        self._outputs[name] = output
        self._arrange(name)
        for other, waits in self._outputs.items():
            if name in waits.want.opposites:
                self._arrange(other)

    def _arrange(self, name: OutputName) -> None:
        """Its job is due when its next step is, and when its opposites are off."""
        output = self._outputs[name]
        job = self._job(*name)
        held_s = (held_back_until_s(output, self._outputs.get(one)) for one in output.want.opposites)
        job.held_s, job.urgent = max(held_s, default=-math.inf), output.urgent
        job.due_s = max(output.due_s, job.held_s)

    def _job(self, unit: str, point: str) -> Job:
        """Its job; one that the configuration did not foresee is added."""
        orders = self._schedule.orders
        job = next((one for one in orders if (one.unit, one.output) == (unit, point)), None)
        if job is None:
            job = order_of(self._units[unit], self._plan, point)
            job.lost = any(one.lost for one in self._schedule.jobs if one.unit == unit)
            orders.append(job)
        return job


def _possible(device: ModbusDevice, point: str, want: Want) -> None:
    found = device.profile.point(point)
    if not want.once and not found.readable:
        raise ValueError(f"{point} of {device.profile.id} cannot be read back")
    if want.once and want.pulse_s is None and not found.momentary:
        raise ValueError(f"{point} of {device.profile.id} would stay as it is told: it is no order for once")
    if want.pulse_s is None:
        write_order(device.profile, point, want.value)
    else:
        pulse_order(device.profile, point, want.pulse_s)
