"""The sign-on button: a guard says that they are there; no alarm, and a short press must not be missed."""

from agent.alarms.spec import COMMON, COMMON_SETTINGS, KindSpec, RoleSpec, SettingSpec, Sight, Title, View


def assess(_view: View) -> Sight:
    """Nothing of it is an alarm: whoever keeps the sign-ons looks at the point itself."""
    return Sight(())


KIND = KindSpec(
    Title("sign-on button", "签到按钮"),
    {"pressed": RoleSpec(Title("button pressed", "按下"), brief=True)},
    dict(COMMON),
    assess,
    {
        "mode": SettingSpec(
            Title(
                "a second press signs off (toggle) or is there still (on)",
                "再次按下：签退（toggle）或仍在岗（on）",
            ),
            "toggle",
            words=("toggle", "on"),
        ),
        "post": SettingSpec(Title("post at which it is (default: its own id)", "所在岗位（默认：本机 id）"), ""),
        "role": SettingSpec(Title("role of whoever presses it", "按下者的岗位角色"), "guard"),
        "person": SettingSpec(Title("id of the one who presses it", "按下者的 id"), ""),
        **COMMON_SETTINGS,
    },
    needs=(("pressed",),),
)
