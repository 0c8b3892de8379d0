"""What was written down: openings of gates and doors, and test presses."""

from agent.provisioning.model import Text
from agent.report.html import Child, Markup, beside, both, tag
from agent.report.model import ProvisionView
from agent.report.table import nothing, table
from agent.report.times import span
from agent.service.provisioning_answer import OpeningShown, PressShown

OPENING_HEADS = (
    Text("gate or door", "门（闸）"),
    Text("what", "情况"),
    Text("from", "起"),
    Text("to", "止"),
    Text("how long", "时长"),
    Text("outside its times", "规定时段外"),
)
PRESS_HEADS = (
    Text("one-key alarm", "一键报警装置"),
    Text("pressed", "按下时间"),
    Text("platform confirmed", "平台确认"),
)
SHOWN_MOST = 40  # as many as two pages bear; how many more there are is said
OPEN, GAP = Text("stood open", "开启"), Text("not to be seen", "无法看到")
ALL = Text("all (the gateway was off)", "全部（网关未运行）")
STILL = Text("still", "仍在持续")


def openings(view: ProvisionView) -> Markup:
    """The newest first."""
    rows = [_opening(one, view) for one in reversed(view.answer.openings)]
    if not rows:
        return nothing(Text("no gate or door stood open", "没有门或道闸开启的记录"))
    return _bounded(OPENING_HEADS, rows)


def presses(view: ProvisionView) -> Markup:
    """The newest first."""
    rows = [_press(one, view) for one in sorted(view.answer.presses, key=lambda one: -one.at)]
    if not rows:
        return nothing(Text("no test press is on record", "没有测试按压记录"))
    return _bounded(PRESS_HEADS, rows)


def device_name(view: ProvisionView, device: str) -> Markup:
    """Its name and its id."""
    name = next((one.name for one in view.answer.devices if one.device == device), "")
    return tag("span", name, " ", tag("code", device))


def _bounded(heads: tuple[Text, ...], rows: list[tuple[Child, ...]]) -> Markup:
    more = len(rows) - SHOWN_MOST
    said = Text(f"{more} older ones are not shown", f"另有较早的 {more} 条未列出")
    rest = tag("p", beside(said), class_="quiet") if more > 0 else None
    return tag("div", table(heads, rows[:SHOWN_MOST], "log"), rest)


def _opening(one: OpeningShown, view: ProvisionView) -> tuple[Child, ...]:
    length = span((view.answer.now if one.last is None else one.last) - one.first)
    return (
        device_name(view, one.device) if one.device else both(ALL),
        beside(OPEN if one.what == "open" else GAP),
        view.clock.moment(one.first),
        beside(STILL) if one.last is None else view.clock.moment(one.last),
        beside(length),
        _outside(one),
    )


def _outside(one: OpeningShown) -> Markup:
    """What an inspector looks for, in bold."""
    if one.outside_s is None:
        return beside(Text("nobody can tell", "无从得知"))
    if one.outside_s < 1:
        return beside(Text("no", "无"))
    return tag("b", beside(span(one.outside_s)), class_="late")


def _press(one: PressShown, view: ProvisionView) -> tuple[Child, ...]:
    doubt = None if one.sure else tag("p", beside(Text("clock not sure", "时钟不可靠")), class_="doubt")
    none = Text("not confirmed", "未确认")
    return (
        device_name(view, one.device),
        tag("span", view.clock.moment(one.at), doubt),
        tag("b", beside(none)) if one.confirmed is None else view.clock.moment(one.confirmed),
    )
