"""An indicator item by item: rule and clause, what was found, by what evidence, what is missing and its remedy."""

from collections.abc import Iterable

from agent.provisioning.model import Text
from agent.report.html import Markup, beside, both, joined, tag
from agent.report.svg import sign
from agent.report.table import table
from agent.report.times import percent, span
from agent.report.words import MARKS, SOURCES, VERDICTS, text_of, word
from agent.uplink.provision_message import IndicatorShown, ItemShown, MissingShown

MISSING_MOST = 12  # of one item; `campusgw provision explain` names them all
HEADS = (
    Text("verdict", "判定"),
    Text("item, clause", "项目与依据"),
    Text("found", "所见"),
    Text("evidence", "证据"),
    Text("count", "数量"),
)


def indicator_part(indicator: IndicatorShown) -> Markup:
    """All items of one indicator under its heading."""
    said = word(VERDICTS, indicator.verdict)
    head = tag(
        "h3",
        sign(indicator.verdict, 22),
        beside(text_of(indicator.title)),
        tag("span", f"{percent(indicator.share)} · ", beside(said), class_=f"verdict {indicator.verdict}"),
        class_="indicator",
    )
    return tag("div", head, table(HEADS, [_row(item) for item in indicator.items], "items"), class_="part")


def _row(item: ItemShown) -> tuple[Markup, ...]:
    return (
        tag("span", sign(item.verdict), both(word(VERDICTS, item.verdict)), class_=f"verdict {item.verdict}"),
        joined(
            both(text_of(item.title)), tag("p", item.clause, " ", mark(item.mark), _force(item), class_="clause")
        ),
        joined(both(text_of(item.said)), _missing(item)),
        joined(_sources(item), _age(item.evidence_age_s)),
        _count(item),
    )


def mark(given: str) -> Markup:
    """How far the clause is known, always visible."""
    return tag("span", f"[{given.replace('_', '·')}]", class_="source", title=_hint(given))


def _hint(given: str) -> str:
    text = word(MARKS, given)
    return f"{text.zh} {text.en}"


def _force(item: ItemShown) -> Markup | None:
    return tag("span", " ", beside(Text("should", "宜")), class_="force") if item.force == "should" else None


def _missing(item: ItemShown) -> Iterable[Markup]:
    """What the same remedy mends stands together; a long list is cut, and says by how much."""
    shown = item.missing[:MISSING_MOST]
    for fix in dict.fromkeys(text_of(one.fix) for one in shown):
        lines = [_what(one, item) for one in shown if text_of(one.fix) == fix]
        yield tag("div", lines, tag("p", tag("b", "办法 fix "), beside(fix), class_="fix"), class_="missing")
    if (more := len(item.missing) - len(shown)) > 0:
        yield tag("p", beside(Text(f"and {more} more", f"另有 {more} 项")), class_="quiet")


def _what(one: MissingShown, item: ItemShown) -> Markup:
    """What is missing; not once more where it is just what was found."""
    what = None if one.what == item.said else beside(text_of(one.what))
    return tag("p", tag("b", "缺 "), tag("code", one.subject), " ", what)


def _sources(item: ItemShown) -> list[Markup]:
    return [both(word(SOURCES, source)) for source in item.sources]


def _age(age_s: float | None) -> Markup:
    if age_s is None:
        return tag("p", "—", class_="age")
    age = span(age_s)
    return tag("p", beside(Text(f"{age.en} old", f"{age.zh}前")), class_="age")


def _count(item: ItemShown) -> Markup:
    if item.required == 0:
        return both(Text("not asked for", "不适用"))
    return tag("span", f"{item.fulfilled}/{item.required}", class_="count")
