"""The gate barrier: what its limits, loop and outputs say of its motion, and what is wrong with it.

Marks (loop seconds): `open` and `moving` since when it is so, `was_open` and `was_closed` where it comes from,
`wanting` while somebody wants it open, `wanted` when somebody last did, `left` when it left its closed limit.
"""

from collections.abc import Mapping
from typing import get_args

from agent.alarms.model import Motion
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
RELAY_S = 1.0  # the relay is a read of its own: it may be seen only after the limit has moved
COMMANDS = ("permit", "open_output")
MOVING = ("opening", "closing", "moving")
ENDS = ("open", "closed")
WORDS: tuple[Motion, ...] = get_args(Motion)


def assess(view: View) -> Sight:
    """Motion from a ready-made state word if there is one, else from the limits."""
    state = _from_word(view) if view.has("state") else _from_limits(view)
    marks = _marks(view, state)
    seen = [_forced(view, state, marks), _held(view, state, marks), _no_feedback(view, state, marks)]
    seen += [_obstructed(view, state)] if view.has("obstacle") or view.has("state") else []
    seen += [Seen("fault", view.flag("fault"))] if view.has("fault") else []
    mains = view.flag("mains")
    seen += [Seen("mains_lost", None if mains is None else not mains)] if view.has("mains") else []
    return Sight(tuple(seen), marks, _due(view, state, marks), _motion(view, state))


def _from_word(view: View) -> str | None:
    word = view.word("state")
    return word if word in WORDS and word != "unknown" else None


def _from_limits(view: View) -> str | None:
    """With one limit only, what is not at it counts as at the other end."""
    opened, closed = view.flag("open_limit"), view.flag("closed_limit")
    opened = opened if view.has("open_limit") else _other(closed)
    closed = closed if view.has("closed_limit") else _other(opened)
    if opened is None or closed is None:
        return None
    if opened and closed:
        return "contradictory"
    if opened or closed:
        return "open" if opened else "closed"
    marks = view.memory.marks
    if view.now_s >= marks.get("moving", view.now_s) + _travel_s(view):
        return "stopped"
    return "closing" if "was_open" in marks else "opening" if "was_closed" in marks else "moving"


def _other(limit: bool | None) -> bool | None:
    return None if limit is None else not limit


def _motion(view: View, state: str | None) -> Motion:
    """The word for people; in between and with something in the way, it is obstructed."""
    if state not in ENDS and view.flag("obstacle"):
        return "obstructed"
    return next((word for word in WORDS if word == state), "unknown")


def _marks(view: View, state: str | None) -> Mapping[str, float]:
    marks = dict(view.memory.marks)
    _note_commands(view, marks)
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
    if state != "closed" and "was_closed" in marks:
        marks.setdefault("left", view.now_s)
    if state in ENDS:
        for name in ("was_open", "was_closed", *(("left",) if state == "closed" else ())):
            marks.pop(name, None)
        marks[f"was_{state}"] = view.now_s
    return marks


def _note_commands(view: View, marks: dict[str, float]) -> None:
    """A command counts from its end: a permission may have stood for hours."""
    if any(view.flag(role) for role in COMMANDS):
        marks["wanting"] = marks["wanted"] = view.now_s
    elif marks.pop("wanting", None) is not None:
        marks["wanted"] = view.now_s


def _forced(view: View, state: str | None, marks: Mapping[str, float]) -> Seen:
    """It left `closed` though nobody wanted it to; stays until it is closed again."""
    if not view.device.settings.get("guarded", True):
        return Seen("forced_open", False)
    if state is None:
        return Seen("forced_open", None)
    if state == "closed":
        return Seen("forced_open", False)
    if view.was_active("forced_open"):
        return Seen("forced_open", True)
    early = "open_output" in view.points and view.now_s < marks.get("left", view.now_s) + RELAY_S
    if "left" not in marks or early or state == "contradictory" or _wanted(view, marks) is not False:
        return Seen("forced_open", None)
    return Seen("forced_open", True, cause="left closed without a command")


