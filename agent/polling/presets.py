"""What makes a module's outputs fall back by itself: set when it is first heard, read back, looked after."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from agent.host import loop_s
from agent.polling.plan import order_of
from agent.site import LinePlan, Unit
from drivers.blocks import Block
from drivers.errors import FieldError
from drivers.modbus.device import ModbusDevice
from drivers.profile import Word
from drivers.reading import Quality

STEP_S = 0.5  # one exchange, then it is the polls' turn for so long
AGAIN_S = 600.0  # somebody may set it otherwise on the spot, with the maker's program
RETRY_S = 30.0


@dataclass(slots=True)
class _Course:
    """One unit's points that are still to be looked at; `written`: told once already in this round."""

    wanted: Mapping[str, Word]
    due_s: float = 0.0
    left: list[str] = field(default_factory=list)
    written: set[str] = field(default_factory=set)
    wrong: dict[str, str] = field(default_factory=dict)


class Presets:
    """`faults`: by unit, why it would not fall back as it should; nothing is believed that was not read back."""

    def __init__(self, plan: LinePlan, devices: Mapping[str, ModbusDevice]) -> None:
        self.faults: dict[str, str] = {}
        self._devices = devices
        self._blocks: dict[tuple[str, str], Block] = {}
        self._courses: dict[str, _Course] = {}
        for unit in plan.units:
            if unit.safe_state and (safe := unit.profile.safe_state) is not None:
                self._courses[unit.id] = _Course(safe.holds)
                self._blocks |= {(unit.id, name): _block(unit, plan, name) for name in safe.holds}

    def heard_again(self, unit: str) -> None:
        """It may be another one, or as it left the factory."""
        if (course := self._courses.get(unit)) is not None:
            course.left, course.due_s = [], loop_s()

    def due(self, now_s: float, ready_at: Callable[[str], float], lost: Callable[[str], bool]) -> str | None:
        """A unit whose next step may be taken."""
        ready = (unit for unit, course in self._courses.items() if course.due_s <= now_s and not lost(unit))
        return next((unit for unit in ready if ready_at(unit) <= now_s), None)

    async def step(self, unit: str) -> None:
        """One exchange: look at a point, or set it; raises its FieldError, once that is noted."""
        course = self._courses[unit]
        if not course.left:
            course.left, course.written, course.wrong = list(course.wanted), set(), {}
        try:
            await self._step(unit, course)
        except FieldError as error:
            self.faults[unit] = str(error)
            course.left, course.due_s = [], loop_s() + RETRY_S
            raise
        course.due_s = loop_s() + STEP_S
        if not course.left:
            self._round_done(unit, course)

    async def _step(self, unit: str, course: _Course) -> None:
        name, device = course.left[0], self._devices[unit]
        wanted = course.wanted[name]
        readings = await device.read(self._blocks[unit, name])
        found = next(reading for reading in readings if reading.point == name)
        if found.quality is Quality.GOOD and found.value == wanted:
            course.left.pop(0)
        elif device.profile.point(name).writable and name not in course.written:
            course.written.add(name)
            await device.write(name, wanted)
        else:
            course.wrong[name] = f"{name} reads {found.value!r}, want {wanted!r}"
            course.left.pop(0)

    def _round_done(self, unit: str, course: _Course) -> None:
        course.due_s = loop_s() + (RETRY_S if course.wrong else AGAIN_S)
        self.faults.pop(unit, None)
        if course.wrong:
            self.faults[unit] = "; ".join(course.wrong.values())


def _block(unit: Unit, plan: LinePlan, name: str) -> Block:
    return order_of(unit, plan, name).block
