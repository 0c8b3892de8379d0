"""The fire panel: the same conditions at each of its addresses; a reset at the panel clears.

The panel itself latches; the gateway shows what it says. `*/*` False is a reset: it also clears what memory
holds from before a restart, when no address has been heard yet.
"""

from agent.alarms.spec import COMMON, COMMON_SETTINGS, ConditionSpec, KindSpec, Seen, Sight, Title, View

CONDITIONS = {
    "fire": ConditionSpec(Title("fire", "火警"), 1, shelvable=False, chatter=False),
    "prealarm": ConditionSpec(Title("pre-alarm", "预警"), 2),
    "supervisory": ConditionSpec(Title("supervisory", "监管"), 2),
    "fault": ConditionSpec(Title("fault", "故障"), 3, chatter=False),
    "disabled": ConditionSpec(Title("disabled", "屏蔽"), 3, chatter=False),
    "activated": ConditionSpec(Title("activated", "启动反馈"), 3, chatter=False),
    "test": ConditionSpec(Title("test", "测试"), 4, chatter=False),
}


def assess(view: View) -> Sight:
    """What is said of each address; what memory holds and a wildcard covers is over."""
    seen = []
    for key, point in view.points.items():
        address, _, condition = key.rpartition("/")
        if address == "*" or condition not in CONDITIONS:
            continue
        active = point.value if point.good and isinstance(point.value, bool) else None
        seen.append(Seen(condition, active, address, text=point.text))
    for key in view.memory.conditions:
        address, _, condition = key.rpartition("/")
        if address and key not in view.points and _over(view, condition):
            seen.append(Seen(condition, False, address))
    return Sight(tuple(seen))


def _over(view: View, condition: str) -> bool:
    marks = (view.points.get("*/*"), view.points.get(f"*/{condition}"))
    return any(mark is not None and mark.good and mark.value is False for mark in marks)


KIND = KindSpec(Title("fire panel", "火灾报警控制器"), {}, {**CONDITIONS, **COMMON}, assess, dict(COMMON_SETTINGS))
