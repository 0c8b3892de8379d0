"""The sign-on button: a guard says that they are there; no alarm, and a short press must not be missed."""

from agent.alarms.spec import COMMON, COMMON_SETTINGS, KindSpec, RoleSpec, Sight, Title, View


def assess(_view: View) -> Sight:
    """Nothing of it is an alarm: whoever keeps the sign-ons looks at the point itself."""
    return Sight(())


KIND = KindSpec(
    Title("sign-on button", "签到按钮"),
    {"pressed": RoleSpec(Title("button pressed", "按下"), brief=True)},
    dict(COMMON),
    assess,
    dict(COMMON_SETTINGS),
    needs=(("pressed",),),
)
