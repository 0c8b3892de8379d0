"""The hazards that are not closed: what, where, by which clause, who, until when."""

from agent.provisioning.model import Text
from agent.report.html import Child, Markup, beside, both, joined, tag
from agent.report.items import mark
from agent.report.model import ProvisionView
from agent.report.svg import picture, spoken
from agent.report.table import nothing, table
from agent.report.words import COLOURS, GRADES, ROLES, STATUSES, text_of, word
from agent.uplink.hazard_message import HazardData

HEADS = (
    Text("grade", "等级"),
    Text("hazard, clause", "隐患与依据"),
    Text("place", "地点"),
    Text("responsible", "责任"),
    Text("deadline", "期限"),
    Text("status", "状态"),
)
FILLS = {"red": "#a3221b", "orange": "#c05a00", "yellow": "#e3b505", "blue": "#2b62a8"}
# The graver, the more corners point up: triangle, diamond, square, disc.
SHAPES = {
    "red": "M8 1l7.5 14h-15z",
    "orange": "M8 .5L15.5 8L8 15.5L.5 8z",
    "yellow": "M1.5 1.5h13v13h-13z",
    "blue": "M8 1a7 7 0 1 1 0 14a7 7 0 1 1 0-14z",
}
GRAVEST = tuple(FILLS)


def ledger(view: ProvisionView) -> Markup:
    """The gravest first, then who must be done first."""
    if not view.hazards:
        return nothing(Text("no hazard is open", "没有未销号的隐患"))
    order = sorted(
        view.hazards, key=lambda one: (one.grade != "major", GRAVEST.index(one.colour), one.deadline.at)
    )
    return table(HEADS, [_row(one, view) for one in order], "ledger")


def _row(one: HazardData, view: ProvisionView) -> tuple[Child, ...]:
    late = tag("b", beside(Text("overdue", "已超期")), class_="late") if one.overdue else None
    reopened = Text(f"reopened {one.reopened} times", f"已重开 {one.reopened} 次")
    return (
        joined(colour(one.colour), both(word(GRADES, one.grade))),
        joined(
            both(text_of(one.text)), tag("p", one.clause, " ", _mark(one), class_="clause"), tag("code", one.id)
        ),
        joined(_place(one, view), tag("p", one.location, class_="quiet")),
        joined(both(_role(one, view)) if one.role else None, tag("p", one.person)),
        joined(view.clock.moment(one.deadline.at), late),
        joined(both(word(STATUSES, one.status)), tag("p", beside(reopened)) if one.reopened else None),
    )


def colour(given: str) -> Markup:
    """The risk colour as a shape and a word."""
    name = word(COLOURS, given)
    drawn = tag("path", d=SHAPES[given], fill=FILLS[given], class_="shape")
    return tag("span", picture(16, 16, drawn, label=spoken(name), class_="sign s16"), beside(name), class_="risk")


def _mark(one: HazardData) -> Markup | None:
    return mark(one.mark) if one.mark else None


def _role(one: HazardData, view: ProvisionView) -> Text:
    titles = {code: text_of(title) for pack in view.answer.packs for code, title in pack.roles.items()}
    return titles.get(one.role, word(ROLES, one.role))


def _place(one: HazardData, view: ProvisionView) -> Markup:
    titles = {code: text_of(title) for pack in view.answer.packs for code, title in pack.places.items()}
    return both(titles.get(one.place, Text(one.place, one.place)))
