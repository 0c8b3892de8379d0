"""The door: open or closed by its contact, held open, forced open.

Marks (loop seconds): `open` since when it is so, `was_closed` when it was last seen closed, `wanted` when somebody
was last permitted to open it.
"""

from collections.abc import Mapping

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

HELD_OPEN_S = 60.0  # ours: a group passes in less; a minute is somebody propping it open
PERMIT_S = 10.0  # an opening within this time after a permission ended is permitted
CONTACT_S = 1.0  # the permission may be read only after the contact
PERMITS = ("permit", "release_output")


def assess(view: View) -> Sight:
    """Its state from the contact, then what is wrong with that."""
    opened = _open(view)
    marks = _marks(view, opened)
    motion: Motion = "unknown" if opened is None else "open" if opened else "closed"
    seen = (_forced(view, opened, marks), _held(view, opened, marks))
    return Sight(seen, marks, _due(view, marks), motion)


def _open(view: View) -> bool | None:
    """Either contact, or both as long as they agree."""
    opened, closed = view.flag("open"), view.flag("closed")
    if not view.has("closed"):
        return opened
    if not view.has("open"):
        return None if closed is None else not closed
    return None if opened is None or closed is None or opened == closed else opened


def _marks(view: View, opened: bool | None) -> Mapping[str, float]:
    marks = dict(view.memory.marks)
    if any(view.flag(role) for role in PERMITS):
        marks["wanted"] = view.now_s
    if opened is False:
        marks.pop("open", None)
        marks["was_closed"] = view.now_s
    elif opened:
        marks.setdefault("open", view.now_s)
    return marks


def _forced(view: View, opened: bool | None, marks: Mapping[str, float]) -> Seen:
    """It was opened from closed though nobody was permitted to; stays until it is closed again."""
    if not _guarded(view) or opened is False:
        return Seen("forced_open", False)
    if opened is None:
        return Seen("forced_open", None)
    if view.was_active("forced_open"):
        return Seen("forced_open", True)
    if "was_closed" not in marks or _early(view, marks) or _permitted(view, marks) is not False:
        return Seen("forced_open", None)
    return Seen("forced_open", True, cause="opened without permission")


def _guarded(view: View) -> bool:
    """Said so, or else wired so."""
    wired = any(view.has(role) for role in PERMITS)
    return bool(view.device.settings.get("guarded", wired))


def _early(view: View, marks: Mapping[str, float]) -> bool:
    """The permission is a read of its own: it may be seen only after the contact."""
    return any(role in view.points for role in PERMITS) and view.now_s < marks["open"] + CONTACT_S


def _permitted(view: View, marks: Mapping[str, float]) -> bool | None:
    """Somebody was, when it was opened; None while what may say so cannot be read."""
    if "wanted" in marks and marks["open"] <= marks["wanted"] + view.setting("permit_s", PERMIT_S):
        return True
    dark = any(role in view.points and view.flag(role) is None for role in PERMITS)
    return None if dark else False


def _held(view: View, opened: bool | None, marks: Mapping[str, float]) -> Seen:
    """Open for too long; over when it is closed."""
    if opened is None:
        return Seen("held_open", None)
    limit_s = view.setting("held_open_s", HELD_OPEN_S)
    held = opened and (view.was_active("held_open") or view.now_s >= marks["open"] + limit_s)
    return Seen("held_open", held, cause=f"open for {limit_s:g} s" if held else "")


def _due(view: View, marks: Mapping[str, float]) -> float | None:
    if "open" not in marks:
        return None
    times = (marks["open"] + CONTACT_S, marks["open"] + view.setting("held_open_s", HELD_OPEN_S))
    return min((t for t in times if t > view.now_s), default=None)


KIND = KindSpec(
    Title("door", "门"),
    {
        "open": RoleSpec(Title("open contact", "门开"), prompt=True),
        "closed": RoleSpec(Title("closed contact", "门关"), prompt=True),
        "permit": RoleSpec(Title("opening permitted", "允许开启"), prompt=True),
        "release_output": RoleSpec(Title("release relay", "开门继电器"), output=True, prompt=True),
    },
    {
        "forced_open": ConditionSpec(Title("forced open", "强行开启"), 2, chatter=False),
        "held_open": ConditionSpec(Title("held open", "长时间未关"), 3, chatter=False),
        **COMMON,
    },
    assess,
    {
        "guarded": SettingSpec(
            Title("an opening that nobody was permitted is an alarm", "未经许可的开启即报警"), False
        ),
        "permit_s": SettingSpec(
            Title("a permission lasts after its end for", "许可结束后有效时间"), PERMIT_S, 1, 60
        ),
        "held_open_s": SettingSpec(Title("longest time open", "最长开启时间"), HELD_OPEN_S, 5, 86400),
        **COMMON_SETTINGS,
    },
    needs=(("open",), ("closed",)),
)
