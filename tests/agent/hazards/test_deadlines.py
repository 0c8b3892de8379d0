"""Deadlines and escalation in virtual weeks: clocks jump, machines are off, and each is told once."""

from dataclasses import replace

import pytest

from agent.hazards.deadlines import ends_utc_s, is_overdue, left_s, stands_still_s
from agent.hazards.escalation import due, next_s
from agent.hazards.model import Deadline, Status
from agent.hazards.steps import Wish, step
from agent.school import Responsible
from tests.agent.hazards.ledgerbook import DAY_S, Machine, brought_to, hazard

CHAIN = (
    Responsible("guard", "张", 0.0),
    Responsible("safety_officer", "李", 3600.0),
    Responsible("safety_vice_principal", "赵", DAY_S, ("platform", "second_platform")),
)


@pytest.mark.parametrize("jump_s", [400 * DAY_S, -400 * DAY_S])
@pytest.mark.parametrize("clock", ["synchronised", "estimated", "unknown"])
def test_no_jump_of_the_wall_clock_makes_anything_overdue_or_puts_it_off(jump_s: float, clock: str) -> None:
    machine = Machine()
    it = hazard(machine.moment)
    machine.s += DAY_S - 60
    machine.jump_s, machine.clock = jump_s, clock  # type: ignore[assignment]
    assert not is_overdue(it, machine.now, machine.times)
    machine.s += 61
    assert is_overdue(it, machine.now, machine.times)


def test_a_date_that_was_given_by_a_right_clock_does_not_feel_a_jump_either() -> None:
    machine = Machine()
    it = step(
        hazard(machine.moment), Wish("assign", "李", to="王", by_utc_s=machine.now.utc_s + 3 * DAY_S),
        machine.moment, machine.times,
    )  # fmt: skip
    machine.jump_s = 400 * DAY_S
    machine.s += 2 * DAY_S
    assert not is_overdue(it, machine.now, machine.times)
    machine.s += DAY_S + 1
    assert is_overdue(it, machine.now, machine.times)


def test_a_machine_that_was_off_over_the_weekend_has_used_the_weekend_up() -> None:
    machine = Machine()
    it = hazard(machine.moment)
    machine.off(2.5 * DAY_S)
    assert is_overdue(it, machine.now, machine.times)
    assert left_s(it.deadline, machine.now, machine.times) == pytest.approx(-1.5 * DAY_S, abs=11)


def test_until_the_clock_is_right_only_what_surely_passed_counts_and_then_all_of_it() -> None:
    machine = Machine()
    it = hazard(machine.moment, within_s=DAY_S)
    machine.off(3 * DAY_S, "unknown")
    machine.jump_s = 9 * DAY_S
    machine.s += DAY_S - 60
    assert not is_overdue(it, machine.now, machine.times)
    machine.jump_s, machine.clock = 0.0, "synchronised"
    assert is_overdue(it, machine.now, machine.times)


def test_a_machine_whose_clock_never_becomes_right_still_counts_what_it_sees() -> None:
    machine = Machine(clock="unknown")
    it = hazard(machine.moment)
    machine.off(60.0, "unknown")
    machine.s += DAY_S + 60
    assert is_overdue(it, machine.now, machine.times)


def test_a_date_that_was_given_by_a_wrong_clock_counts_once_it_is_right() -> None:
    machine = Machine(clock="unknown", jump_s=-300 * DAY_S)
    until = machine.s + machine.now.utc_s - machine.s + 300 * DAY_S + DAY_S
    it = replace(hazard(machine.moment), deadline=Deadline("by_date", machine.moment, 0.0, until))
    assert left_s(it.deadline, machine.now, machine.times) is None
    assert not is_overdue(it, machine.now, machine.times)
    machine.jump_s, machine.clock = 0.0, "synchronised"
    assert left_s(it.deadline, machine.now, machine.times) == pytest.approx(DAY_S)
    assert ends_utc_s(it.deadline, machine.times) == until


@pytest.mark.parametrize("status", Status)
def test_what_stands_still_is_what_nobody_has_what_is_late_and_what_nobody_checks(status: Status) -> None:
    machine = Machine()
    it = brought_to(status, machine, hazard(machine.moment))
    machine.s += DAY_S / 2
    early = stands_still_s(it, machine.now, machine.times)
    assert early == {Status.OPEN: DAY_S / 2, Status.AWAITING_RECHECK: DAY_S / 2}.get(status)
    machine.s += DAY_S
    late = stands_still_s(it, machine.now, machine.times)
    expected = {Status.CLOSED: None, Status.ASSIGNED: DAY_S / 2, Status.RECTIFYING: DAY_S / 2}
    assert late == expected.get(status, 1.5 * DAY_S)


def test_over_days_each_step_of_the_chain_comes_once_and_in_time() -> None:
    told: tuple[str, ...] = ()
    came: list[tuple[float, str]] = []
    for minute in range(4 * 24 * 60):
        for one in due(CHAIN, told, minute * 60.0):
            told = (*told, one.mark)
            came.append((minute * 60.0, one.who.role))
    assert came == [(0.0, "guard"), (3600.0, "safety_officer"), (DAY_S, "safety_vice_principal")]
    assert next_s(CHAIN, told, 9 * DAY_S) is None


def test_a_chain_that_is_ordered_anew_tells_nobody_twice() -> None:
    told = tuple(one.mark for one in due(CHAIN, (), 7200.0))
    again = due(tuple(reversed(CHAIN)), told, 7200.0)
    assert again == ()
    assert next_s(CHAIN, told, 7200.0) == DAY_S - 7200.0
