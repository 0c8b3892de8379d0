"""The last month of an indicator: a column a day, a cell an hour, gaps left open."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from agent.provisioning.model import Text
from agent.report.html import Markup, beside, number, tag
from agent.report.model import ProvisionView
from agent.report.svg import INK, VERDICT_COLOURS, picture, sign, spoken, words_at
from agent.report.table import nothing
from agent.report.words import VERDICTS, text_of, word
from agent.service.provisioning_answer import LETTERS, NOBODY, DayShown
from agent.uplink.provision_message import IndicatorShown

DAYS, HOURS = 31, 24  # 30 whole days and today, as the gateway keeps them
LEFT, WIDE, HIGH = 30.0, 21.0, 3.6
BODY = HOURS * HIGH
SIZE = (LEFT + DAYS * WIDE + 14, BODY + 22)
EVERY_HOURS, EVERY_DAYS = 6, 5
FILLS: Mapping[str, str] = {"m": "#8cc3ae", "n": "#8f1d14", "u": "url(#doubt)"}
NO_DAY = NOBODY * HOURS


def strips(view: ProvisionView) -> Markup:
    """One picture an indicator, with its account."""
    subjects = {(pack.id, name): subject for pack in view.answer.packs for name, subject in pack.subjects.items()}
    today = view.clock.day(view.answer.now)
    drawn = []
    for one in view.answer.verdicts:
        days = view.answer.history.get(subjects.get((one.pack, one.indicator), ""), [])
        drawn.append(_strip(one, _columns(days, today), today))
    if not drawn:
        return nothing(Text("nothing has been judged yet", "尚无判定"))
    return tag("div", _key(), drawn, class_="strips")


def _columns(days: Sequence[DayShown], today: date) -> list[str]:
    """A text of 24 letters a day, the oldest first; a day that nobody has judged is all gaps."""
    known = {day.day: day.worst for day in days}
    dates = (today - timedelta(days=DAYS - 1 - n) for n in range(DAYS))
    return [known.get(day.isoformat(), NO_DAY).ljust(HOURS, NOBODY)[:HOURS] for day in dates]


def _strip(indicator: IndicatorShown, columns: list[str], today: date) -> Markup:
    title = text_of(indicator.title)
    drawn = picture(
        *SIZE,
        _frame(today),
        [tag("path", d=_cells(columns, letter), fill=fill, class_="cells") for letter, fill in FILLS.items()],
        label=f"{spoken(title)}: {spoken(_account(columns))}",
        class_="strip",
    )
    head = tag("h4", sign(indicator.verdict, 16), beside(title))
    told = tag("p", beside(_account(columns)), class_="quiet")
    return tag("article", head, tag("div", drawn, class_="wide"), told, class_="month")


def _cells(columns: list[str], letter: str) -> str:
    """Every run of the same hours as one box: a month is some hundred of them at most, in one path."""
    boxes = ((x, first, length) for x, day in enumerate(columns) for first, length in _runs(day, letter))
    return "".join(
        f"M{number(LEFT + x * WIDE + 1)} {number(first * HIGH)}h{number(WIDE - 2)}v{number(length * HIGH)}"
        f"h-{number(WIDE - 2)}z"
        for x, first, length in boxes
    )


def _runs(day: str, letter: str) -> Iterable[tuple[int, int]]:
    """Where the letter begins, and how many of it follow."""
    first = None
    for hour, one in enumerate(day + "."):
        if one == letter and first is None:
            first = hour
        elif one != letter and first is not None:
            yield first, hour - first
            first = None


def _frame(today: date) -> Iterable[Markup]:
    """Hours at the side, days below, and an outline that shows what is empty."""
    for hour in range(0, HOURS + 1, EVERY_HOURS):
        yield tag(
            "path", d=f"M{number(LEFT - 4)} {number(hour * HIGH)}H{number(LEFT + DAYS * WIDE)}", class_="grid"
        )
        if hour < HOURS:
            yield words_at(LEFT - 6, hour * HIGH + 10, f"{hour:02d}", "end")
    for n in range(DAYS - 1, -1, -EVERY_DAYS):
        day = today - timedelta(days=DAYS - 1 - n)
        yield words_at(LEFT + (n + 0.5) * WIDE, BODY + 16, f"{day:%m-%d}", "middle")
    outlines = "".join(
        f"M{number(LEFT + n * WIDE + 1)} 0h{number(WIDE - 2)}v{number(BODY)}h-{number(WIDE - 2)}z"
        for n in range(DAYS)
    )
    yield tag("path", d=outlines, class_="open")


def _account(columns: list[str]) -> Text:
    hours = "".join(columns)
    met, judged, gaps = hours.count("m"), len(hours) - hours.count(NOBODY), hours.count(NOBODY)
    return Text(
        f"met in {met} of {judged} hours judged; {gaps} hours without a verdict",
        f"已判定 {judged} 小时，其中达标 {met} 小时；{gaps} 小时无判定",
    )


def _key() -> Markup:
    names = [
        tag("li", _swatch(FILLS[letter]), beside(word(VERDICTS, verdict))) for verdict, letter in LETTERS.items()
    ]
    gap = tag(
        "li",
        _swatch("none"),
        beside(Text("nobody has judged (gateway off, or the day is not over)", "无判定（网关未运行或时间未到）")),
    )
    said = Text(
        "a column a day, from midnight above to midnight below; the worst of each hour",
        "每列一天，上为零时、下为二十四时；取每小时最差判定",
    )
    return tag("div", tag("ul", names, gap, class_="key"), tag("p", beside(said), class_="quiet"), class_="legend")


def _swatch(fill: str) -> Markup:
    return picture(16, 12, tag("path", d="M.5 .5h15v11h-15z", fill=fill, class_="open"), label="", class_="swatch")


def doubt_pattern() -> Markup:
    """The hatching of what is unknown, for all pictures of a page: stripes read on any printer."""
    paper = tag("path", d="M0 0h5v5H0z", fill="#fff4d6")
    stripe = tag("path", d="M0 5L5 0M-1 1L1 -1M4 6L6 4", stroke=VERDICT_COLOURS["unknown"], stroke_width=1.3)
    pattern = tag("pattern", paper, stripe, id="doubt", width=5, height=5, patternUnits="userSpaceOnUse")
    return tag("svg", tag("defs", pattern), width=0, height=0, aria_hidden="true", fill=INK, class_="defs")
