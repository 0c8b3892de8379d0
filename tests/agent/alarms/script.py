"""A device under judgement: tell it what its points say and when, and look at what follows."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.alarms.judge import judge
from agent.alarms.model import Change, ConditionState, DeviceMemory, PointValue, State
from agent.alarms.model import Order as OperatorOrder
from agent.alarms.operate import operate
from agent.site import Device, Kind, PointUse
from drivers.reading import Quality, Value

BAD = object()


def device(
    kind: Kind, *roles: str, settings: Mapping[str, float | bool] | None = None, **uses: PointUse
) -> Device:
    """A device with one point of unit `u` a role."""
    points = {role: PointUse("u", role) for role in roles} | uses
    return Device("d", kind, "名", "处", points, None, {}, dict(settings or {}))


def panel() -> Device:
    return Device("p", "fire_panel", "火灾报警控制器", "消控室", unit="u")


def use(**how: float | bool) -> PointUse:
    return PointUse("u", "x", **how)  # type: ignore[arg-type]


@dataclass
class Script:
    """Plays readings into judge as the pipe does, and keeps its promises about `due_s`."""

    device: Device
    now_s: float = 1000.0
    utc_s: float = 1_800_000_000.0
    memory: DeviceMemory = field(default_factory=DeviceMemory)
    points: dict[str, PointValue] = field(default_factory=dict)
    lost: str | None = None
    heard: bool = True
    right: bool = True
    due_s: float | None = None
    changes: list[Change] = field(default_factory=list)

    def at(self, after_s: float, **values: object) -> list[str]:
        """`after_s` later these roles have these values; judges at every due time on the way."""
        return self.say(after_s, values)

    def say(self, after_s: float, values: Mapping[str, object]) -> list[str]:
        end_s = self.now_s + after_s
        said: list[str] = []
        while self.due_s is not None and self.due_s < end_s:
            self._advance(self.due_s - self.now_s)
            said += self._judge()
        self._advance(end_s - self.now_s)
        for role, value in values.items():
            self.points[role] = value_of(value)
        return said + self._judge()

    def order(self, action: str, condition: str, **fields: object) -> list[str]:
        given = {"person": "王老师", **fields}
        order = OperatorOrder(action, condition, **given)  # type: ignore[arg-type]
        judgement = operate(self.device, self.memory, order, self.now_s, self.utc_s, right=self.right)
        self.memory = judgement.memory
        self.changes += judgement.changes
        return words(judgement.changes) + self._judge()

    def state(self, key: str) -> State:
        return self.memory.conditions.get(key, ConditionState()).state

    def restart(self) -> None:
        """The process starts anew: what is kept is kept as JSON, the loop's clock begins somewhere else."""
        from agent.alarms.memory import memory_from_json, memory_to_json

        self.memory = memory_from_json(self.device, memory_to_json(self.memory))
        self.now_s, self.points, self.due_s = 50.0, {}, None

    def _advance(self, by_s: float) -> None:
        self.now_s += by_s
        self.utc_s += by_s

    def _judge(self) -> list[str]:
        clock = {"utc_s": self.utc_s, "right": self.right}
        result = judge(self.device, self.memory, self.points, self.lost, self.now_s, **clock, heard=self.heard)
        assert result.due_s is None or result.due_s > self.now_s, "a due time in the past is a busy loop"
        self.memory, self.due_s = result.memory, result.due_s
        self.changes += result.changes
        return words(result.changes)


def value_of(value: object) -> PointValue:
    if value is BAD:
        return PointValue(None, Quality.BAD, 0.0, "noise")
    plain: Value = value  # type: ignore[assignment]
    return PointValue(plain)


def words(changes: tuple[Change, ...]) -> list[str]:
    return [f"{c.address + '/' if c.address else ''}{c.condition} {c.change}" for c in changes]
