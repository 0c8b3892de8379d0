"""The demo school's own day: a school day whatever the calendar says, whose escort window ends soon."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

LEAST_S = 25.0  # from the start of everything to the end of the window: long enough to sign on in it


def as_today(school: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The school as declared, with every window from now to a full minute soon; `now` is local time."""
    starts = now.replace(second=0, microsecond=0)
    ends = starts + timedelta(minutes=1)
    if (ends - now).total_seconds() < LEAST_S:
        ends += timedelta(minutes=1)
    between = {"starts": f"{starts:%H:%M}", "ends": f"{ends:%H:%M}"}
    days = [starts.date(), ends.date()]  # a day may end in a demo
    calendar = {"terms": [{"first": days[0], "last": days[1]}], "make_up_days": sorted(set(days))}
    return {**school, "calendar": calendar, "windows": [{**one, **between} for one in school["windows"]]}
