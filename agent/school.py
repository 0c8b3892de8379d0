"""What the configuration declares of the school: people, times and facts, each with who said it and when."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time

Fact = bool | float | str


@dataclass(frozen=True, slots=True)
class Declared:
    """One declared fact, such as `pupils`: who said it, and on which day."""

    value: Fact
    by: str
    on: date


@dataclass(frozen=True, slots=True)
class Days:
    """From the first day to the last, both included."""

    first: date
    last: date


@dataclass(frozen=True, slots=True)
class Calendar:
    """Which days are school days: within a term, on these weekdays (1 Monday … 7 Sunday), but for holidays.

    A make-up day is a school day whatever else is said of it. Without terms every day of the year is in one.
    """

    time_zone: str = "Asia/Shanghai"
    weekdays: frozenset[int] = frozenset({1, 2, 3, 4, 5})
    terms: tuple[Days, ...] = ()
    holidays: tuple[Days, ...] = ()
    make_up_days: frozenset[date] = frozenset()


@dataclass(frozen=True, slots=True)
class Window:
    """A time of every school day, such as arrival; one whose end is before its start ends on the next day.

    `roles`: who must stand at the escort post in it, how many of each; empty: it is only a time.
    `barriers_open`: gates may stand open in it.
    """

    id: str
    starts: time
    ends: time
    title: str = ""
    roles: Mapping[str, int] = field(default_factory=dict)
    lead_s: float = 0.0
    barriers_open: bool = True


@dataclass(frozen=True, slots=True)
class Shift:
    """So many of a role are on duty between these times, every day or on school days only."""

    id: str
    role: str
    starts: time
    ends: time
    at_least: int = 1
    every_day: bool = True


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who signs on: by these cards (hex digits), or by name."""

    id: str
    name: str
    role: str
    cards: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Responsible:
    """A step of the responsibility chain: what waits longer than `after_s` is theirs, told by these channels."""

    role: str
    name: str
    after_s: float
    channels: tuple[str, ...] = ("platform",)


@dataclass(frozen=True, slots=True)
class School:
    """All of it; `packs` are the ids of the rule packs that this school is judged by.

    Whoever has not signed off `sign_on_most_s` after they signed on is off.
    """

    packs: tuple[str, ...]
    facts: Mapping[str, Declared]
    calendar: Calendar
    windows: tuple[Window, ...] = ()
    shifts: tuple[Shift, ...] = ()
    people: tuple[Person, ...] = ()
    chain: tuple[Responsible, ...] = ()
    sign_on_most_s: float = 14 * 3600.0
