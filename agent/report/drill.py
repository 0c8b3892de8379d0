"""The page of a drill: who announced it, who was reached and how fast, what failed."""

from collections.abc import Iterable, Sequence

from agent.provisioning.model import Text
from agent.report.bars import bar
from agent.report.html import Child, Markup, beside, both, joined, tag
from agent.report.model import DrillAlarm, DrillEvent, DrillView
from agent.report.page import document
from agent.report.signing import signatures
from agent.report.table import facts, nothing, section, table
from agent.report.times import seconds
from agent.report.words import condition, kind_of, text_of, word

TITLE = Text("Drill report", "演练报告")
UPSTREAM = {"broker": Text("the broker", "消息服务器"), "platform": Text("the platform itself", "上级平台")}
CHANGES = {
    "raised": Text("raised", "发生"),
    "cleared": Text("cleared", "消除"),
    "acknowledged": Text("acknowledged", "已确认"),
    "reset": Text("reset", "已复位"),
}
REACHED_HEADS = (
    Text("alarm", "报警"),
    Text("seen at", "发生时间"),
    Text("stored", "落盘"),
    Text("confirmed upstream", "上级确认"),
    Text("acknowledged", "人员确认"),
)
CHANGE_HEADS = (Text("time", "时间"), Text("device", "设备"), Text("change", "变化"), Text("person", "人员"))
EVENT_HEADS = (Text("time", "时间"), Text("event", "事件"), Text("text", "说明"))


def page(view: DrillView) -> str:
    """All of it."""
    report, where = view.report, " · ".join(part for part in (view.school, view.gateway) if part)
    began = view.clock.exact(report.started)
    return document(
        f"{TITLE.zh} {report.id} · {where} · {began}",
        where or TITLE.zh,
        f"{TITLE.zh} {TITLE.en} {report.id} · {began} {view.clock.zone_of(report.started)}",
        _head(view),
        section(Text("At a glance", "总览"), _figures(view)),
        section(Text("What failed", "未成功事项"), _failed(view)),
        section(Text("Who was reached, and how fast", "送达情况与用时"), _reached(view)),
        section(Text("Every change", "全部变化"), _changes(view)),
        section(Text("What else happened", "其他事件"), _events(view)),
        section(Text("Signatures", "签字"), signatures(), class_="keep"),
        _foot(view),
    )


def _head(view: DrillView) -> Markup:
    report = view.report
    stopped = Text(f"by {report.stopped_by}", f"由 {report.stopped_by} 结束") if report.stopped_by else None
    running, over = Text("still going on", "仍在进行"), Text("its time was over", "到时自动结束")
    ended = (
        beside(running)
        if report.ended is None
        else joined(view.clock.exact(report.ended), tag("p", beside(stopped or over), class_="quiet"))
    )
    zone = tag("p", view.clock.zone_of(report.started), class_="quiet")
    began = joined(view.clock.exact(report.started), zone)
    pairs: list[tuple[Text, Child]] = [
        (Text("school", "学校"), view.school or "—"),
        (Text("gateway", "网关"), view.gateway or "—"),
        (Text("announced by", "发起人"), report.person),
        (Text("reason", "事由"), report.reason),
        (Text("began", "开始"), began),
        (Text("ended", "结束"), ended),
        (Text("planned until", "计划结束"), view.clock.exact(report.until)),
        (Text("whose confirmation counts", "确认方"), both(word(UPSTREAM, report.confirmed_by))),
    ]
    title = Text(f"{TITLE.en} {report.id}", f"{TITLE.zh} {report.id}")
    return tag(
        "header", tag("p", "campusgw", class_="kicker"), tag("h1", both(title)), facts(pairs), _warning(view)
    )


def _warning(view: DrillView) -> Markup | None:
    if view.report.clock_sure:
        return None
    said = Text(
        "The clock was not right when it began: times may be wrong.", "演练开始时时钟不可靠，时间可能有误。"
    )
    return tag("p", beside(said), class_="warning")


