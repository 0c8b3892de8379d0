"""The fire sensor (flame, heat, call point): alarm, pre-alarm, fault, disabled, test; its alarm latches."""

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
    flags,
)

ROLES = ("alarm", "prealarm", "fault", "disabled", "test")


def assess(view: View) -> Sight:
    """Flags as they are."""
    return Sight(tuple(flags(view, ROLES)))


KIND = KindSpec(
    Title("fire sensor", "火灾探测器"),
    {
        "alarm": RoleSpec(Title("fire alarm", "火警")),
        "prealarm": RoleSpec(Title("pre-alarm", "预警")),
        "fault": RoleSpec(Title("fault", "故障")),
        "disabled": RoleSpec(Title("disabled", "屏蔽")),
        "test": RoleSpec(Title("test", "测试")),
        "level": RoleSpec(Title("level", "测量值"), "number"),
    },
    {
        "alarm": ConditionSpec(
            Title("fire alarm", "火警"), 1, "alarm", latching=True, shelvable=False, chatter=False
        ),
        "prealarm": ConditionSpec(Title("fire pre-alarm", "火灾预警"), 2, "prealarm"),
        "fault": ConditionSpec(Title("fault", "故障"), 3, "fault", on_delay_s=1.0),
        "disabled": ConditionSpec(Title("disabled", "屏蔽"), 3, "disabled"),
        "test": ConditionSpec(Title("test", "测试"), 4, "test"),
        **COMMON,
    },
    assess,
    {
        "call_point": SettingSpec(
            Title("a manual call point: it alone confirms a fire", "手动报警按钮：单独即确认火警"), False
        ),
        **COMMON_SETTINGS,
    },
    needs=(("alarm",),),
)
