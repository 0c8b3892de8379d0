"""When gates and doors may stand open, and when they did so outside these times. Pure; spans are UTC seconds."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from agent.provisioning.calendar import local, spans
from agent.provisioning.model import Gap, Opening
from agent.school import School

Span = tuple[float, float]


def may_be_open(school: School, since_s: float, now_s: float) -> list[Span]:
    """When gates may stand open; what began the day before may last into the first of these days."""
    first = local(school.calendar, since_s).date() - timedelta(days=1)
    days = [first + timedelta(days=n) for n in range((local(school.calendar, now_s).date() - first).days + 2)]
    open_times = (window for window in school.windows if window.barriers_open)
    return sorted(span for window in open_times for day in days if (span := spans(window, school.calendar, day)))


def stood_open(seen: Iterable[Opening | Gap], within: Span, allowed: Sequence[Span]) -> list[Span]:
    """When it stood open within that time and outside the allowed ones; what touches is one."""
    first_s, now_s = within
    stood = [
        (max(first_s, one.first_utc_s), min(now_s, now_s if one.last_utc_s is None else one.last_utc_s))
        for one in seen
    ]
    for start, end in allowed:
        stood = [part for one in stood for part in ((one[0], min(one[1], start)), (max(one[0], end), one[1]))]
        stood = [part for part in stood if length_s(part) > 0]
    return _joined(stood)


def length_s(span: Span) -> float:
    """How long it is."""
    return span[1] - span[0]


def _joined(parts: Iterable[Span]) -> list[Span]:
    whole: list[Span] = []
    for start, end in sorted(parts):
        if whole and start <= whole[-1][1]:
            whole[-1] = (whole[-1][0], max(whole[-1][1], end))
        else:
            whole.append((start, end))
    return whole
