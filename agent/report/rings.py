"""The rings: each indicator's share, with its verdict as a colour, a sign and a word."""

from agent.provisioning.model import Text
from agent.report.html import Markup, beside, both, tag
from agent.report.svg import VERDICT_COLOURS, picture, sign_at, spoken, words_at
from agent.report.times import percent, span
from agent.report.words import VERDICTS, text_of, word
from agent.uplink.provision_message import IndicatorShown

SIZE, RADIUS, WIDTH = 132, 54, 13
MIDDLE = SIZE / 2
CIRCLE = f"M{MIDDLE:g} {MIDDLE - RADIUS:g}a{RADIUS} {RADIUS} 0 1 1 -.01 0"  # begins at twelve o'clock


def ring_card(indicator: IndicatorShown) -> Markup:
    """One indicator at a glance."""
    title, verdict = text_of(indicator.title), word(VERDICTS, indicator.verdict)
    fulfilled = sum(1 for item in indicator.items if item.verdict == "met")
    counted = len(indicator.items)
    return tag(
        "article",
        _ring(indicator, title),
        tag("h3", both(title)),
        tag("p", beside(verdict), class_=f"verdict {indicator.verdict}"),
        tag("p", beside(Text(f"{fulfilled} of {counted} items met", f"{counted} 项中 {fulfilled} 项达标"))),
        _age(indicator.oldest_evidence_age_s),
        class_="ring",
    )


def _ring(indicator: IndicatorShown, title: Text) -> Markup:
    """The arc is the share; what is left is thin, and broken where nobody knows."""
    share = percent(indicator.share)
    colour = VERDICT_COLOURS[indicator.verdict]
    arc = tag(
        "path", d=CIRCLE, pathLength=100, stroke=colour, stroke_width=WIDTH, stroke_dasharray=_dashes(indicator)
    )
    return picture(
        SIZE,
        SIZE,
        tag("path", d=CIRCLE, pathLength=100, class_=f"track {indicator.verdict}"),
        arc if indicator.share > 0 else None,
        words_at(MIDDLE, MIDDLE + 3, share, "middle", "share"),
        sign_at(indicator.verdict, MIDDLE, MIDDLE + 23, 20),
        label=f"{spoken(title)}: {spoken(word(VERDICTS, indicator.verdict))}, {share}",
        class_="donut",
    )


def _dashes(indicator: IndicatorShown) -> str:
    length = 100 * indicator.share
    return f"{length:.2f} {max(0.0, 100 - length):.2f}"


def _age(age_s: float | None) -> Markup:
    if age_s is None:
        return tag("p", beside(Text("no evidence with an age", "无带时间的证据")), class_="quiet")
    age = span(age_s)
    return tag("p", beside(Text(f"oldest evidence {age.en}", f"最早证据 {age.zh}前")), class_="quiet")
