"""Each word of the check vocabulary: what it takes to be met, what makes it fail, and what leaves it unknown."""

from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest

from agent.provisioning.model import Evidence, Gap, ItemVerdict, Opening, Way
from agent.provisioning.model import TestPress as Press
from agent.provisioning.pack import Pack
from agent.school import Declared, School, Shift, Window
from tests.agent.provisioning.schoolyard import (
    ARRIVAL,
    CALENDAR,
    DAY_S,
    HOUR_S,
    NOW_S,
    at,
    declared,
    judged,
    local,
    seen,
    signed,
)

BOTH = {"en": "x", "zh": "某"}
SCHOOL = School(("own",), {}, CALENDAR)
LOGGED = Evidence(logged_since_utc_s=NOW_S - 90 * DAY_S)


def pack(check: dict[str, Any], fresh_s: float = 60, **more: Any) -> Pack:
    item = {"id": "it", "title": BOTH, "clause": "1", "source": "x", "mark": "seen", "fix": BOTH}
    item |= {"check": check, "fresh_s": fresh_s}
    facts = {name: {"title": BOTH, "type": "number"} for name in ("pupils", "gates")}
    facts["setting"] = {"title": BOTH, "type": "word", "optional": True}
    return Pack.model_validate(
        {
            "id": "own", "title": BOTH, "source": "x", "mark": "seen", "declared_fresh_s": 400 * DAY_S,
            "facts": facts,
            "indicators": [{"id": "one", "title": BOTH, "items": [item | more]}],
        }
    )  # fmt: skip


def found(rules: Pack, evidence: Evidence, school: School = SCHOOL, now_s: float = NOW_S) -> ItemVerdict:
    return judged(rules, school, evidence, at(now_s))["it"]


def with_facts(**facts: Declared) -> School:
    return replace(SCHOOL, facts=facts)


# --- facts --------------------------------------------------------------------------------------------

AT_LEAST = pack({"fact": {"fact": "pupils", "at_least": 30}}, fresh_s=400 * DAY_S)


@pytest.mark.parametrize(
    ("pupils", "verdict"),
    [(declared(30), "met"), (declared(29.9), "not_met"), (declared(30, date(2025, 8, 1)), "unknown"),
     (declared(30, date(2026, 9, 17)), "unknown"), (declared("many"), "unknown"), (None, "unknown")],
)  # fmt: skip
def test_a_fact_counts_while_it_is_fresh(pupils: Declared | None, verdict: str) -> None:
    one = found(AT_LEAST, LOGGED, with_facts(pupils=pupils) if pupils else SCHOOL)
    assert one.verdict == verdict
    assert one.sources == ("declared",)


def test_a_fact_is_as_old_as_the_day_on_which_it_was_declared() -> None:
    one = found(AT_LEAST, LOGGED, with_facts(pupils=declared(30, date(2026, 9, 15))))
    assert one.evidence_age_s == NOW_S - local(15, 0)
    assert "李主任, 2026-09-15" in one.said.en


def test_what_is_not_declared_is_named_with_what_to_write() -> None:
    missing = found(AT_LEAST, LOGGED).missing[0]
    assert missing.subject == "pupils"
    assert "declare `pupils`" in missing.fix.en


@pytest.mark.parametrize(
    ("test", "value", "verdict"),
    [({"equals": True}, True, "met"), ({"equals": True}, False, "not_met"), ({"equals": False}, False, "met"),
     ({"one_of": ["a", "b"]}, "b", "met"), ({"one_of": ["a", "b"]}, "c", "not_met"), ({"at_most": 3}, 3, "met"),
     ({"at_most": 3}, 4, "not_met"), ({"at_least": 3}, True, "unknown")],
)  # fmt: skip
def test_a_fact_is_compared_as_the_rule_says(
    test: dict[str, Any], value: bool | float | str, verdict: str
) -> None:
    rules = pack({"fact": {"fact": "pupils"} | test}, fresh_s=400 * DAY_S)
    assert found(rules, LOGGED, with_facts(pupils=declared(value))).verdict == verdict


# --- on duty ------------------------------------------------------------------------------------------

DUTY = pack({"on_duty": {"role": "guard", "at_least": {"number": 1}}}, fresh_s=14 * HOUR_S)


