"""The page of a school's provisioning: what an inspector takes along, section by section."""

from collections.abc import Iterable

from agent.provisioning.model import Text
from agent.report.doubts import doubts
from agent.report.html import Child, Markup, beside, both, joined, tag
from agent.report.items import indicator_part, mark
from agent.report.ledger import ledger
from agent.report.log import openings, presses
from agent.report.matrix import matrix_part
from agent.report.model import ProvisionView
from agent.report.page import document
from agent.report.places import device_map
from agent.report.rings import ring_card
from agent.report.signing import signatures
from agent.report.strip import doubt_pattern, strips
from agent.report.table import facts, nothing, section, table
from agent.report.words import CLOCKS, MARKS, ROLES, text_of, word
from agent.service.provisioning_answer import FactShown, PackShown

TITLE = Text("School security provisioning report", "校园安全防范核验报告")
NOT_YET = Text("Nothing is judged yet: the gateway has just started", "网关刚刚启动，尚未判定")
HASH_DIGITS = 12
WELL = "synchronised"


def page(view: ProvisionView) -> str:
    """All of it."""
    site, at = view.answer.site, view.clock.exact(view.answer.now)
    digest = site.config_hash[:HASH_DIGITS]
    return document(
        f"{TITLE.zh} · {site.name} · {at}",
        f"{site.name} · {site.gateway}",
        " · ".join((f"{at} {view.clock.zone_of(view.answer.now)}", CLOCKS[view.answer.clock].zh, digest)),
        doubt_pattern(),
        _head(view),
        _summary(view),
        section(Text("Item by item", "逐项核验"), [indicator_part(one) for one in view.answer.verdicts]),
        section(Text("Devices by place", "设备分布"), device_map(view), class_="sheet"),
        section(Text("The last 30 days", "近 30 天"), strips(view)),
        section(Text("Gates and doors", "门与道闸开启记录"), openings(view)),
        section(Text("Test presses of one-key alarms", "一键报警测试按压"), presses(view)),
        section(Text("Hazard ledger: what is not closed", "隐患台账（未销号）"), ledger(view)),
        _linkage(view),
        section(Text("What is not known, and why", "未能判定的事项及原因"), doubts(view)),
        section(Text("What was declared", "申报事项"), _declared(view)),
        section(Text("Signatures", "签字"), signatures(), class_="keep"),
        _foot(view),
    )


def _head(view: ProvisionView) -> Markup:
    site, answer = view.answer.site, view.answer
    time = joined(view.clock.exact(answer.now), tag("p", view.clock.zone_of(answer.now), class_="quiet"))
    pairs: list[tuple[Text, Child]] = [
        (Text("school", "学校"), joined(site.name, tag("p", site.site, " · ", site.region, class_="quiet"))),
        (Text("gateway", "网关"), joined(site.gateway, tag("p", "campusgw ", answer.agent, class_="quiet"))),
        (Text("time", "时间"), time),
        (Text("clock", "时钟"), both(CLOCKS[answer.clock])),
        (Text("configuration and rules (SHA-256)", "配置与规则摘要"), tag("code", site.config_hash)),
    ]
    kicker = tag("p", "4 × 100% · campusgw", class_="kicker")
    return tag("header", kicker, tag("h1", both(TITLE)), facts(pairs), _warning(view))


def _warning(view: ProvisionView) -> Markup | None:
    """What makes the whole page less than it seems."""
    if view.answer.clock == WELL:
        return None
    said = word(CLOCKS, view.answer.clock)
    return tag(
        "p", beside(Text(f"Times may be wrong: {said.en}.", f"时间可能有误：{said.zh}。")), class_="warning"
    )


def _summary(view: ProvisionView) -> Markup:
    verdicts = view.answer.verdicts
    met = sum(one.verdict == "met" for one in verdicts)
    told = Text(f"At a glance: {met} of {len(verdicts)} met", f"总览：{len(verdicts)} 项指标中 {met} 项达标")
    if not verdicts:  # a start is no failure: for some seconds it waits for its devices
        return section(NOT_YET, nothing(NOT_YET), [_pack(pack, view) for pack in view.answer.packs])
    return section(told, [_pack(pack, view) for pack in view.answer.packs])


def _pack(pack: PackShown, view: ProvisionView) -> Markup:
    source = tag("span", "；".join(pack.source), " ", mark(pack.mark), class_="quiet")
    name = tag(
        "p", tag("b", beside(text_of(pack.title))), " ", tag("code", pack.id), tag("br"), source, class_="packname"
    )
    cards = [ring_card(one) for one in view.answer.verdicts if one.pack == pack.id]
    return joined(name, tag("div", cards, class_="rings"))


def _linkage(view: ProvisionView) -> Markup | None:
    if view.linkage is None:
        return None
    return section(Text("Cause and effect", "联动矩阵"), matrix_part(view.linkage))


def _declared(view: ProvisionView) -> Markup:
    heads = (Text("fact", "事项"), Text("value", "申报值"), Text("by", "申报人"), Text("on", "日期"))
    rows = [(beside(text_of(one.title)), _value(one), one.by, one.on) for one in view.answer.facts]
    people = [(one.role, f"{one.declared}", f"{one.signed_on}") for one in view.answer.people]
    who = (Text("role", "岗位"), Text("in the roster", "名册人数"), Text("signed on now", "在岗人数"))
    roster = table(who, [(_role(role, view), *counts) for role, *counts in people], "log")
    return joined(table(heads, rows, "declared"), roster if people else None)


def _value(fact: FactShown) -> Child:
    if isinstance(fact.value, bool):
        return beside(Text("yes", "是") if fact.value else Text("no", "否"))
    return f"{fact.value:g}" if isinstance(fact.value, float) else fact.value


def _role(role: str, view: ProvisionView) -> Markup:
    titles = {code: text_of(title) for pack in view.answer.packs for code, title in pack.roles.items()}
    return beside(titles.get(role, word(ROLES, role)))


def _foot(view: ProvisionView) -> Markup:
    said = Text(
        "Made by the gateway itself from what it saw, what people signed on, and what the school declared. It is "
        "no certificate; what is unknown never counts as met. Marks tell how far a clause is known:",
        "本报告由网关依据实测、签到与申报自动生成，不是合格证明；无法判定的一律不计为达标。条款后的标记说明其出处：",
    )
    return tag("footer", tag("p", both(said)), tag("ul", list(_marks(view)), class_="key"))


def _marks(view: ProvisionView) -> Iterable[Markup]:
    used = {item.mark for one in view.answer.verdicts for item in one.items} | {
        pack.mark for pack in view.answer.packs
    }
    for given, text in MARKS.items():
        if given in used:
            yield tag("li", mark(given), beside(text))
