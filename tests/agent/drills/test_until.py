"""When a drill shall end, as people say it."""

from datetime import datetime

import pytest

from agent.drills.until import MOST_S, until_utc_s
from agent.errors import OrderRefused
from agent.school import Calendar

SHANGHAI, BERLIN = Calendar("Asia/Shanghai"), Calendar("Europe/Berlin")


def utc(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()


@pytest.mark.parametrize(
    ("said", "calendar", "now", "end"),
    [
        ("+30m", SHANGHAI, "2026-11-24T10:00+08:00", "2026-11-24T10:30+08:00"),
        (" +90s ", SHANGHAI, "2026-11-24T10:00+08:00", "2026-11-24T10:01:30+08:00"),
        ("+8h", SHANGHAI, "2026-11-24T10:00+08:00", "2026-11-24T18:00+08:00"),
        ("10:45", SHANGHAI, "2026-11-24T10:00+08:00", "2026-11-24T10:45+08:00"),
        ("10:45", BERLIN, "2026-07-01T10:00+02:00", "2026-07-01T10:45+02:00"),
        ("0:15", SHANGHAI, "2026-11-24T23:50+08:00", "2026-11-25T00:15+08:00"),
        ("3:30", BERLIN, "2026-03-29T01:30+01:00", "2026-03-29T03:30+02:00"),
        ("2026-11-24T03:00:00Z", SHANGHAI, "2026-11-24T10:00+08:00", "2026-11-24T11:00+08:00"),
    ],
)
def test_it_is_understood(said: str, calendar: Calendar, now: str, end: str) -> None:
    assert until_utc_s(said, calendar, utc(now)) == utc(end)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("", "no end"),
        ("soon", "no end"),
        ("24:00", "no end"),
        ("10:60", "no end"),
        ("+30", "no end"),
        ("-30m", "no end"),
        ("2026-11-24T11:00:00", "no end"),  # of which zone?
        ("+0m", "past"),
        ("2026-11-24T01:59:59Z", "past"),
        ("+481m", "8 hours"),
        ("9:59", "8 hours"),
        ("9999-12-31T23:59:59Z", "8 hours"),
    ],
)
def test_what_nobody_can_have_meant_is_refused(said: str, why: str) -> None:
    with pytest.raises(OrderRefused, match=why):
        until_utc_s(said, SHANGHAI, utc("2026-11-24T10:00+08:00"))


def test_no_drill_is_longer_than_the_longest() -> None:
    now = utc("2026-11-24T10:00+08:00")
    assert until_utc_s("18:00", SHANGHAI, now) - now == MOST_S
