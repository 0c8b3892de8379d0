"""The one-key (panic) alarm: latches until reset, cannot be shelved; supervised where the wiring allows.

No delay at all by default: a press of 100 ms may be seen in one poll only, and a frame with a good CRC is no
contact bounce of ours. Whoever wants one sets `debounce_s` on the point.
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
)


def assess(view: View) -> Sight:
    """Contact roles as they are, and the zone of a supervised (end-of-line resistor) input by its value."""
    if view.has("zone"):
        return Sight((*_zone(view), *_flag(view, "tamper")))
    return Sight((*_flag(view, "pressed"), *_flag(view, "tamper"), *_flag(view, "line_fault")))


def _flag(view: View, role: str) -> tuple[Seen, ...]:
    return (Seen(role, view.flag(role)),) if view.has(role) else ()


def _zone(view: View) -> tuple[Seen, ...]:
    """Short or alarm near zero, normal in the middle, open near full scale; outside all: a line fault."""
    value = view.number("zone")
    if value is None:
        return (Seen("pressed", None), Seen("line_fault", None))
    pressed = view.setting("alarm_low", 0.05) <= value < view.setting("alarm_high", 0.35)
    normal = view.setting("normal_low", 0.35) <= value <= view.setting("normal_high", 0.65)
    cause = "" if normal or pressed else f"zone at {value:g}: cut or shorted wire"
    # A cut wire says nothing of the button: only a normal zone clears the press.
    return (
        Seen("pressed", True if pressed else False if normal else None),
        Seen("line_fault", bool(cause), cause=cause),
    )


def _bound(en: str, zh: str, default: float) -> SettingSpec:
    return SettingSpec(Title(en, zh), default)


KIND = KindSpec(
    Title("one-key alarm", "一键式报警"),
    {
        "pressed": RoleSpec(Title("button pressed", "按下"), brief=True),
        "zone": RoleSpec(Title("supervised zone", "受监督回路"), "number", brief=True),
        "tamper": RoleSpec(Title("tamper", "防拆")),
        "line_fault": RoleSpec(Title("line fault", "线路故障")),
    },
    {
        "pressed": ConditionSpec(
            Title("one-key alarm pressed", "一键报警"),
            1,
            "pressed",
            "zone",
            latching=True,
            shelvable=False,
            chatter=False,
        ),
        "tamper": ConditionSpec(Title("tamper", "防拆报警"), 2, "tamper"),
        "line_fault": ConditionSpec(Title("line fault", "线路故障"), 2, "line_fault", on_delay_s=1.0),
        **COMMON,
    },
    assess,
    {
        "alarm_low": _bound("zone: alarm from", "回路：报警下限", 0.05),
        "alarm_high": _bound("zone: alarm below", "回路：报警上限", 0.35),
        "normal_low": _bound("zone: normal from", "回路：正常下限", 0.35),
        "normal_high": _bound("zone: normal up to", "回路：正常上限", 0.65),
        **COMMON_SETTINGS,
    },
    needs=(("pressed",), ("zone",)),
    ascending=(("alarm_low", "alarm_high"), ("alarm_high", "normal_high"), ("normal_low", "normal_high")),
)