def _wanted(view: View, marks: Mapping[str, float]) -> bool | None:
    """Somebody wanted it open when it left; None while a command that may say so cannot be read."""
    if "wanted" in marks and marks["left"] <= marks["wanted"] + view.setting("command_s", COMMAND_S):
        return True
    dark = any(role in view.points and view.flag(role) is None for role in COMMANDS)  # some can never be read
    return None if dark else False


def _held(view: View, state: str | None, marks: Mapping[str, float]) -> Seen:
    """Open for too long; over when it is closed again, not when it moves."""
    if state is None:
        return Seen("held_open", None)
    limit_s = view.setting("held_open_s", HELD_OPEN_S)
    held = "open" in marks and view.now_s >= marks["open"] + limit_s
    if state != "closed" and view.was_active("held_open"):
        return Seen("held_open", True)  # also after a restart, which has forgotten since when
    return Seen("held_open", held, cause=f"open for {limit_s:g} s" if held else "")


def _no_feedback(view: View, state: str | None, marks: Mapping[str, float]) -> Seen:
    """It arrives nowhere; over when it is at one of its ends."""
    if state is None:
        return Seen("no_feedback", None)
    if state == "contradictory":
        return Seen("no_feedback", True, cause="open and closed at once: wiring")
    if state not in ENDS and view.was_active("no_feedback"):
        return Seen("no_feedback", True)
    slow = "moving" in marks and view.now_s >= marks["moving"] + _travel_s(view)
    return Seen("no_feedback", slow, cause="neither open nor closed after its travel time" if slow else "")


def _obstructed(view: View, state: str | None) -> Seen:
    obstacle = view.flag("obstacle") if view.has("obstacle") else None
    if state == "obstructed" or obstacle:
        return Seen("obstructed", True)
    dark = (view.has("obstacle") and obstacle is None) or (view.has("state") and state is None)
    return Seen("obstructed", None if dark else False)


def _travel_s(view: View) -> float:
    return view.setting("travel_s", TRAVEL_S) * TRAVEL_FACTOR


def _due(view: View, state: str | None, marks: Mapping[str, float]) -> float | None:
    times = []
    if "moving" in marks:
        times.append(marks["moving"] + _travel_s(view))
    if "left" in marks:
        times.append(marks["left"] + RELAY_S)
    if "open" in marks:
        times.append(marks["open"] + view.setting("held_open_s", HELD_OPEN_S))
    return None if state is None else min((t for t in times if t > view.now_s), default=None)


def _role(en: str, zh: str, *, output: bool = False, prompt: bool = False) -> RoleSpec:
    return RoleSpec(Title(en, zh), output=output, prompt=prompt)


KIND = KindSpec(
    Title("gate barrier", "道闸"),
    {
        "open_limit": _role("open limit", "开到位", prompt=True),
        "closed_limit": _role("closed limit", "关到位", prompt=True),
        "loop": _role("loop occupied", "地感有车"),
        "obstacle": _role("obstacle", "遇阻"),
        "fault": _role("fault", "故障"),
        "mains": _role("mains present", "市电正常"),
        "permit": _role("opening permitted", "允许开启", prompt=True),
        "state": RoleSpec(Title("state word", "状态字"), "word", prompt=True),
        "position": RoleSpec(Title("position", "位置"), "number"),
        "open_output": _role("open relay", "开闸继电器", output=True, prompt=True),
        "close_output": _role("close relay", "关闸继电器", output=True),
        "stop_output": _role("stop relay", "停止继电器", output=True),
    },
    {
        "forced_open": ConditionSpec(Title("forced open", "强行开启"), 2, chatter=False),
        "held_open": ConditionSpec(Title("held open", "长时间未关"), 3, chatter=False),
        "obstructed": ConditionSpec(Title("obstructed", "遇阻"), 3, "obstacle"),
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
    needs=(("closed_limit",), ("open_limit",), ("state",)),
)
