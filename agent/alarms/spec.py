"""What a kind of device consists of, as data: the config check, judge and the documents read it."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from agent.alarms.model import DeviceMemory, Motion, PointValue
from agent.site import Device

LOST_OFF_DELAY_S = 30.0  # derived from ISA-18.2 practice for communication faults
BAD_READING_DELAY_S = 10.0
CHATTER_FLIPS = 3  # transitions …
CHATTER_S = 60.0  # … in this time [recall]


@dataclass(frozen=True, slots=True)
class Title:
    """A name in both languages."""

    en: str
    zh: str


@dataclass(frozen=True, slots=True)
class RoleSpec:
    """A role that a point can fill.

    `brief`: it may be there for 100 ms only, so it is asked the more often. `prompt`: it is asked as an alarm
    point, whatever its profile says (a relay's pulse that a slow poll would miss).
    """

    title: Title
    type: Literal["bool", "number", "word"] = "bool"
    output: bool = False
    brief: bool = False
    prompt: bool = False


@dataclass(frozen=True, slots=True)
class ConditionSpec:
    """A condition, its priority (1 highest), and its habits.

    `role`: whose point delays apply; `level`: the role of the number that stands in where no such contact is.
    """

    title: Title
    priority: int
    role: str = ""
    level: str = ""
    latching: bool = False
    shelvable: bool = True
    chatter: bool = True
    on_delay_s: float = 0.0
    off_delay_s: float = 0.0


@dataclass(frozen=True, slots=True)
class SettingSpec:
    """A number, switch or word of the kind, with its default and bounds; `words`: it is one of these."""

    title: Title
    default: float | bool | str | None
    least: float | None = None
    most: float | None = None
    words: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """What the points say of one condition now; `active` None means nobody can tell, so nothing moves."""

    condition: str
    active: bool | None
    address: str = ""
    cause: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class View:
    """All that a kind may look at; `marks` it may return changed."""

    device: Device
    points: Mapping[str, PointValue]
    memory: DeviceMemory
    now_s: float

    def flag(self, role: str) -> bool | None:
        """A bool role, inverted where configured; None when it is missing or can't be believed."""
        point = self.points.get(role)
        if point is None or not point.good or not isinstance(point.value, bool):
            return None
        use = self.device.points.get(role)
        return point.value != bool(use and use.inverted)

    def number(self, role: str) -> float | None:
        """A number role, or None."""
        point = self.points.get(role)
        if point is None or not point.good or isinstance(point.value, bool | str) or point.value is None:
            return None
        return float(point.value) if math.isfinite(point.value) else None

    def word(self, role: str) -> str | None:
        """A word role, or None."""
        point = self.points.get(role)
        return point.value if point is not None and point.good and isinstance(point.value, str) else None

    def has(self, role: str) -> bool:
        """The device has such a point."""
        return role in self.device.points

    def setting(self, name: str, default: float) -> float:
        """A number of the configuration."""
        return float(self.device.settings.get(name, default))

    def was_active(self, condition: str) -> bool:
        """The condition is active in memory."""
        known = self.memory.conditions.get(condition)
        return known is not None and known.state.active

    def beyond(self, condition: str, role: str, limit: float, band: float, *, below: bool = False) -> bool | None:
        """The number has reached its limit, or has not come back from it by more than its deadband."""
        value = self.number(role)
        if value is None:
            return None
        use = self.device.points.get(role)
        own = band if use is None or use.deadband is None else use.deadband
        slack = own if self.was_active(condition) else 0.0
        return value <= limit + slack if below else value >= limit - slack


@dataclass(frozen=True, slots=True)
class Sight:
    """What a kind sees: conditions, the new marks, when it wants to look again, and how the device moves."""

    seen: tuple[Seen, ...]
    marks: Mapping[str, float] = field(default_factory=dict)
    due_s: float | None = None
    motion: Motion | None = None


Assess = Callable[[View], Sight]


@dataclass(frozen=True, slots=True)
class KindSpec:
    """One kind of device.

    `needs`: without all names (roles, settings) of one of these groups it could never see what it is there for.
    `ascending`: pairs of settings of which the first must be below the second.
    """

    title: Title
    roles: Mapping[str, RoleSpec]
    conditions: Mapping[str, ConditionSpec]
    assess: Assess
    settings: Mapping[str, SettingSpec] = field(default_factory=dict)
    any_number: bool = False
    needs: tuple[tuple[str, ...], ...] = ()
    ascending: tuple[tuple[str, str], ...] = ()


LOST = ConditionSpec(Title("lost", "失联"), 3, chatter=False, off_delay_s=LOST_OFF_DELAY_S)
BAD_READING = ConditionSpec(Title("bad reading", "读数异常"), 3, on_delay_s=BAD_READING_DELAY_S)
UNSTABLE = ConditionSpec(Title("unstable", "信号频繁跳变"), 4, chatter=False)
COMMON = {"lost": LOST, "bad_reading": BAD_READING, "unstable": UNSTABLE}
COMMON_SETTINGS = {
    "lost_off_delay_s": SettingSpec(
        Title("seconds that a device must answer again before `lost` clears", "恢复应答多少秒后消除“失联”"),
        LOST_OFF_DELAY_S,
        0,
        600,
    )
}


def flags(view: View, roles: Iterable[str], names: Mapping[str, str] | None = None) -> list[Seen]:
    """One condition for each bool role that the device has."""
    return [Seen((names or {}).get(role, role), view.flag(role)) for role in roles if view.has(role)]
