"""The outputs of one line: what somebody wants of them, and the exchanges that bring it about."""

from collections.abc import Mapping

from agent.host import loop_s
from agent.polling.outputs import Output, Want, failed, looked, told, wanted
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
        self._outputs: dict[tuple[str, str], Output] = {}

    def want(self, unit: str, point: str, want: Want) -> None:
        """From now on the output shall be this, until something else is wanted.

        Raises KeyError where there is no such point, ValueError for what it cannot be told or what cannot be read
        back.
        """
        _possible(self._devices[unit], point, want)
        key = (unit, point)
        output = wanted(self._outputs.get(key), want, loop_s())
        if output is not self._outputs.get(key):
            self._outputs[key] = output
            self._job(unit, point).due_s = output.due_s

    def done(self, unit: str, point: str) -> bool:
        """What was wanted last is so: the unit itself has said it."""
        output = self._outputs.get((unit, point))
        return output is not None and output.seen

    def fault(self, unit: str, point: str) -> str:
        """Why the output must be taken for not as wanted; empty while there is hope, or nobody wants anything."""
        output = self._outputs.get((unit, point))
        return "" if output is None else output.fault(loop_s())

    async def act(self, job: Job, look_timeout_s: float) -> None:
        """The next step of an output, one exchange; raises its FieldError, once that is noted."""
        key = (job.unit, job.output)
        before = after = self._outputs[key]
        try:
            after = await self._step(job, before, look_timeout_s)
        except FieldError as error:
            after = failed(before, str(error), loop_s())
            raise
        finally:
            if self._outputs[key] is before:  # else something new is wanted meanwhile, and due already
                self._outputs[key] = after
                job.due_s = after.due_s

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
    if not device.profile.point(point).readable:
        raise ValueError(f"{point} of {device.profile.id} cannot be read back")
    if want.pulse_s is None:
        write_order(device.profile, point, want.value)
    else:
        pulse_order(device.profile, point, want.pulse_s)
