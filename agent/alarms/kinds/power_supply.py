"""The power supply (UPS): on battery, battery low, fault."""

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
    flags,
)

LOW_CHARGE = 30.0  # percent; ours, configurable
DEADBAND = 5.0  # percent of charge; a point's own `deadband` wins


def assess(view: View) -> Sight:
    """Flags as they are; the charge judges where no flag says that the battery is low."""
    seen = flags(view, ("on_battery", "battery_low", "fault"))
    if view.has("charge") and not view.has("battery_low"):
        low = view.beyond("battery_low", "charge", view.setting("low_charge", LOW_CHARGE), DEADBAND, below=True)
        seen.append(Seen("battery_low", low, cause=f"charge {view.number('charge'):g} %" if low else ""))
    return Sight(tuple(seen))


def _number(en: str, zh: str) -> RoleSpec:
    return RoleSpec(Title(en, zh), "number")


KIND = KindSpec(
    Title("power supply", "电源"),
    {
        "on_battery": RoleSpec(Title("on battery", "电池供电")),
        "battery_low": RoleSpec(Title("battery low", "电池电量低")),
        "fault": RoleSpec(Title("fault", "故障")),
        "charge": _number("charge", "电量"),
        "runtime": _number("run time left", "剩余时间"),
        "load": _number("load", "负载"),
    },
    {
        "on_battery": ConditionSpec(Title("on battery", "电池供电"), 3, "on_battery", on_delay_s=5.0),
        "battery_low": ConditionSpec(
            Title("battery low", "电池电量低"), 2, "battery_low", "charge", on_delay_s=5.0
        ),
        "fault": ConditionSpec(Title("fault", "故障"), 3, "fault", on_delay_s=1.0),
        **COMMON,
    },
    assess,
    {
        "low_charge": SettingSpec(Title("charge that is low (%)", "低电量阈值（%）"), LOW_CHARGE, 1, 99),
        **COMMON_SETTINGS,
    },
    any_number=True,
)
