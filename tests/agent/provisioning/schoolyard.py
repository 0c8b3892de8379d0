"""A school at which every item of a pack is met, made from the pack itself, and ways to take it away again."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, date, datetime, time

from agent.provisioning.condition import Condition
from agent.provisioning.evaluate import evaluate
from agent.provisioning.model import CheckIn, DeviceSeen, Evidence, ItemVerdict, Verdict, Way
from agent.provisioning.model import TestPress as Press
from agent.provisioning.pack import FactSpec, Item, Pack
from agent.records import ClockState, Instant
from agent.school import Calendar, Declared, Fact, Person, School, Shift, Window

NOW_S = datetime(2026, 9, 16, 2, 0, tzinfo=UTC).timestamp()  # Wednesday 10:00 in Shanghai
HOUR_S, DAY_S = 3600.0, 86400.0
CALENDAR = Calendar()
ARRIVAL = Window("arrival", time(7, 20), time(8, 0), "早晨上学", {"guard": 1, "teacher": 1}, 1200.0)
ENOUGH = 40  # guards, gates and whatever else is counted


def at(utc_s: float = NOW_S, clock: ClockState = "synchronised") -> Instant:
    return Instant(utc_s - NOW_S + 1e6, utc_s, clock)


def local(day: int, hour: int, minute: int = 0) -> float:
    """UTC of a time in September 2026 in Shanghai."""
    return datetime(2026, 9, day, hour, minute, tzinfo=UTC).timestamp() - 8 * HOUR_S


def declared(value: Fact, on: date = date(2026, 9, 1)) -> Declared:
    return Declared(value, "李主任", on)


def seen(id: str, kind: str, place: str = "", **more: object) -> DeviceSeen:
    plain = DeviceSeen(
        id=id, kind=kind, name="", location="", place=place, escape_route=False, lost=False, heard=True,
        active=frozenset(), set_aside=frozenset(), motion=None, age_s=5.0,
    )  # fmt: skip
    return replace(plain, **more)  # type: ignore[arg-type]


def signed(person: str, role: str, at_utc_s: float, on: bool = True, **more: object) -> CheckIn:
    return replace(CheckIn(at_utc_s, person, person, role, on, "guard-room", "terminal"), **more)  # type: ignore[arg-type]


def items(pack: Pack) -> Iterator[Item]:
    for indicator in pack.indicators:
        yield from indicator.items


def judged(pack: Pack, school: School, evidence: Evidence, now: Instant | None = None) -> dict[str, ItemVerdict]:
    return {item.id: item for one in evaluate(pack, school, evidence, now or at()) for item in one.items}


def verdicts(pack: Pack, school: School, evidence: Evidence, now: Instant | None = None) -> dict[str, Verdict]:
    return {name: item.verdict for name, item in judged(pack, school, evidence, now).items()}


def sound(pack: Pack) -> tuple[School, Evidence]:
    """Everything is as the pack wants it."""
    facts = {name: declared(_number_or(spec)) for name, spec in pack.facts.items() if not spec.optional}
    devices: dict[str, DeviceSeen] = {}
    for item in items(pack):
        for condition in (*item.scope, *((item.check.fact,) if item.check.fact else ())):
            facts[condition.fact] = declared(_fitting(condition, facts[condition.fact].value))
        for asked in (item.check.devices, item.check.openings, item.check.presses):
            for place in (asked.places or (item.place,)) if asked else ():
                number = ENOUGH if asked and asked.at_least.fact else 1
                for n in range(number):
                    kind = asked.kinds[0] if asked else ""
                    devices[f"{kind}-{place}-{n}"] = seen(f"{kind}-{place}-{n}", kind, place)
    school = School((pack.id,), facts, CALENDAR, (ARRIVAL,), people=_people())
    return school, Evidence(
        tuple(devices.values()), _signs(), _presses(devices), (), (), _up(), NOW_S - 90 * DAY_S
    )


def _number_or(spec: FactSpec) -> Fact:
    return {"number": float(ENOUGH), "bool": True, "word": next(iter(spec.words), "")}[spec.type]


def _fitting(condition: Condition, given: Fact) -> Fact:
    if condition.equals is not None:
        return condition.equals
    if condition.one_of:
        return condition.one_of[0]
    number = given if isinstance(given, float) else 0.0
    return max(number, condition.at_least or 0.0) if condition.at_most is None else min(number, condition.at_most)


def _people() -> tuple[Person, ...]:
    return tuple(Person(f"guard-{n}", f"保安{n}", "guard") for n in range(ENOUGH))


def _signs() -> tuple[CheckIn, ...]:
    mornings = [
        signed(who, role, local(day, 7, 10))
        for day in (9, 10, 11, 14, 15, 16)
        for who, role in (("guard-1", "guard"), ("wang", "teacher"))
    ]
    return tuple(mornings)


def _presses(devices: dict[str, DeviceSeen]) -> tuple[Press, ...]:
    then = NOW_S - 3 * DAY_S
    return tuple(Press(one, then, "guard-1", then + 4.0) for one in devices)


def _up() -> tuple[Way, ...]:
    return (Way("main", True, 9000.0),)


NIGHT = Shift("night", "guard", time(19, 0), time(7, 0), 2)
