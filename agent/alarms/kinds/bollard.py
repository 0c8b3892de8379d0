"""The rising bollard: a barrier in other words. Raised it blocks vehicles (`closed`), lowered it lets them pass.

Pedestrians walk past either way, so neither end is an alarm; what is wrong is a bollard that arrives nowhere.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from agent.alarms.kinds import gate_barrier
from agent.alarms.spec import (
    COMMON,
    COMMON_SETTINGS,
    ConditionSpec,
    KindSpec,
    RoleSpec,
    SettingSpec,
    Sight,
    Title,
    View,
)

T = TypeVar("T")

TRAVEL_S = 6.0  # rises in 3–6 s [recall]
AS_BARRIER = {
    "raised_limit": "closed_limit",
    "lowered_limit": "open_limit",
    "raise_output": "close_output",
    "lower_output": "open_output",
}
TOLD = ("obstructed", "no_feedback", "fault", "mains_lost")


def assess(view: View) -> Sight:
    """As the barrier sees it, but for what is an alarm only at a barrier."""
    device = replace(view.device, points=_renamed(view.device.points))
    sight = gate_barrier.assess(replace(view, device=device, points=_renamed(view.points)))
    return replace(sight, seen=tuple(seen for seen in sight.seen if seen.condition in TOLD))


def _renamed(points: Mapping[str, T]) -> dict[str, T]:
    return {AS_BARRIER.get(role, role): point for role, point in points.items()}


def _role(en: str, zh: str, *, output: bool = False, prompt: bool = False) -> RoleSpec:
    return RoleSpec(Title(en, zh), output=output, prompt=prompt)


KIND = KindSpec(
    Title("bollard", "升降柱"),
    {
        "raised_limit": _role("raised limit", "升到位", prompt=True),
        "lowered_limit": _role("lowered limit", "降到位", prompt=True),
        "loop": _role("loop occupied", "地感有车"),
        "obstacle": _role("obstacle", "遇阻"),
        "fault": _role("fault", "故障"),
        "mains": _role("mains present", "市电正常"),
        "raise_output": _role("raise relay", "升柱继电器", output=True),
        "lower_output": _role("lower relay", "降柱继电器", output=True, prompt=True),
    },
    {
        "obstructed": ConditionSpec(Title("obstructed", "遇阻"), 3, "obstacle"),
        "no_feedback": ConditionSpec(Title("no feedback", "无到位反馈"), 3, chatter=False),
        "fault": ConditionSpec(Title("fault", "故障"), 3, "fault"),
        "mains_lost": ConditionSpec(Title("mains lost", "市电中断"), 3, "mains", on_delay_s=5.0),
        **COMMON,
    },
    assess,
    {
        "travel_s": SettingSpec(Title("normal travel time", "正常行程时间"), TRAVEL_S, 0.5, 60),
        **COMMON_SETTINGS,
    },
    needs=(("raised_limit",), ("lowered_limit",)),
)