def _figures(view: DrillView) -> Markup:
    total, failed = view.report.summary, len(view.report.failed)
    return tag(
        "div",
        _figure(f"{total.raised}", Text("alarms raised", "触发报警"), bad=total.raised == 0),
        _figure(
            f"{total.confirmed}/{total.raised}",
            *_slowest("confirmed upstream", "上级确认", total.slowest_confirmed_s),
            bad=total.confirmed < total.raised,
        ),
        _figure(
            f"{total.acknowledged}/{total.raised}",
            *_slowest("acknowledged by people", "人员确认", total.slowest_acknowledged_s),
            bad=total.acknowledged < total.raised,
        ),
        _figure(f"{failed}", Text("things failed", "未成功事项"), bad=failed > 0),
        class_="figures",
    )


def _slowest(en: str, zh: str, slowest_s: float | None) -> Iterable[Text]:
    yield Text(en, zh)
    if slowest_s is not None:
        yield Text(f"slowest {seconds(slowest_s)}", f"最慢 {seconds(slowest_s)}")


def _figure(shown: str, *texts: Text, bad: bool) -> Markup:
    sign = tag("b", "✗ " if bad else "", shown)
    return tag("article", sign, [both(text) for text in texts], class_="figure bad" if bad else "figure")


def _failed(view: DrillView) -> Markup:
    if not view.report.failed:
        return nothing(Text("nothing failed", "全部成功"))
    return tag("ul", [tag("li", both(text_of(one))) for one in view.report.failed], class_="doubts failed")


def _reached(view: DrillView) -> Markup:
    raised = view.report.raised
    if not raised:
        return nothing(Text("no alarm came", "没有报警"))
    slowest = (
        _longest(one.stored_after_s for one in raised),
        _longest(one.confirmed_after_s for one in raised),
        _longest(one.acknowledged_after_s for one in raised),
    )
    return table(REACHED_HEADS, [_alarm(one, slowest, view) for one in raised], "log")


def _longest(lengths: Iterable[float | None]) -> float:
    return max((length for length in lengths if length is not None), default=0.0)


def _alarm(one: DrillAlarm, slowest: Sequence[float], view: DrillView) -> tuple[Child, ...]:
    who = tag("p", one.acknowledged_by) if one.acknowledged_by else None
    return (
        _what(one),
        joined(
            view.clock.exact(one.seen),
            None if one.clock_sure else tag("p", beside(Text("clock not sure", "时钟不可靠"))),
        ),
        _took(one.stored_after_s, slowest[0]),
        _took(one.confirmed_after_s, slowest[1]),
        joined(_took(one.acknowledged_after_s, slowest[2]), who),
    )


def _took(length_s: float | None, longest_s: float) -> Markup:
    figure = tag("b", beside(Text("never", "未到"))) if length_s is None else tag("b", seconds(length_s))
    return tag("p", figure, tag("br"), bar(length_s, longest_s))


def _what(one: DrillAlarm) -> Markup:
    key = f"{one.address}/{one.condition}" if one.address else one.condition
    test = tag("p", beside(Text("test press", "测试按压"))) if one.test else None
    place = tag("p", one.location, class_="quiet") if one.location else None
    name = one.name or kind_of(one.kind).zh
    return joined(tag("p", name, " ", tag("code", one.device)), both(condition(one.kind, key)), place, test)


def _changes(view: DrillView) -> Markup:
    rows = [
        (view.clock.exact(one.seen), _what(one), both(word(CHANGES, one.change)), one.person)
        for one in view.report.changes
    ]
    return table(CHANGE_HEADS, rows, "log") if rows else nothing(Text("none", "无"))


def _events(view: DrillView) -> Markup:
    rows = [_event(one, view) for one in view.report.events]
    return table(EVENT_HEADS, rows, "log") if rows else nothing(Text("none", "无"))


def _event(one: DrillEvent, view: DrillView) -> tuple[Child, ...]:
    fields = "，".join(f"{key}: {value}" for key, value in one.fields.items())
    return view.clock.exact(one.at), tag("code", one.event), joined(one.text, tag("p", fields, class_="quiet"))


def _foot(view: DrillView) -> Markup:
    said = Text(
        "Alarms of a drill go upstream as all others do, marked as a drill. Times are from the first sight of the "
        "alarm; acknowledging counts from there too.",
        "演练中的报警照常上报并标记为演练；用时均自网关首次看到报警起计算。",
    )
    more = Text(f"{view.report.missed} lines had no room", f"另有 {view.report.missed} 条超出容量未列出")
    return tag("footer", tag("p", both(said)), tag("p", beside(more)) if view.report.missed else None)
