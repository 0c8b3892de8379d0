"""When a drill shall end, as people say it: `+30m`, `10:45` on the school's clock, or date and time. Pure."""

import re
from datetime import datetime, time, timedelta

from agent.errors import OrderRefused
from agent.provisioning.calendar import local
from agent.school import Calendar

MOST_S = 8 * 3600.0
UNITS_S = {"s": 1.0, "m": 60.0, "h": 3600.0}
SPAN = re.compile(r"\+(\d{1,5})([smh])")
CLOCK = re.compile(r"(\d{1,2}):(\d{2})")


def until_utc_s(said: str, calendar: Calendar, now_utc_s: float) -> float:
    """The end as UTC seconds; raises OrderRefused where nobody can have meant it."""
    end_utc_s = _meant(said.strip(), calendar, now_utc_s)
    if end_utc_s is None:
        raise OrderRefused("{said} is no end: write +30m, 10:45, or 2026-03-02T10:45:00+08:00", said=repr(said))
    if end_utc_s <= now_utc_s:
        raise OrderRefused("the end time is in the past")
    if end_utc_s - now_utc_s > MOST_S:
        raise OrderRefused("a drill ends after {most} hours at most", most=f"{MOST_S / 3600:g}")
    return end_utc_s


def _meant(said: str, calendar: Calendar, now_utc_s: float) -> float | None:
    if span := SPAN.fullmatch(said):
        return now_utc_s + int(span[1]) * UNITS_S[span[2]]
    if clock := CLOCK.fullmatch(said):
        return _next(int(clock[1]), int(clock[2]), calendar, now_utc_s)
    try:
        given = datetime.fromisoformat(said)
    except ValueError:
        return None
    return given.timestamp() if given.tzinfo is not None else None


def _next(hour: int, minute: int, calendar: Calendar, now_utc_s: float) -> float | None:
    """The next time that the school's clock shows it: today, else tomorrow."""
    if hour > 23 or minute > 59:
        return None
    now = local(calendar, now_utc_s)
    today = datetime.combine(now.date(), time(hour, minute), now.tzinfo)
    found = today if today.timestamp() > now_utc_s else today + timedelta(days=1)
    return found.timestamp()
