"""The configuration's `school`: what is declared of it, its people, its times, its responsibility chain."""

from datetime import date, time
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field

from agent.config.forms import CARD, CLOCK_TIME, FACT, Id, Model
from agent.school import Calendar, Days, Declared, Person, Responsible, School, Shift, Window

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
Channel = Literal["sounder", "platform", "second_platform"]


ClockTime = Annotated[str, Field(pattern=CLOCK_TIME)]
CardCode = Annotated[str, Field(pattern=CARD)]
FactName = Annotated[str, Field(pattern=FACT)]


class DaysModel(Model):
    """From a day to a day, both included."""

    first: date = Field(description="first day", examples=["2026-10-01"])
    last: date = Field(description="last day", examples=["2026-10-08"])


class CalendarModel(Model):
    """Which days are school days."""

    weekdays: list[Weekday] = Field(["mon", "tue", "wed", "thu", "fri"], description="ordinary school days")
    terms: list[DaysModel] = Field([], description="nothing outside is a school day; all the year if empty")
    holidays: list[DaysModel] = Field([], description="no school on these")
    make_up_days: list[date] = Field([], description="school on these, whatever weekday they are")


class WindowModel(Model):
    """A time of every school day, such as arrival."""

    id: Id = Field(description="its name in reports", examples=["arrival"])
    title: str = Field("", description="what people call it")
    starts: ClockTime = Field(description="local time", examples=['"07:20"'])
    ends: ClockTime = Field(description="local time; before `starts`: on the next day", examples=['"08:00"'])
    roles: dict[Id, Annotated[int, Field(ge=1, le=50)]] = Field({}, description="who stands at the escort post")
    # 15 to 30 min before arrival in local notices (Sui county 2022: 20 min)
    lead_s: float = Field(0.0, ge=0, le=7200, description="so long before it starts they are on post")
    barriers_open: bool = Field(True, description="gates may stand open in it")


class ShiftModel(Model):
    """A role on duty between two times."""

    id: Id = Field(description="its name in reports", examples=["night"])
    role: Id = Field("guard", description="who")
    starts: ClockTime = Field(description="local time", examples=['"19:00"'])
    ends: ClockTime = Field(description="local time; not after `starts`: on the next day", examples=['"07:00"'])
    at_least: int = Field(1, ge=1, le=50, description="how many")
    every_day: bool = Field(True, description="false: on school days only")


class PersonModel(Model):
    """Somebody who signs on at a reader or by name; no more of them is kept."""

    id: Id = Field(description="unique in the file", examples=["zhang"])
    name: str = Field(min_length=1, max_length=100, description="as in the roster", examples=["张卫国"])
    role: Id = Field("guard", description="guard, teacher, police, parent … as rules and windows call it")
    cards: list[CardCode] = Field([], description="their cards' codes in hex, in quotes")


class ResponsibleModel(Model):
    """A step of the responsibility chain."""

    role: Id = Field(description="guard, safety_officer, safety_vice_principal, district …", examples=["guard"])
    name: str = Field("", max_length=100, description="who that is")
    after_s: float = Field(0.0, ge=0, description="what has waited so long is theirs too")
    channels: list[Channel] = Field(["platform"], description="how they are told")


class FactModel(Model):
    """A fact with a word of its own on who declared it and when."""

    value: bool | float | str = Field(description="the fact", examples=[1200])
    by: str | None = Field(None, description="who declares it; the school's `declared_by` if left out")
    on: date | None = Field(None, description="when; the school's `declared_on` if left out")


def _as_fact(value: object) -> object:
    return value if isinstance(value, dict) else {"value": value}


FactUse = Annotated[FactModel, BeforeValidator(_as_fact, json_schema_input_type=FactModel | bool | float | str)]


class SchoolModel(Model):
    """What is declared of the school."""

    rules: list[Id] = Field(
        min_length=1, description="rule packs: files of configs/rules without .yaml", examples=["[national-2021]"]
    )
    declared_by: str = Field(
        min_length=1, max_length=100, description="who answers for what is declared", examples=["李主任"]
    )
    declared_on: date = Field(description="when it was declared", examples=["2026-09-01"])
    facts: dict[FactName, FactUse] = Field({}, description="what the rules ask for, such as pupils: 1200")
    calendar: CalendarModel = Field(CalendarModel(), description="school days")
    windows: list[WindowModel] = Field([], description="arrival, dismissal …")
    shifts: list[ShiftModel] = Field([], description="who is on duty when")
    people: list[PersonModel] = Field([], description="who signs on")
    sign_on_hours: float = Field(14.0, ge=1, le=72, description="a sign-on is over by itself after so many hours")
    responsible: list[ResponsibleModel] = Field([], description="who is told of what is not mended, in order")


def build_school(school: SchoolModel, time_zone: str) -> School:
    """The school as plain frozen data."""
    return School(
        packs=tuple(school.rules),
        facts={
            name: Declared(fact.value, fact.by or school.declared_by, fact.on or school.declared_on)
            for name, fact in school.facts.items()
        },
        calendar=_calendar(school.calendar, time_zone),
        windows=tuple(Window(**(one.model_dump() | _between(one.starts, one.ends))) for one in school.windows),
        shifts=tuple(Shift(**(one.model_dump() | _between(one.starts, one.ends))) for one in school.shifts),
        people=tuple(Person(p.id, p.name, p.role, tuple(card.upper() for card in p.cards)) for p in school.people),
        sign_on_most_s=school.sign_on_hours * 3600,
        chain=tuple(Responsible(r.role, r.name, r.after_s, tuple(r.channels)) for r in school.responsible),
    )


def _calendar(calendar: CalendarModel, time_zone: str) -> Calendar:
    return Calendar(
        time_zone=time_zone,
        weekdays=frozenset(WEEKDAYS.index(day) + 1 for day in calendar.weekdays),
        terms=_days(calendar.terms),
        holidays=_days(calendar.holidays),
        make_up_days=frozenset(calendar.make_up_days),
    )


def _between(starts: str, ends: str) -> dict[str, time]:
    return {"starts": time.fromisoformat(starts), "ends": time.fromisoformat(ends)}


def _days(days: list[DaysModel]) -> tuple[Days, ...]:
    return tuple(Days(one.first, one.last) for one in days)
