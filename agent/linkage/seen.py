"""The view that linkage decides by, made of what the pipe knows of devices and points. Pure."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from agent.alarms.model import ConditionState, DeviceMemory, PointValue
from agent.alarms.model import State as AlarmState
from agent.linkage.model import Matrix, OutputName, View
from agent.linkage.truth import contacts_of
from agent.site import Device
from drivers.reading import Quality

GONE = (AlarmState.NORMAL, AlarmState.RETURNED)


@dataclass(frozen=True, slots=True)
class DeviceNow:
    """A device, what is remembered of it, what its points say, and whether it answers and has been heard."""

    device: Device
    memory: DeviceMemory
    points: Mapping[str, PointValue]
    lost: bool = False
    heard: bool = True

    @property
    def unsure(self) -> bool:
        """It may have more to say than it does. A panel tells changes only: for it, that it answers is enough."""
        if self.lost or not self.heard:
            return True
        if self.device.kind == "fire_panel":
            return _there(self.memory.conditions.get("bad_reading", ConditionState()))
        return any(point.quality is not Quality.GOOD for point in self.points.values())


def view_of(devices: Iterable[DeviceNow], contacts: Mapping[OutputName, bool | None]) -> View:
    """What is known of all of them. An alarm that a person has set aside counts as not there."""
    known = list(devices)
    return View(
        active={one.device.id: _keys(one, lambda c: _there(c) and not c.hold) for one in known},
        unknown=frozenset(one.device.id for one in known if one.unsure),
        aside={one.device.id: _keys(one, lambda c: c.hold is not None) for one in known},
        contacts=contacts,
    )


def contacts_wanted(matrix: Matrix) -> frozenset[OutputName]:
    """The points that the matrix looks at, beside its devices."""
    causes = [
        cause
        for effect in matrix.effects
        for cause in (effect.cause, effect.only_if, effect.unless, *(c for t in effect.targets for c in t.clear))
        if cause is not None
    ]
    return contacts_of([*causes, *matrix.causes.values()])


def _keys(one: DeviceNow, which: Callable[[ConditionState], bool]) -> frozenset[str]:
    return frozenset(key for key, condition in one.memory.conditions.items() if which(condition))


def _there(condition: ConditionState) -> bool:
    """It is there, or latched until somebody resets it."""
    return condition.state not in GONE