def on_duty(*check_ins: Any, school: School = SCHOOL, logged_h: float = 1000) -> ItemVerdict:
    evidence = Evidence(check_ins=check_ins, logged_since_utc_s=NOW_S - logged_h * HOUR_S)
    return found(DUTY, evidence, school)


def test_who_signed_on_and_not_off_is_on_duty() -> None:
    one = on_duty(signed("zhang", "guard", NOW_S - 3600))
    assert (one.verdict, one.required, one.fulfilled, one.evidence_age_s) == ("met", 1, 1, 3600)


@pytest.mark.parametrize(
    ("check_ins", "verdict"),
    [
        ((), "not_met"),
        ((signed("zhang", "guard", NOW_S - 7200), signed("zhang", "guard", NOW_S - 60, on=False)), "not_met"),
        ((signed("zhang", "guard", NOW_S - 60, on=False), signed("zhang", "guard", NOW_S - 7200)), "not_met"),
        ((signed("wang", "teacher", NOW_S - 60),), "not_met"),
        ((signed("zhang", "guard", NOW_S - 14 * HOUR_S),), "met"),
        ((signed("zhang", "guard", NOW_S - 14 * HOUR_S - 1),), "unknown"),
        ((signed("zhang", "guard", NOW_S - 60, sure=False),), "unknown"),
        ((signed("zhang", "guard", NOW_S + 900),), "unknown"),
    ],
)
def test_only_a_sign_on_that_is_fresh_and_sure_proves_duty(check_ins: Any, verdict: str) -> None:
    assert on_duty(*check_ins).verdict == verdict


def test_before_the_log_has_lasted_a_shift_nobody_can_say_that_nobody_is_there() -> None:
    assert on_duty(logged_h=13).verdict == "unknown"
    assert on_duty(logged_h=14).verdict == "not_met"
    assert found(DUTY, Evidence()).verdict == "unknown"


def test_the_shift_that_is_now_says_how_many() -> None:
    two = replace(
        SCHOOL, shifts=(Shift("day", "guard", time(7), time(19), 2), Shift("x", "cook", time(7), time(19), 9))
    )
    one = signed("zhang", "guard", NOW_S - 60)
    assert on_duty(one, school=two).required == 2
    assert on_duty(one, school=two).verdict == "not_met"
    assert on_duty(one, signed("li", "guard", NOW_S - 50), school=two).verdict == "met"
    night = replace(SCHOOL, shifts=(Shift("night", "guard", time(19), time(7), 2),))
    assert on_duty(one, school=night).verdict == "met"


# --- devices ------------------------------------------------------------------------------------------

KEYS = pack({"devices": {"kinds": ["one_key_alarm"], "without": ["tamper", "lost"], "in_service": ["pressed"]}})


def devices(*devices: Any, rules: Pack = KEYS) -> ItemVerdict:
    return found(rules, Evidence(devices=devices))


@pytest.mark.parametrize(
    ("more", "verdict"),
    [
        ({}, "met"),
        ({"age_s": 60.0}, "met"),
        ({"age_s": 60.1}, "unknown"),
        ({"age_s": None}, "unknown"),
        ({"heard": False}, "unknown"),
        ({"lost": True}, "not_met"),
        ({"active": frozenset({"pressed"})}, "met"),
        ({"active": frozenset({"tamper"})}, "not_met"),
        ({"set_aside": frozenset({"tamper"})}, "not_met"),
        ({"set_aside": frozenset({"pressed"})}, "not_met"),
        ({"set_aside": frozenset({"unstable"})}, "met"),
        ({"active": frozenset({"1.3.30/tamper"})}, "not_met"),
        ({"active": frozenset({"tamper"}), "heard": False}, "unknown"),
    ],
)
def test_a_device_counts_while_it_is_heard_and_has_nothing_that_the_rule_rules_out(
    more: Any, verdict: str
) -> None:
    assert devices(seen("k", "one_key_alarm", **more)).verdict == verdict


def test_a_lost_device_is_unknown_where_the_rule_does_not_count_being_lost_as_a_failure() -> None:
    rules = pack({"devices": {"kinds": ["gate_barrier"], "without": ["fault"]}})
    assert devices(seen("g", "gate_barrier", lost=True), rules=rules).verdict == "unknown"


