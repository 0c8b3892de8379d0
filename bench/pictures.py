"""The measurement as pictures: how latencies are distributed, and what a dead unit does to the others."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.cases import BACKOFF, CASES, CHANGES, FLOOR, GATEWAY, PLAIN, Case
from bench.pool import Pool, Pools
from bench.report import SUBJECTS
from bench.stats import percentile

COLOURS = {GATEWAY: "#0b6e4f", FLOOR: "#555555", BACKOFF: "#999999", PLAIN: "#c8553d"}
STYLE: Any = {
    "svg.fonttype": "none",
    "svg.hashsalt": "bench",
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
}
BIN_S = 0.5
PANELS = ("rtu9600", "rtu115200", "tcp")


def draw(pools: Pools, into: Path) -> None:
    """Write both pictures as SVG."""
    import matplotlib as mpl
    from matplotlib import pyplot

    mpl.use("svg")
    mpl.rcParams.update(STYLE)
    into.mkdir(parents=True, exist_ok=True)
    for name, figure in (("latency", _latency(pyplot, pools)), ("dead", _dead(pyplot, pools))):
        figure.savefig(into / f"{name}.svg", metadata={"Date": None}, bbox_inches="tight")
        pyplot.close(figure)


def _latency(pyplot: Any, pools: Pools) -> Any:
    """Which part of the changes had arrived after how long; one panel a field."""
    cases = [case for case in CASES if case.name in PANELS and (case.name, GATEWAY) in pools]
    figure, axes = pyplot.subplots(1, len(cases), figsize=(3.4 * len(cases), 2.8), squeeze=False, sharey=True)
    for case, axis in zip(cases, axes[0], strict=True):
        for subject in case.subjects:
            _curve(axis, subject, pools[case.name, subject])
        axis.set_title(case.title, loc="left", fontsize=9)
        axis.set_xlabel("ms from change to message")
        axis.set_xlim(left=0)
        axis.grid(alpha=0.25)
    axes[0][0].set_ylabel("% arrived")
    axes[0][-1].legend(frameon=False, loc="lower right")
    return figure


def _curve(axis: Any, subject: str, pool: Pool) -> None:
    told = [c.message_s for c in pool.changes(CHANGES) if c.message_s is not None]
    percents = [n / 2 for n in range(201)]
    values = [percentile(told, percent) * 1e3 for percent in percents]
    axis.plot(values, percents, color=COLOURS[subject], label=SUBJECTS[subject], linewidth=1.4)


def _dead(pyplot: Any, pools: Pools) -> Any:
    """The slowest change of the living units in each half second; one panel a subject."""
    case = next(case for case in CASES if case.name == "dead")
    figure, axes = pyplot.subplots(
        len(case.subjects), 1, figsize=(8, 6.4), squeeze=False, sharex=True, sharey=True
    )
    spans = _spans(pools["dead", GATEWAY], case)
    for subject, (axis,) in zip(case.subjects, axes, strict=True):
        _steps(axis, subject, pools["dead", subject])
        axis.set_yscale("log")
        axis.set_ylabel("ms")
        axis.set_title(SUBJECTS[subject], loc="left", fontsize=9, color=COLOURS[subject])
        for start_s, end_s, dead in spans:
            axis.axvspan(start_s, end_s, color="#c8553d", alpha=0.05 * dead, linewidth=0)
        axis.grid(alpha=0.25)
    for start_s, end_s, dead in spans:
        axes[0][0].text(
            (start_s + end_s) / 2, 1.0, f"{dead} dead", transform=_mixed(axes[0][0]), ha="center", va="top"
        )
    axes[-1][0].set_xlabel("s; the slowest change of living units in each half second, the worst round")
    return figure


def _mixed(axis: Any) -> Any:
    """x in seconds, y in parts of the panel."""
    return axis.get_xaxis_transform()


def _spans(pool: Pool, case: Case) -> list[tuple[float, float, int]]:
    """When one and when four units were dead."""
    starts, at_s = {}, 0.0
    for phase in case.phases:
        starts[phase.name] = at_s
        at_s += pool.runs[0].phases[phase.name].seconds
    return [
        (starts["one falls"], starts["three more fall"], 1),
        (starts["three more fall"], starts["they return"], 4),
    ]


def _steps(axis: Any, subject: str, pool: Pool) -> None:
    slowest: dict[int, float] = {}
    for run in pool.runs:
        for change in (c for phase in run.phases.values() for c in phase.changes):
            if change.message_s is not None:
                at = int(change.at_s / BIN_S)
                slowest[at] = max(slowest.get(at, 0.0), change.message_s)
    bins: Sequence[int] = sorted(slowest)
    axis.step([n * BIN_S for n in bins], [slowest[n] * 1e3 for n in bins], where="post", color=COLOURS[subject])
