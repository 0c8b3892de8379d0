"""Lines that cannot meet their alarm-latency budget, with the numbers and what it would take."""

from collections.abc import Mapping
from dataclasses import replace

from agent.config.source import Source
from agent.errors import Mistake
from agent.language import tr
from agent.polling.plan import line_times
from agent.site import LinePlan
from drivers.stream import SerialPort

STANDARD_BAUDS = (4800, 9600, 19200, 38400, 57600, 115200)
KEY = "alarm_latency_budget_s"


def too_slow(source: Source, plans: Mapping[int, LinePlan]) -> list[Mistake]:
    """Every line whose slowest alarm point takes longer than its budget."""
    mistakes = []
    for n, plan in plans.items():
        worst = line_times(plan).worst
        if worst is not None and worst.worst_s > plan.alarm_latency_budget_s:
            said = tr(
                "line {line} cannot meet its alarm-latency budget of {budget:.2f} s: {unit}.{point} takes"
                " up to {worst:.2f} s; {remedy}",
                line=plan.id,
                budget=plan.alarm_latency_budget_s,
                unit=worst.unit,
                point=worst.points[0],
                worst=worst.worst_s,
                remedy=_remedy(plan),
            )
            key = KEY if KEY in source.document["lines"][n] else "id"
            mistakes.append(source.mistake(("lines", n, key), said))
    return mistakes


def _remedy(plan: LinePlan) -> str:
    """What it would take: a higher baud rate, fewer units, or a larger budget."""
    worst = line_times(plan).worst
    assert worst is not None
    said = tr("raise the budget to {needed:.2f} s, or move units to another line", needed=worst.worst_s + 0.005)
    if isinstance(plan.endpoint, SerialPort):
        for baud in STANDARD_BAUDS:
            if baud > plan.endpoint.baud and _fits(plan, baud):
                return tr("set the line to {baud} baud, or ", baud=baud) + said
    return said


def _fits(plan: LinePlan, baud: int) -> bool:
    endpoint = plan.endpoint
    assert isinstance(endpoint, SerialPort)
    worst = line_times(replace(plan, endpoint=replace(endpoint, baud=baud))).worst
    return worst is not None and worst.worst_s <= plan.alarm_latency_budget_s