def test_every_device_counts_and_one_that_fails_decides() -> None:
    good, bad = seen("a", "one_key_alarm"), seen("b", "one_key_alarm", lost=True)
    dark = seen("c", "one_key_alarm", heard=False)
    one = devices(good, bad, dark, seen("cam", "camera", lost=True))
    assert (one.verdict, one.required, one.fulfilled) == ("not_met", 3, 1)
    assert [missing.subject for missing in one.missing] == ["b", "c"]


def test_a_device_elsewhere_is_no_device_here() -> None:
    rules = pack(KEYS.indicators[0].items[0].check.model_dump(exclude_none=True), place="guard_room")
    assert devices(seen("a", "one_key_alarm", "dormitory"), rules=rules).verdict == "not_met"
    assert devices(seen("a", "one_key_alarm", "guard_room"), rules=rules).verdict == "met"


def test_as_many_are_wanted_as_are_declared() -> None:
    rules = pack({"devices": {"kinds": ["gate_barrier"], "at_least": {"fact": "gates"}}})
    evidence = Evidence(devices=(seen("a", "gate_barrier"),))
    one = found(rules, evidence, with_facts(gates=declared(2)))
    assert (one.verdict, one.required, one.fulfilled) == ("not_met", 2, 1)
    assert "1 more of: gate barrier" in one.missing[0].what.en
    assert "道闸" in one.missing[0].what.zh
    assert found(rules, evidence, with_facts(gates=declared(1))).sources == ("observed", "declared")
    assert found(rules, evidence).verdict == "unknown"


# --- openings -----------------------------------------------------------------------------------------

SHUT = pack({"openings": {"kinds": ["gate_barrier"], "longest_s": 300, "look_back_s": DAY_S}})
GATED = replace(
    SCHOOL,
    windows=(ARRIVAL, Window("night", time(23), time(1)), Window("shut", time(9), time(10), barriers_open=False)),
)


def stood(
    *spans: tuple[float, float | None], gaps: tuple[Gap, ...] = (), logged_s: float = 2 * DAY_S, **more: Any
) -> str:
    openings = tuple(Opening("g", first, last) for first, last in spans)
    evidence = Evidence((seen("g", "gate_barrier", **more),), openings=openings, gaps=gaps,
                        logged_since_utc_s=NOW_S - logged_s)  # fmt: skip
    return found(SHUT, evidence, GATED).verdict


@pytest.mark.parametrize(
    ("span", "verdict"),
    [
        ((local(16, 9), local(16, 9, 5)), "met"),
        ((local(16, 9), local(16, 9, 6)), "not_met"),
        ((NOW_S - 299, None), "met"),
        ((NOW_S - 301, None), "not_met"),
        ((local(16, 7), local(16, 8)), "met"),
        ((local(16, 6, 56), local(16, 8, 4)), "met"),
        ((local(16, 6, 54), local(16, 8)), "not_met"),
        ((local(15, 23), local(16, 1)), "met"),
        ((local(15, 8), local(15, 9)), "met"),
        ((local(15, 8), local(15, 10, 6)), "not_met"),
    ],
)
def test_a_gate_may_stand_open_within_its_windows_and_for_a_moment_outside(span: Any, verdict: str) -> None:
    assert stood(span) == verdict


def test_what_nobody_saw_of_a_gate_is_unknown() -> None:
    assert stood(heard=False) == "unknown"
    assert stood(lost=True) == "unknown"
    assert stood(logged_s=DAY_S - 1) == "unknown"
    assert stood(gaps=(Gap("g", NOW_S - 400, NOW_S - 10),)) == "unknown"
    assert stood(gaps=(Gap("", NOW_S - 400, None),)) == "unknown"
    assert stood(gaps=(Gap("other", NOW_S - 400, None),)) == "met"
    assert stood((NOW_S - 400, NOW_S - 200), gaps=(Gap("g", NOW_S - 200, NOW_S - 10),)) == "unknown"
    assert stood(gaps=(Gap("g", NOW_S - 200, NOW_S - 10),)) == "met"


def test_what_was_seen_open_counts_though_the_gate_is_lost_now() -> None:
    assert stood((local(16, 9), local(16, 9, 6)), lost=True) == "not_met"


# --- test presses -------------------------------------------------------------------------------------

