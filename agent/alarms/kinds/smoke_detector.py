"""The smoke detector: alarm, pre-alarm, contamination, fault, battery; or thresholds on a level."""

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

HYSTERESIS = 0.1  # of the threshold, so that a level at the threshold does not flutter


def assess(view: View) -> Sight:
    """Flags as they are; a level judges where no flag does."""
    seen = flags(view, ("alarm", "prealarm", "contamination", "fault", "battery"), {"battery": "battery_low"})
    for condition in ("alarm", "prealarm"):
        limit = view.device.settings.get(f"{condition}_level")
        if limit is not None and view.has("level") and not view.has(condition):
            seen.append(_by_level(view, condition, float(limit)))
    return Sight(tuple(seen))


def _by_level(view: View, condition: str, limit: float) -> Seen:
    level = view.number("level")
    if level is None:
        return Seen(condition, None)
    threshold = limit * (1 - HYSTERESIS) if view.was_active(condition) else limit
    return Seen(condition, level >= threshold, cause=f"level {level:g} of {limit:g}" if level >= threshold else "")


KIND = KindSpec(
    Title("smoke detector", "感烟探测器"),
    {
        "alarm": RoleSpec(Title("smoke alarm", "烟雾报警")),
        "prealarm": RoleSpec(Title("pre-alarm", "预警")),
        "contamination": RoleSpec(Title("contaminated", "污染")),
        "fault": RoleSpec(Title("fault", "故障")),
        "battery": RoleSpec(Title("battery low", "电池电量低")),
        "level": RoleSpec(Title("smoke level", "烟雾浓度"), "number"),
    },
    {
        "alarm": ConditionSpec(Title("smoke alarm", "烟雾报警"), 1, "alarm", shelvable=False, chatter=False),
        "prealarm": ConditionSpec(Title("smoke pre-alarm", "烟雾预警"), 2, "prealarm"),
        "contamination": ConditionSpec(Title("contaminated", "探测器污染"), 3, "contamination", on_delay_s=15.0),
        "fault": ConditionSpec(Title("fault", "故障"), 3, "fault", on_delay_s=1.0),
        "battery_low": ConditionSpec(Title("battery low", "电池电量低"), 3, "battery", on_delay_s=15.0),
        **COMMON,
    },
    assess,
    {
        "alarm_level": SettingSpec(Title("level that is an alarm", "报警浓度"), None, 0),
        "prealarm_level": SettingSpec(Title("level that is a pre-alarm", "预警浓度"), None, 0),
        **COMMON_SETTINGS,
    },
)
