"""How fast people and platforms were reached: a bar each, on one scale, its figure beside it."""

from agent.report.html import Markup, tag
from agent.report.svg import picture
from agent.report.times import seconds

WIDTH, HEIGHT = 120, 12


def bar(length_s: float | None, longest_s: float) -> Markup:
    """The bar of one time; an empty broken frame where it never came."""
    if length_s is None:
        box = tag("path", d=f"M.5 .5h{WIDTH - 1}v{HEIGHT - 1}h-{WIDTH - 1}z", class_="bar none")
        return picture(WIDTH, HEIGHT, box, label="—")
    wide = max(1.5, WIDTH * length_s / longest_s) if longest_s > 0 else 1.5
    return picture(
        WIDTH,
        HEIGHT,
        tag("path", d=f"M0 0h{wide:.1f}v{HEIGHT}h-{wide:.1f}z", class_="bar"),
        label=seconds(length_s),
    )
