"""The card reader: the code of the card that is held to it, empty without one; only tampering is an alarm.

Whoever keeps the sign-ons looks at the point itself: every change from empty or another code is a card.
"""

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


def assess(view: View) -> Sight:
    """The tamper contact as it is."""
    return Sight(tuple(flags(view, ("tamper",))))


KIND = KindSpec(
    Title("card reader", "读卡器"),
    {
        "card": RoleSpec(Title("card's code", "卡号"), "word", prompt=True),
        "tamper": RoleSpec(Title("tamper", "防拆")),
    },
    {"tamper": ConditionSpec(Title("tamper", "防拆报警"), 2, "tamper"), **COMMON},
    assess,
    {
        "mode": SettingSpec(
            Title(
                "a second card signs off (toggle) or is there still (on)", "再次刷卡：签退（toggle）或仍在岗（on）"
            ),
            "toggle",
            words=("toggle", "on"),
        ),
        "post": SettingSpec(
            Title("post at which it stands (default: its own id)", "所在岗位（默认：本机 id）"), ""
        ),
        **COMMON_SETTINGS,
    },
    needs=(("card",),),
)
