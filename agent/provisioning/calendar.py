"""Which days are school days, and from when until when a window or a shift is: local times as UTC seconds. Pure.

Where the clock is put forward or back a local time is missing or there twice. A window or shift then has its wider
reading: it starts at the earlier moment that its start may mean, and ends at the later one that its end may mean.
"""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from agent.school import Calendar, Shift, Window

LOOK_BACK_DAYS = 400  # more than a school year with its holidays
LATEST_UTC_S = 253_370_764_800.0  # 9999-01-01: a clock that is wrong must not fall off the end of the calendar
DAY = timedelta(days=1)

Time = TypeVar("Time", Window, Shift)


def local(calendar: Calendar, utc_s: float) -> datetime:
    """What the clock on the school's wall shows."""
    return datetime.fromtimestamp(min(max(0.0, utc_s), LATEST_UTC_S), ZoneInfo(calendar.time_zone))


def is_school_day(calendar: Calendar, day: date) -> bool:
    """A make-up day always; else an ordinary school day of a term that is no holiday."""
    if day in calendar.make_up_days:
        return True
    in_term = not calendar.terms or any(term.first <= day <= term.last for term in calendar.terms)
    holiday = any(days.first <= day <= days.last for days in calendar.holidays)
    return in_term and not holiday and day.isoweekday() in calendar.weekdays


def spans(one: Window | Shift, calendar: Calendar, day: date) -> tuple[float, float] | None:
    """From when until when (UTC seconds) the one that starts on this day is, or None.

    Somebody must stand in a window with roles `lead_s` before it starts: that belongs to it.
    """
    lead_s = one.lead_s if isinstance(one, Window) and one.roles else 0.0
    every_day = isinstance(one, Shift) and one.every_day
    if not every_day and not is_school_day(calendar, day):
        return None
    last = day if one.ends > one.starts else day + DAY
    return min(_meant(calendar, day, one.starts)) - lead_s, max(_meant(calendar, last, one.ends))


def current(windows: Iterable[Time], calendar: Calendar, utc_s: float) -> tuple[Time, ...]:
    """Those windows or shifts that are now; the first second is in them, the last is not."""
    return tuple(one for one in windows if current_span(one, calendar, utc_s) is not None)


def current_span(one: Window | Shift, calendar: Calendar, utc_s: float) -> tuple[float, float] | None:
    """From when until when it is, if it is now: one of yesterday may last until today, tomorrow's lead be here."""
    today = local(calendar, utc_s).date()
    for day in (today - DAY, today, today + DAY):
        if (span := spans(one, calendar, day)) is not None and span[0] <= utc_s < span[1]:
            return span
    return None


def school_days_before(calendar: Calendar, utc_s: float, count: int) -> list[date]:
    """The last so many school days before today, the newest first; fewer where LOOK_BACK_DAYS have no more."""
    today = local(calendar, utc_s).date()
    found: list[date] = []
    for back in range(1, LOOK_BACK_DAYS + 1):
        if len(found) >= count:
            break
        if is_school_day(calendar, day := today - back * DAY):
            found.append(day)
    return found


def _meant(calendar: Calendar, day: date, at: time) -> tuple[float, float]:
    """The moments that a local time may mean: twice the same but where the clock is put forward or back."""
    shown = datetime.combine(day, at, ZoneInfo(calendar.time_zone))
    return shown.replace(fold=0).timestamp(), shown.replace(fold=1).timestamp()
