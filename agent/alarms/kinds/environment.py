"""Numbers with limits: temperature, humidity, whatever the profile calls them."""

from agent.alarms.spec import (
    COMMON,
    COMMON_SETTINGS,
    ConditionSpec,
    KindSpec,
    RoleSpec,
    Seen,
    SettingSpec,
    Sight,
    Title,
    View,
)

NAMES = (("temperature", "温度"), ("humidity", "湿度"))
DEADBAND = 0.02  # of the limit [recall]; a point's own `deadband` wins
ON_DELAY_S = 60.0  # temperature, ISA-18.2 practice [recall]


def assess(view: View) -> Sight:
    """High and low limits where the settings give them, each with a deadband."""
    seen = []
    for name, _ in NAMES:
        for side in ("high", "low"):
            limit = view.device.settings.get(f"{name}_{side}")
            if limit is not None and view.has(name):
                seen.append(_limit(view, name, side, float(limit)))
    return Sight(tuple(seen))


def _limit(view: View, name: str, side: str, limit: float) -> Seen:
    condition = f"{name}_{side}"
    active = view.beyond(condition, name, limit, abs(limit) * DEADBAND, below=side == "low")
    return Seen(condition, active, cause=f"{view.number(name):g}, limit {limit:g}" if active else "")


KIND = KindSpec(
    Title("environment", "环境监测"),
    {name: RoleSpec(Title(name, zh), "number") for name, zh in NAMES},
    {
        f"{name}_{side}": ConditionSpec(
            Title(f"{name} too {side}", f"{zh}过{'高' if side == 'high' else '低'}"),
            4,
            name,
            on_delay_s=ON_DELAY_S,
        )
        for name, zh in NAMES
        for side in ("high", "low")
    }
    | COMMON,
    assess,
    {
        f"{name}_{side}": SettingSpec(
            Title(f"{name}: {side} limit", f"{zh}{'上限' if side == 'high' else '下限'}"), None
        )
        for name, zh in NAMES
        for side in ("high", "low")
    }
    | COMMON_SETTINGS,
    any_number=True,
    ascending=tuple((f"{name}_low", f"{name}_high") for name, _ in NAMES),
)
