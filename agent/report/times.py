"""Moments on the school's clock, ages and shares as people read them."""

import math
from dataclasses import dataclass
from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from agent.provisioning.model import Text

NEVER = "—"
# From so many seconds on a span is told in the next greater unit: it has two digits mostly.
STEPS = ((90.0, 1.0, "s", "秒"), (5400.0, 60.0, "min", "分钟"), (129600.0, 3600.0, "h", "小时"))
DAY_S = 86400.0


@dataclass(frozen=True, slots=True)
class SchoolClock:
    """The zone that a page tells its times in."""

    zone: tzinfo
    name: str

    def at(self, utc_s: float) -> datetime:
        """That moment there."""
        return datetime.fromtimestamp(utc_s, self.zone)

    def moment(self, utc_s: float | None, none: str = NEVER) -> str:
        """A date and a time of day."""
        return none if utc_s is None else f"{self.at(utc_s):%Y-%m-%d %H:%M}"

    def exact(self, utc_s: float) -> str:
        """To the second."""
        return f"{self.at(utc_s):%Y-%m-%d %H:%M:%S}"

    def day(self, utc_s: float) -> date:
        """The day there."""
        return self.at(utc_s).date()

    def zone_of(self, utc_s: float) -> str:
        """The zone and its offset then."""
        offset = f"{self.at(utc_s):%z}"
        return f"UTC{offset[:3]}:{offset[3:5]} {self.name}"


def school_clock(time_zone: str) -> SchoolClock:
    """The clock of that zone; UTC, and said so, where nobody here knows it."""
    try:
        return SchoolClock(ZoneInfo(time_zone), time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return SchoolClock(UTC, "UTC")


def span(length_s: float) -> Text:
    """So long, as people say it."""
    for below_s, unit_s, en, zh in STEPS:
        if length_s < below_s:
            return Text(f"{round(length_s / unit_s)} {en}", f"{round(length_s / unit_s)} {zh}")
    return Text(f"{round(length_s / DAY_S)} d", f"{round(length_s / DAY_S)} 天")


def seconds(length_s: float) -> str:
    """How fast it was."""
    return f"{length_s:.2f} s" if length_s < 10 else f"{length_s:.0f} s"


def percent(share: float) -> str:
    """Never more than there is: all but one of a thousand is not 100 %."""
    return f"{math.floor(share * 100 + 1e-9)}%"