PRESSED = pack({"presses": {"kinds": ["one_key_alarm"]}}, fresh_s=31 * DAY_S)


def press(days: float, confirmed: bool = True, sure: bool = True) -> Press:
    then = NOW_S - days * DAY_S
    return Press("k", then, "zhang", then + 3 if confirmed else None, sure)


@pytest.mark.parametrize(
    ("presses", "logged_d", "verdict"),
    [
        ((press(1),), 90, "met"),
        ((press(31),), 90, "met"),
        ((press(31.1),), 90, "not_met"),
        ((press(1, confirmed=False),), 90, "not_met"),
        ((press(20), press(1, confirmed=False)), 90, "met"),
        ((press(1, sure=False),), 90, "unknown"),
        ((press(-1),), 90, "not_met"),
        ((), 90, "not_met"),
        ((), 30, "unknown"),
        ((press(1),), 2, "met"),
    ],
)
def test_a_test_counts_for_a_month_once_the_platform_has_confirmed_it(
    presses: Any, logged_d: float, verdict: str
) -> None:
    evidence = Evidence(
        (seen("k", "one_key_alarm"),), presses=presses, logged_since_utc_s=NOW_S - logged_d * DAY_S
    )
    one = found(PRESSED, evidence)
    assert one.verdict == verdict
    assert (one.fulfilled == 1) == (verdict == "met")


# --- ways ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ways", "least", "verdict"),
    [
        ((Way("a", True, 5),), 1, "met"),
        ((Way("a", False, 900), Way("b", True, 5)), 1, "met"),
        ((Way("a", False, 900), Way("b", True, 5)), 2, "not_met"),
        ((Way("a", False, 30), Way("b", True, 5)), 2, "unknown"),
        ((Way("a", False, 30),), 1, "unknown"),
        ((Way("a", False, 60),), 1, "not_met"),
        ((), 1, "unknown"),
    ],
)
def test_a_way_is_up_or_down_or_for_a_moment_neither(ways: tuple[Way, ...], least: int, verdict: str) -> None:
    assert found(pack({"ways": {"at_least": least}}), Evidence(ways=ways)).verdict == verdict


# --- escort windows -----------------------------------------------------------------------------------

ESCORT = pack({"windows": {"school_days": 2}}, fresh_s=20 * DAY_S)
ESCORTED = replace(SCHOOL, windows=(ARRIVAL, Window("lunch", time(11), time(12)), Window(
    "dismissal", time(16), time(17), "放学", {"guard": 2})))  # fmt: skip
MORNINGS = tuple(signed(who, role, local(day, 7, 1)) for day in (14, 15, 16)
                 for who, role in (("zhang", "guard"), ("wang", "teacher")))  # fmt: skip
EVENINGS = tuple(signed(who, "guard", local(day, 16, 5)) for day in (14, 15) for who in ("zhang", "li"))


def escorted(
    *check_ins: Any, logged_s: float = 90 * DAY_S, now_s: float = NOW_S, school: School = ESCORTED
) -> ItemVerdict:
    return found(ESCORT, Evidence(check_ins=check_ins, logged_since_utc_s=NOW_S - logged_s), school, now_s)


def test_every_role_of_every_window_that_is_over_must_have_signed_on() -> None:
    one = escorted(*MORNINGS, *EVENINGS)
    assert (one.verdict, one.required, one.fulfilled) == ("met", 10, 10)
    assert "5 windows" in one.said.en


@pytest.mark.parametrize(
    "lacking",
    [
        *[(*MORNINGS[:n], *MORNINGS[n + 1 :], *EVENINGS) for n in range(6)],
        (*MORNINGS, *EVENINGS[1:]),
        (*MORNINGS, *EVENINGS[1:], EVENINGS[1]),
        (*MORNINGS, *EVENINGS[1:], signed("zhang", "guard", local(14, 15, 59))),
        (*MORNINGS, *EVENINGS[1:], signed("zhang", "guard", local(14, 17))),
        (*MORNINGS, *EVENINGS[1:], replace(EVENINGS[0], on=False)),
        (*MORNINGS, *EVENINGS[1:], replace(EVENINGS[1], sure=False, role="teacher")),
        (*MORNINGS, *EVENINGS[1:], replace(EVENINGS[0], sure=False, at_utc_s=local(17, 17))),
    ],
)
def test_a_role_that_nobody_signed_on_for_within_the_window_is_missing(lacking: Any) -> None:
    one = escorted(*lacking)
    assert (one.verdict, one.fulfilled, len(one.missing)) == ("not_met", 9, 1)
    assert one.missing[0].subject in ("arrival", "dismissal")


