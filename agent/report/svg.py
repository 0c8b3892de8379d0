"""Drawing: signs of verdicts and states that read without colour, and the picture's frame."""

from collections.abc import Iterable, Mapping

from agent.provisioning.model import Text
from agent.report.html import Child, Markup, number, tag
from agent.report.words import VERDICTS, word

INK, MUTED, LINE, PAPER = "#18212b", "#55606e", "#c9d1d9", "#ffffff"
VERDICT_COLOURS: Mapping[str, str] = {"met": "#17694f", "not_met": "#a3221b", "unknown": "#7a5200"}

# One 24 × 24 sign each: a tick in a disc, a cross in a square, a question mark in a diamond. Shape says it alone.
OUTLINES: Mapping[str, str] = {
    "met": "M12 1a11 11 0 1 1 0 22a11 11 0 1 1 0-22z",
    "not_met": "M4.5 1.5h15a3 3 0 0 1 3 3v15a3 3 0 0 1-3 3h-15a3 3 0 0 1-3-3v-15a3 3 0 0 1 3-3z",
    "unknown": "M12 .8L23.2 12L12 23.2L.8 12z",
}
STROKES: Mapping[str, str] = {
    "met": "M6.5 12.5l4 4l7-8.5",
    "not_met": "M7.5 7.5l9 9M16.5 7.5l-9 9",
    "unknown": "M9 9.6a3 3 0 1 1 4.4 2.7c-1 .5-1.4 1.1-1.4 2M12 17.3v.4",
}


def picture(width: float, height: float, *children: Child, label: str, class_: str | None = None) -> Markup:
    """A picture that grows with its frame; `label` is what it says to who cannot see it."""
    box = f"0 0 {number(width)} {number(height)}"
    return tag(
        "svg", *children, viewBox=box, width=width, height=height, role="img", aria_label=label, class_=class_
    )


def sign(verdict: str, size: float = 20) -> Markup:
    """The verdict's sign."""
    return picture(24, 24, *_sign(verdict), label=_spoken(word(VERDICTS, verdict)), class_=f"sign s{size:g}")


def sign_at(verdict: str, x: float, y: float, size: float) -> Markup:
    """The verdict's sign within a picture, its middle at x, y."""
    scale = size / 24
    move = f"translate({number(x - size / 2)} {number(y - size / 2)}) scale({number(scale)})"
    return tag("g", *_sign(verdict), transform=move)


def _sign(verdict: str) -> Iterable[Markup]:
    yield tag("path", d=OUTLINES[verdict], fill=VERDICT_COLOURS[verdict])
    yield tag("path", d=STROKES[verdict], class_="mark")


def _spoken(text: Text) -> str:
    return f"{text.zh} {text.en}"


def spoken(text: Text) -> str:
    """Both languages as one plain string, for labels."""
    return _spoken(text)


def words_at(
    x: float, y: float, text: str, anchor: str = "start", class_: str = "label", turn: float = 0
) -> Markup:
    """A text in a picture, turned about its place."""
    move = f"rotate({number(turn)} {number(x)} {number(y)})" if turn else None
    return tag("text", text, x=x, y=y, text_anchor=anchor, class_=class_, transform=move)
