"""Small pictures of long runs."""

from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bench.endurance.fit import Points
from bench.pictures import STYLE

COLOUR, WARM = "#0b6e4f", "#dddddd"


def can_draw() -> bool:
    """Matplotlib is there; the page does without pictures otherwise."""
    return find_spec("matplotlib") is not None


def draw_curves(rows: Mapping[str, Points], unit_s: float, unit: str, warm_s: float, path: Path) -> None:
    """One panel a row, over time; the warm-up is shaded."""
    pyplot = _pyplot()
    figure, axes = pyplot.subplots(len(rows), 1, figsize=(8, 1.3 * len(rows) + 0.4), squeeze=False, sharex=True)
    for (name, points), (axis,) in zip(rows.items(), axes, strict=True):
        axis.plot([at_s / unit_s for at_s, _ in points], [v for _, v in points], color=COLOUR, linewidth=1.2)
        axis.axvspan(0, warm_s / unit_s, color=WARM, alpha=0.5, linewidth=0)
        axis.set_title(name, loc="left", fontsize=9)
        axis.set_ylim(bottom=0)
        axis.grid(alpha=0.25)
    axes[-1][0].set_xlabel(unit)
    _save(pyplot, figure, path)


def draw_spread(rows: Mapping[str, Sequence[float]], bound: float, label: str, path: Path) -> None:
    """How often which duration came, one panel a row; the bound is dashed."""
    pyplot = _pyplot()
    figure, axes = pyplot.subplots(1, len(rows), figsize=(3.6 * len(rows), 2.4), squeeze=False)
    for (name, values), axis in zip(rows.items(), axes[0], strict=True):
        axis.hist(values, bins=40, color=COLOUR)
        axis.axvline(bound, color="#c8553d", linestyle="--", linewidth=1)
        axis.set_title(name, loc="left", fontsize=9)
        axis.set_xlabel(label)
        axis.set_xlim(left=0)
    _save(pyplot, figure, path)


def _pyplot() -> Any:
    import matplotlib as mpl
    from matplotlib import pyplot

    mpl.use("svg")
    mpl.rcParams.update(STYLE)
    return pyplot


def _save(pyplot: Any, figure: Any, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.tight_layout()
    figure.savefig(path, metadata={"Date": None}, bbox_inches="tight")
    pyplot.close(figure)
