"""School days, windows and shifts, as tables: zones that change their clocks, make-up days, midnight."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from agent.provisioning.calendar import (
    LOOK_BACK_DAYS,
    current,
    current_span,
    is_school_day,
    local,
    school_days_before,
    spans,
)
from agent.school import Calendar, Days, Shift, Window

CHINA = Calendar(
    terms=(Days(date(2026, 9, 1), date(2027, 1, 20)), Days(date(2027, 2, 22), date(2027, 7, 2))),
    holidays=(Days(date(2026, 10, 1), date(2026, 10, 7)), Days(date(2026, 9, 25), date(2026, 9, 27))),
    make_up_days=frozenset({date(2026, 9, 20), date(2026, 10, 10), date(2026, 10, 5)}),
)
BERLIN = Calendar("Europe/Berlin", weekdays=frozenset(range(1, 8)))
ARRIVAL = Window("arrival", time(7, 20), time(8, 0), roles={"guard": 2}, lead_s=1200.0)
NIGHT = Shift("night", "guard", time(19, 0), time(7, 0))


def utc(text: str) -> float:
    """Seconds of an ISO time in UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("day", "school", "why"),
    [
        ("2026-09-01", True, "the first day of the term, a Tuesday"),
        ("2026-08-31", False, "the day before it"),
        ("2027-01-20", True, "the last day of the term"),
        ("2027-01-21", False, "the day after it"),
        ("2026-09-12", False, "a Saturday"),
        ("2026-09-20", True, "a make-up Sunday"),
        ("2026-10-10", True, "a make-up Saturday"),
        ("2026-09-25", False, "a holiday within the week, a Friday"),
        ("2026-09-24", True, "the day before a holiday"),
        ("2026-10-01", False, "the first day of the holidays"),
        ("2026-10-07", False, "the last day of the holidays"),
        ("2026-10-08", True, "the day after them"),
        ("2026-10-05", True, "a make-up day wins over a holiday"),
    ],
)
def test_a_day_is_a_school_day_or_not(day: str, school: bool, why: str) -> None:
    assert is_school_day(CHINA, date.fromisoformat(day)) is school, why


def test_without_terms_all_the_year_is_term() -> None:
    assert is_school_day(Calendar(), date(2030, 8, 1))
    assert not is_school_day(Calendar(), date(2030, 8, 3))


@pytest.mark.parametrize(
    ("calendar", "at", "shown"),
    [
        (CHINA, "2026-11-24T23:30", "2026-11-25T07:30:00+08:00"),
        (BERLIN, "2026-03-29T00:59:59", "2026-03-29T01:59:59+01:00"),
        (BERLIN, "2026-03-29T01:00", "2026-03-29T03:00:00+02:00"),
        (BERLIN, "2026-10-25T01:30", "2026-10-25T02:30:00+01:00"),
    ],
)
def test_the_clock_on_the_wall(calendar: Calendar, at: str, shown: str) -> None:
    assert local(calendar, utc(at)).isoformat() == shown


@pytest.mark.parametrize(
    ("one", "calendar", "day", "first", "last"),
    [
        (ARRIVAL, CHINA, "2026-09-01", "2026-08-31T23:00", "2026-09-01T00:00"),
        (NIGHT, CHINA, "2026-09-05", "2026-09-05T11:00", "2026-09-05T23:00"),
        (Shift("day", "guard", time(7), time(7)), CHINA, "2026-09-05", "2026-09-04T23:00", "2026-09-05T23:00"),
        (Window("late", time(23), time(0, 30), roles={}, lead_s=600.0), CHINA, "2026-09-01", "2026-09-01T15:00",
         "2026-09-01T16:30"),
        # Berlin: winter, summer, the night forward (11 h) and the night back (13 h)
        (ARRIVAL, BERLIN, "2026-01-15", "2026-01-15T06:00", "2026-01-15T07:00"),
        (ARRIVAL, BERLIN, "2026-07-15", "2026-07-15T05:00", "2026-07-15T06:00"),
        (NIGHT, BERLIN, "2026-03-28", "2026-03-28T18:00", "2026-03-29T05:00"),
        (NIGHT, BERLIN, "2026-10-24", "2026-10-24T17:00", "2026-10-25T06:00"),
        # 02:30 is missing on 29 March and there twice on 25 October: the wider reading
        (Shift("a", "g", time(2, 30), time(4)), BERLIN, "2026-03-29", "2026-03-29T00:30", "2026-03-29T02:00"),
        (Shift("b", "g", time(1), time(2, 30)), BERLIN, "2026-03-29", "2026-03-29T00:00", "2026-03-29T01:30"),
        (Shift("a", "g", time(2, 30), time(4)), BERLIN, "2026-10-25", "2026-10-25T00:30", "2026-10-25T03:00"),
        (Shift("b", "g", time(1), time(2, 30)), BERLIN, "2026-10-25", "2026-10-24T23:00", "2026-10-25T01:30"),
    ],
)  # fmt: skip
def test_a_window_or_shift_has_its_span_in_utc(
    one: Window | Shift, calendar: Calendar, day: str, first: str, last: str
) -> None:
    assert spans(one, calendar, date.fromisoformat(day)) == (utc(first), utc(last))


