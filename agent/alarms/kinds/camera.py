"""The camera: whether it can be reached, gives a stream, and has the right time.

The prober says that a thing is not so only after failures in a row; so nothing here has a delay of its own. A
number that nobody can tell, such as the clock of a camera that answers with a fault, moves nothing.
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

CLOCK_OFF_S = 60.0  # pictures that are a minute off are no evidence [recall·low]
CLOCK_BAND_S = 5.0  # cameras tell whole seconds, and the way there takes some
RECORDING_BAND = 1.0  # days


def assess(view: View) -> Sight:
    """What the probes say; a camera that cannot be reached is that and nothing else."""
    reached = view.flag("reachable")
    seen = [Seen("unreachable", None if reached is None else not reached, cause=_cause(view, "reachable"))]
    seen += [_stream(view, reached)] if view.has("rtsp") else []
    seen += [_clock(view)] if view.has("clock_offset_s") else []
    seen += [_recording(view)] if _wants_recording(view) else []
    return Sight(tuple(seen))


def _stream(view: View, reached: bool | None) -> Seen:
    streams = view.flag("rtsp")
    if reached is not True or streams is None:
        return Seen("stream_fault", None)
    return Seen("stream_fault", not streams, cause=_cause(view, "rtsp"))


def _cause(view: View, role: str) -> str:
    """Why the prober says no."""
    point = view.points.get(role)
    return point.cause if point is not None and point.value is False else ""


def _clock(view: View) -> Seen:
    """Off to either side."""
    offset_s = view.number("clock_offset_s")
    if offset_s is None:
        return Seen("clock_wrong", None)
    limit_s = view.setting("clock_off_s", CLOCK_OFF_S)
    off = abs(offset_s) >= limit_s - (_band_s(view) if view.was_active("clock_wrong") else 0.0)
    return Seen("clock_wrong", off, cause=f"off by {offset_s:+g} s, limit {limit_s:g} s" if off else "")


def _band_s(view: View) -> float:
    own = view.device.points["clock_offset_s"].deadband
    return CLOCK_BAND_S if own is None else own


def _wants_recording(view: View) -> bool:
    return view.has("recording_days") and view.device.settings.get("recording_days_least") is not None


def _recording(view: View) -> Seen:
    least = view.setting("recording_days_least", 0.0)
    short = view.beyond("recording_short", "recording_days", least, RECORDING_BAND, below=True)
    cause = f"{view.number('recording_days'):g} days kept, {least:g} wanted" if short else ""
    return Seen("recording_short", short, cause=cause)


KIND = KindSpec(
    Title("camera", "摄像机"),
    {
        "reachable": RoleSpec(Title("reachable", "可达")),
        "rtsp": RoleSpec(Title("RTSP answers", "RTSP 有应答")),
        "onvif": RoleSpec(Title("ONVIF answers", "ONVIF 有应答")),
        "clock_offset_s": RoleSpec(Title("clock ahead by (s)", "时钟偏差（秒）"), "number"),
        "recording_days": RoleSpec(Title("days of recordings kept", "录像保存天数"), "number"),
    },
    {
        "unreachable": ConditionSpec(Title("unreachable", "不可达"), 3, "reachable", chatter=False),
        "stream_fault": ConditionSpec(Title("gives no stream", "无视频流应答"), 3, "rtsp"),
        "clock_wrong": ConditionSpec(Title("clock wrong", "时钟不准"), 4, "clock_offset_s"),
        "recording_short": ConditionSpec(Title("recordings kept too short", "录像保存不足"), 3, "recording_days"),
        **COMMON,
    },
    assess,
    {
        "clock_off_s": SettingSpec(
            Title("clock is wrong from (s)", "时钟偏差报警值（秒）"), CLOCK_OFF_S, 5, 86400
        ),
        "recording_days_least": SettingSpec(Title("days of recordings wanted", "录像应保存天数"), None, 1, 3650),
        **COMMON_SETTINGS,
    },
    needs=(("reachable",),),
)
