"""From what the instruments wrote down to the figures of one run; pure."""

import bisect
import itertools
import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field

from bench.cases import DWELL_S, Case
from bench.match import latencies
from bench.records import Exchange, FieldLog, Message
from bench.wire import Medium

DWELL_NS = int(DWELL_S * 1e9)


@dataclass(slots=True)
class Heard:
    """One change: its unit, when (s since the run's first phase), and how long until reply and message."""

    unit: int
    at_s: float
    reply_s: float | None
    message_s: float | None


@dataclass(slots=True)
class PhaseFigures:
    """What one phase came to. `late_us`: how much longer than t3.5 the line stood idle on average.

    `wasted`: the part of the time that requests without an answer held the line.
    """

    seconds: float
    cpu_s: float
    exchanges: int
    unanswered: int
    violations: int
    cycle_ratio: float
    late_us: float
    wasted: float
    changes: list[Heard] = field(default_factory=list)


@dataclass(slots=True)
class Run:
    """One subject through one case.

    `worst_s`: the alarm latency up to the reply that the subject says it never exceeds; NaN if it says nothing.
    `returns_s`: how long after its return each unit was first heard again.
    """

    case: str
    subject: str
    start_s: float
    peak_rss_mb: float
    worst_s: float
    priority: str
    phases: dict[str, PhaseFigures]
    returns_s: list[float]


def hear(log: FieldLog, messages: Sequence[Message], medium: Medium) -> list[tuple[int, Heard]]:
    """Every change with its instant; not those of a unit that died before anyone could have asked it."""
    zero_ns = log.marks[0][0]
    told = latencies(log.flips, messages)
    replies = until_reply(log, medium)
    outages = _outages(log)
    return [
        (flip.at_ns, Heard(flip.point[0], (flip.at_ns - zero_ns) / 1e9, reply_s, message_s))
        for flip, reply_s, message_s in zip(log.flips, replies, told, strict=True)
        if not any(unit == flip.point[0] and 0 <= death_ns - flip.at_ns < DWELL_NS for unit, death_ns in outages)
    ]


def until_reply(log: FieldLog, medium: Medium) -> list[float | None]:
    """For each flip: how long until the reply that carries it was on the wire."""
    answered: dict[int, list[Exchange]] = defaultdict(list)
    for exchange in log.exchanges:
        if exchange.replied_ns:
            answered[exchange.unit].append(exchange)
    sampled = {
        unit: [e.replied_ns - e.reply_bytes * medium.character_s * 1e9 for e in own]
        for unit, own in answered.items()
    }
    found: list[float | None] = []
    for flip in log.flips:
        unit = flip.point[0]
        n = bisect.bisect_left(sampled.get(unit, []), flip.at_ns)
        known = n < len(answered[unit])
        found.append((answered[unit][n].replied_ns - flip.at_ns) / 1e9 if known else None)
    return found


def _outages(log: FieldLog) -> list[tuple[int, int]]:
    """(unit, instant) of each death."""
    return [(int(order.split()[1]), at_ns) for at_ns, order in log.marks if order.startswith("dead ")]


def returns_s(log: FieldLog) -> list[float]:
    """How long after each return the unit was first heard again; infinite if never."""
    found = []
    for at_ns, order in log.marks:
        if order.startswith("alive "):
            unit = int(order.split()[1])
            heard = (e.replied_ns for e in log.exchanges if e.unit == unit and e.replied_ns > at_ns)
            found.append((next(heard, math.inf) - at_ns) / 1e9)
    return found


def windows(log: FieldLog, case: Case) -> dict[str, tuple[int, int]]:
    """Each phase from its mark to the next one's."""
    marks = [at_ns for at_ns, order in log.marks if order.startswith("mark ")]
    return {phase.name: window for phase, window in zip(case.phases, itertools.pairwise(marks), strict=True)}


def phase_figures(
    log: FieldLog,
    changes: Sequence[tuple[int, Heard]],
    window: tuple[int, int],
    spent_s: float,
    medium: Medium,
) -> PhaseFigures:
    """What happened between two instants."""
    start_ns, end_ns = window
    own = [e for e in log.exchanges if start_ns <= e.asked_ns < end_ns]
    gaps_us = [e.gap_ns / 1e3 - medium.silence_s * 1e6 for e in own if e.gap_ns >= 0]
    return PhaseFigures(
        seconds=(end_ns - start_ns) / 1e9,
        cpu_s=spent_s,
        exchanges=len(own),
        unanswered=sum(not e.replied_ns for e in own),
        violations=sum(e.broke for e in own),
        cycle_ratio=cycle_ratio(own, medium),
        late_us=sum(gaps_us) / len(gaps_us) if gaps_us else 0.0,
        wasted=wasted(own),
        changes=[heard for at_ns, heard in changes if start_ns <= at_ns < end_ns],
    )


def cycle_ratio(exchanges: Sequence[Exchange], medium: Medium) -> float:
    """Time taken ÷ time needed, from the first request to the last; NaN of fewer than two."""
    needed_s = sum(medium.exchange_s(e.request_bytes, e.reply_bytes) for e in exchanges[:-1] if e.replied_ns)
    return _span_s(exchanges) / needed_s if needed_s else math.nan


def wasted(exchanges: Sequence[Exchange]) -> float:
    """The part of the time between a request without an answer and the next request."""
    lost_ns = sum(then.asked_ns - e.asked_ns for e, then in itertools.pairwise(exchanges) if not e.replied_ns)
    return lost_ns / 1e9 / _span_s(exchanges) if len(exchanges) > 1 else 0.0


def _span_s(exchanges: Sequence[Exchange]) -> float:
    return (exchanges[-1].asked_ns - exchanges[0].asked_ns) / 1e9 if exchanges else 0.0