def test_no_window_is_on_a_day_without_school_and_a_shift_only_if_it_is_every_day() -> None:
    saturday, make_up = date(2026, 9, 12), date(2026, 10, 10)
    assert spans(ARRIVAL, CHINA, saturday) is None
    assert spans(ARRIVAL, CHINA, make_up) is not None
    assert spans(NIGHT, CHINA, saturday) is not None
    assert spans(Shift("n", "guard", time(19), time(7), every_day=False), CHINA, saturday) is None


@pytest.mark.parametrize(
    ("at", "names"),
    [
        ("2026-08-31T22:59:59", []),  # 06:59:59 in Shanghai; post from 07:00 on
        ("2026-08-31T23:00", ["arrival"]),
        ("2026-08-31T23:59:59", ["arrival"]),
        ("2026-09-01T00:00", []),
        ("2026-09-01T15:30", ["late"]),
        ("2026-09-01T16:29:59", ["late"]),  # 00:29:59 of the next day
        ("2026-09-01T16:30", []),
        ("2026-09-11T16:10", ["late"]),  # Saturday morning: it belongs to Friday
        ("2026-09-12T15:30", []),
    ],
)
def test_what_is_now_also_across_midnight(at: str, names: list[str]) -> None:
    late = Window("late", time(23), time(0, 30), roles={"guard": 1})
    assert [one.id for one in current((ARRIVAL, late), CHINA, utc(at))] == names


def test_the_lead_of_tomorrows_window_is_here_today() -> None:
    dawn = Window("dawn", time(0, 10), time(1), roles={"guard": 1}, lead_s=1800.0)
    assert current((dawn,), CHINA, utc("2026-09-02T15:45")) == (dawn,)  # 23:45 in Shanghai
    assert current((dawn,), CHINA, utc("2026-09-04T15:45")) == (), "Saturday has none"


def test_every_moment_of_a_year_is_in_a_shift_of_all_day_whatever_the_clock_does() -> None:
    halves = (Shift("day", "g", time(2, 30), time(14, 30)), Shift("night", "g", time(14, 30), time(2, 30)))
    for hour in range(365 * 24):
        at = utc("2026-01-01") + hour * 3600.0 + 1
        assert current(halves, BERLIN, at), hour
        for one in current(halves, BERLIN, at):
            first, last = current_span(one, BERLIN, at) or (0.0, 0.0)
            assert first <= at < last <= first + timedelta(hours=14).total_seconds()


def test_the_last_school_days_are_found_over_weekend_holiday_and_make_up_day() -> None:
    monday = utc("2026-10-12T00:30")  # 08:30 in Shanghai
    assert school_days_before(CHINA, monday, 6) == [
        date(2026, 10, 10),
        date(2026, 10, 9),
        date(2026, 10, 8),
        date(2026, 10, 5),
        date(2026, 9, 30),
        date(2026, 9, 29),
    ]


def test_looking_back_has_an_end() -> None:
    never = Calendar(weekdays=frozenset())
    assert school_days_before(never, utc("2026-10-12"), 5) == []
    assert school_days_before(Calendar(), utc("2026-10-12"), 0) == []
    assert len(school_days_before(Calendar(), utc("2026-10-12"), 10_000)) <= LOOK_BACK_DAYS


@pytest.mark.parametrize("utc_s", [0.0, -1.0, 253_402_300_799.0, 1e15])
def test_a_clock_that_is_far_off_breaks_nothing(utc_s: float) -> None:
    assert current((ARRIVAL,), CHINA, utc_s) == ()
    assert len(school_days_before(Calendar(), utc_s, 3)) == 3