def test_who_signed_on_about_then_by_a_clock_that_was_not_right_was_perhaps_there() -> None:
    one = escorted(*MORNINGS, *EVENINGS[1:], replace(EVENINGS[0], sure=False))
    assert (one.verdict, one.fulfilled, len(one.missing)) == ("unknown", 9, 1)
    assert "clock" in one.missing[0].what.en
    two = escorted(*MORNINGS, *EVENINGS[2:], replace(EVENINGS[0], sure=False))
    assert two.verdict == "not_met", "of two that are missing one was perhaps there"


def test_the_lead_belongs_to_the_window() -> None:
    late = [signed("zhang", "guard", local(16, 6, 59)), *MORNINGS[:4], MORNINGS[5], *EVENINGS]
    assert escorted(*late).verdict == "not_met"
    assert escorted(*late, signed("zhang", "guard", local(16, 7))).verdict == "met"


def test_a_window_that_is_not_over_is_not_counted() -> None:
    assert escorted(*MORNINGS, *EVENINGS, now_s=local(16, 16, 59)).required == 10
    assert escorted(*MORNINGS, *EVENINGS, now_s=local(16, 17)).required == 12


def test_days_before_the_log_began_are_unknown() -> None:
    one = escorted(*MORNINGS[2:], *EVENINGS[2:], logged_s=NOW_S - local(15, 0))
    assert (one.verdict, one.required, one.fulfilled) == ("unknown", 10, 6)
    one = escorted(*MORNINGS[2:], *EVENINGS[3:], logged_s=NOW_S - local(15, 0))
    assert one.verdict == "not_met"


def test_without_windows_or_long_after_the_last_one_nothing_is_known() -> None:
    assert escorted(*MORNINGS, *EVENINGS, school=replace(SCHOOL, windows=(ARRIVAL,))).verdict == "met"
    assert escorted(*MORNINGS, school=SCHOOL).verdict == "unknown"
    holidays = replace(ESCORTED, calendar=replace(CALENDAR, weekdays=frozenset()))
    assert escorted(*MORNINGS, *EVENINGS, school=holidays).verdict == "unknown"
    assert "role" in escorted(school=SCHOOL).said.en


# --- what is common to all ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "wrong",
    [
        {}, {"wish": {}}, {"ways": {}, "windows": {"school_days": 2}}, {"ways": {"at_most": 1}},
        {"devices": {"kinds": []}}, {"on_duty": {}},
        {"openings": {"kinds": ["door"], "longest_s": 0, "look_back_s": 1}},
        {"count": {"have": {"number": 1, "fact": "pupils"}, "at_least": {"number": 1}}},
        {"count": {"have": {}, "at_least": {"number": 1}}},
        {"count": {"have": {"number": 1}, "at_least": {"number": 1, "chosen_by": "setting"}}},
        {"fact": {"fact": "pupils"}}, {"fact": {"fact": "pupils", "at_least": 1, "at_most": 2}},
    ],
)  # fmt: skip
def test_a_check_that_nobody_can_read_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        pack(wrong)


@pytest.mark.parametrize("check", [DUTY, SHUT, PRESSED, ESCORT, AT_LEAST])
def test_without_a_right_clock_nothing_that_needs_it_is_judged(check: Pack) -> None:
    school = replace(ESCORTED, facts={"pupils": declared(30)})
    evidence = replace(LOGGED, check_ins=(*MORNINGS, *EVENINGS), presses=(press(1),),
                       devices=(seen("k", "one_key_alarm"), seen("g", "gate_barrier")))  # fmt: skip
    assert judged(check, school, evidence)["it"].verdict == "met"
    for clock in ("estimated", "unknown"):
        one = judged(check, school, evidence, at(clock=clock))["it"]  # type: ignore[arg-type]
        assert one.verdict == "unknown"
        assert "clock is not synchronised" in one.said.en
