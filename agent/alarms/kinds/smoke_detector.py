"""The smoke detector: alarm, pre-alarm, contamination, fault, battery; or thresholds on a level.

Its alarm latches here: most registers of this class show the smoke of the moment only.
"""

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

DEADBAND = 0.1  # of the threshold; ours: smoke flutters more than a temperature. A point's `deadband` wins


def assess(view: View) -> Sight:
    """Flags as they are; a level judges where no flag does."""
    seen = flags(view, ("alarm", "prealarm", "contamination", "fault", "battery"), {"battery": "battery_low"})
    for condition in ("alarm", "prealarm"):
        limit = view.device.settings.get(f"{condition}_level")
        if limit is not None and view.has("level") and not view.has(condition):
            seen.append(_by_level(view, condition, float(limit)))
    return Sight(tuple(seen))


def _by_level(view: View, condition: str, limit: float) -> Seen:
    active = view.beyond(condition, "level", limit, limit * DEADBAND)
    return Seen(condition, active, cause=f"level {view.number('level'):g}, limit {limit:g}" if active else "")


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
        "alarm": ConditionSpec(
            Title("smoke alarm", "烟雾报警"), 1, "alarm", "level", latching=True, shelvable=False, chatter=False
        ),
        "prealarm": ConditionSpec(Title("smoke pre-alarm", "烟雾预警"), 2, "prealarm", "level"),
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
    needs=(("alarm",), ("level", "alarm_level")),
    ascending=(("prealarm_level", "alarm_level"),),
)
