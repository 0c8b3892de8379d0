"""The gate barrier: what its limits, loop and outputs say of its motion, and what is wrong with it."""

from collections.abc import Mapping

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

TRAVEL_S = 6.0  # slowest barrier arm in the survey: 0.9–6 s [recall]
TRAVEL_FACTOR = 1.5  # a movement may take half as long again
HELD_OPEN_S = 120.0  # ours: a car passes in seconds; two minutes is somebody propping it open
COMMAND_S = 10.0  # an opening within this time after a command or permission is wanted
MOVING = ("opening", "closing", "moving")


def assess(view: View) -> Sight:
    """Motion from a ready-made state word if there is one, else from the limits."""
    state = view.word("state") if view.has("state") else _from_limits(view)
    marks = _marks(view, state)
    seen = [_forced(view, state, marks), _held(view, state, marks), _no_feedback(view, state, marks)]
    seen += [_obstructed(view, state)] if view.has("obstacle") or view.has("state") else []
    seen += [Seen("fault", view.flag("fault"))] if view.has("fault") else []
    mains = view.flag("mains")
    seen += [Seen("mains_lost", None if mains is None else not mains)] if view.has("mains") else []
    return Sight(tuple(seen), marks, _due(view, state, marks), {"motion": state or "unknown"})


def _from_limits(view: View) -> str | None:
    opened, closed = view.flag("open_limit"), view.flag("closed_limit")
    if opened is None or closed is None:
        return None
    if opened and closed:
        return "contradictory"
    if opened or closed:
        return "open" if opened else "closed"
    marks = view.memory.marks
    if view.now_s - marks.get("moving", view.now_s) > _travel_s(view):
        return "stopped"
    return "closing" if "was_open" in marks else "opening" if "was_closed" in marks else "moving"


def _marks(view: View, state: str | None) -> Mapping[str, float]:
    """Since when it is open or moving, where it came from, and when somebody last wanted it open."""
    marks = dict(view.memory.marks)
    if view.flag("permit") or view.flag("open_output"):
        marks["wanted"] = view.now_s
    if state is None:
        return marks
    if state == "open":
        marks.setdefault("open", view.now_s)
    elif state == "closed":
        marks.pop("open", None)
    if state in MOVING or state == "stopped":
        marks.setdefault("moving", view.now_s)
    else:
        marks.pop("moving", None)
    if state in ("open", "closed"):
        marks.pop("was_open", None)
        marks.pop("was_closed", None)
        marks[f"was_{state}"] = view.now_s
    return marks


def _forced(view: View, state: str | None, marks: Mapping[str, float]) -> Seen:
    """It left `closed` though nobody wanted it to; stays until it is closed again."""
    if not view.device.settings.get("guarded", True) or state is None:
        return Seen("forced_open", None if state is None else False)
    if state == "closed":
        return Seen("forced_open", False)
    if view.was_active("forced_open"):
        return Seen("forced_open", True)
    left_closed = "was_closed" in view.memory.marks
    wanted = view.now_s - marks.get("wanted", float("-inf")) <= view.setting("command_s", COMMAND_S)
    forced = left_closed and not wanted and state in ("open", "opening", "moving", "stopped")
    return Seen("forced_open", forced or None, cause="left closed without a command" if forced else "")


def _held(view: View, state: str | None, marks: Mapping[str, float]) -> Seen:
    if state is None:
        return Seen("held_open", None)
    limit_s = view.setting("held_open_s", HELD_OPEN_S)
    held = "open" in marks and view.now_s - marks["open"] >= limit_s
    return Seen("held_open", held, cause=f"open for {limit_s:g} s" if held else "")


def _no_feedback(view: View, state: str | None, marks: Mapping[str, float]) -> Seen:
    if state is None:
        return Seen("no_feedback", None)
    if state == "contradictory":
        return Seen("no_feedback", True, cause="open and closed at once: wiring")
    slow = "moving" in marks and view.now_s - marks["moving"] > _travel_s(view)
    return Seen("no_feedback", slow, cause="neither open nor closed after its travel time" if slow else "")


def _obstructed(view: View, state: str | None) -> Seen:
    obstacle = view.flag("obstacle") if view.has("obstacle") else None
    if state == "obstructed" or obstacle:
        return Seen("obstructed", True)
    return Seen("obstructed", None if state is None and obstacle is None else False)


def _travel_s(view: View) -> float:
    return view.setting("travel_s", TRAVEL_S) * TRAVEL_FACTOR


def _due(view: View, state: str | None, marks: Mapping[str, float]) -> float | None:
    times = []
    if "moving" in marks and state != "stopped":
        times.append(marks["moving"] + _travel_s(view) + 1e-3)
    if "open" in marks and not view.was_active("held_open"):
        times.append(marks["open"] + view.setting("held_open_s", HELD_OPEN_S))
    return min((t for t in times if t > view.now_s), default=None)


def _role(en: str, zh: str, *, output: bool = False) -> RoleSpec:
    return RoleSpec(Title(en, zh), output=output)


KIND = KindSpec(
    Title("gate barrier", "道闸"),
    {
        "open_limit": _role("open limit", "开到位"),
        "closed_limit": _role("closed limit", "关到位"),
        "loop": _role("loop occupied", "地感有车"),
        "obstacle": _role("obstacle", "遇阻"),
        "fault": _role("fault", "故障"),
        "mains": _role("mains present", "市电正常"),
        "permit": _role("opening permitted", "允许开启"),
        "state": RoleSpec(Title("state word", "状态字"), "word"),
        "position": RoleSpec(Title("position", "位置"), "number"),
        "open_output": _role("open relay", "开闸继电器", output=True),
        "close_output": _role("close relay", "关闸继电器", output=True),
        "stop_output": _role("stop relay", "停止继电器", output=True),
    },
    {
        "forced_open": ConditionSpec(Title("forced open", "强行开启"), 2, chatter=False),
        "held_open": ConditionSpec(Title("held open", "长时间未关"), 3, chatter=False),
        "obstructed": ConditionSpec(Title("obstructed", "遇阻"), 3),
        "no_feedback": ConditionSpec(Title("no feedback", "无到位反馈"), 3, chatter=False),
        "fault": ConditionSpec(Title("fault", "故障"), 3, "fault"),
        "mains_lost": ConditionSpec(Title("mains lost", "市电中断"), 3, "mains", on_delay_s=5.0),
        **COMMON,
    },
    assess,
    {
        "guarded": SettingSpec(
            Title("an opening that nobody commanded is an alarm", "未经指令的开启即报警"), True
        ),
        "command_s": SettingSpec(Title("an opening counts as commanded for", "指令有效时间"), COMMAND_S, 1, 60),
        "travel_s": SettingSpec(Title("normal travel time", "正常行程时间"), TRAVEL_S, 0.5, 60),
        "held_open_s": SettingSpec(Title("longest time open", "最长开启时间"), HELD_OPEN_S, 5, 86400),
        **COMMON_SETTINGS,
    },
)
