"""The schedule is arithmetic: no clock, no wire."""

import itertools
import math
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from agent.polling.schedule import Duty, Job, Schedule, Wait
from drivers.blocks import Block

EXCHANGE_S = 0.03


def a_job(
    unit: str, interval_s: float = 0.05, *, alarm: bool = True, due_s: float = 0.0, stride_s: float = 1.0
) -> Job:
    block = Block(table="discrete", address=0, count=8, points=("di1",), alarm=alarm)
    return Job(unit, block, interval_s, stride_s=stride_s, cost_s=EXCHANGE_S, due_s=due_s)


def always(_unit: str) -> float:
    return 0.0


def run(schedule: Schedule, until_s: float) -> list[tuple[float, Job]]:
    """Every ask of a line on which an exchange takes EXCHANGE_S."""
    now_s, asked = 0.0, []
    while now_s < until_s:
        step = schedule.next(now_s, always)
        if isinstance(step, Wait):
            now_s = step.until_s
            continue
        schedule.asked(step, now_s)
        asked.append((now_s, step))
        now_s += step.cost_s
    return asked


def longest_gap(asked: list[tuple[float, Job]], job: Job) -> float:
    return max(b - a for a, b in itertools.pairwise(at_s for at_s, one in asked if one is job))


def test_of_two_with_the_same_turn_the_earlier_deadline_is_asked_first() -> None:
    late, early = a_job("late", due_s=5.0), a_job("early", due_s=3.0)
    schedule = Schedule([late, early])
    late.turn_s = early.turn_s = 0.0
    assert schedule.next(10.0, always) is early


def test_an_alarm_block_goes_before_another_with_the_same_turn() -> None:
    slow, alarm = a_job("slow", alarm=False), a_job("alarm")
    assert Schedule([slow, alarm]).next(0.0, always) is alarm


def test_a_unit_in_its_guard_window_is_passed_over_and_its_neighbour_is_asked() -> None:
    guarded, neighbour = a_job("guarded"), a_job("neighbour", due_s=0.5)
    schedule = Schedule([guarded, neighbour])
    assert schedule.next(1.0, lambda unit: 9.0 if unit == "guarded" else 0.0) is neighbour


def test_with_nothing_due_it_says_until_when_to_wait() -> None:
    assert Schedule([a_job("u", due_s=2.5)]).next(2.0, always) == Wait(2.5)


def test_an_overloaded_line_becomes_a_fair_round() -> None:
    asked = run(Schedule(a_job(name) for name in "abcdefgh"), 800 * EXCHANGE_S)
    counts = Counter(job.unit for _, job in asked)
    assert set(counts.values()) <= {99, 100, 101}
    assert len(counts) == 8


def test_two_buttons_among_six_detectors_get_every_other_turn_evenly() -> None:
    keys = [a_job(f"key-{n}", stride_s=4 * EXCHANGE_S) for n in range(2)]
    detectors = [a_job(f"detector-{n}", stride_s=12 * EXCHANGE_S) for n in range(6)]
    asked = run(Schedule([*keys, *detectors]), 30.0)[12:]
    assert max(longest_gap(asked, key) for key in keys) <= 4 * EXCHANGE_S + 1e-9
    assert max(longest_gap(asked, detector) for detector in detectors) <= 12 * EXCHANGE_S + 1e-9


def test_slow_blocks_are_not_starved_by_alarm_blocks_that_are_always_due() -> None:
    slow = a_job("slow", 2.0, alarm=False)
    asked = run(Schedule([*(a_job(name, 0.01, stride_s=0.13) for name in "abcd"), slow]), 60.0)
    assert longest_gap(asked, slow) < 2.0 + 5 * EXCHANGE_S


def test_however_many_slow_blocks_are_due_at_once_no_alarm_waits_for_two_of_them() -> None:
    alarm = a_job("alarm", 0.0, stride_s=EXCHANGE_S / 0.9)
    crowd = [a_job(f"slow-{n}", 5.0, alarm=False) for n in range(40)]
    asked = run(Schedule([alarm, *crowd], share_of_others=0.1), 60.0)
    assert longest_gap(asked, alarm) <= 2 * EXCHANGE_S + 1e-9
    assert {job.unit for _, job in asked} == {"alarm", *(job.unit for job in crowd)}


def test_a_block_that_could_not_be_asked_for_a_while_claims_no_turns_for_that_time() -> None:
    held, other = a_job("held", 0.0, due_s=10.0, stride_s=0.06), a_job("other", 0.0, stride_s=0.06)
    asked = run(Schedule([held, other]), 12.0)
    after = [job.unit for at_s, job in asked if at_s >= 10.0]
    assert Counter(after[:10]) == {"held": 5, "other": 5}


def test_a_lost_alarm_unit_is_probed_before_what_is_normal_and_others_last() -> None:
    duties = {
        "alarm": a_job("alarm"),
        "lost alarm": a_job("lost alarm"),
        "normal": a_job("normal", alarm=False),
        "refused": a_job("refused", alarm=False),
        "lost": a_job("lost", alarm=False),
    }
    schedule = Schedule(duties.values())
    schedule.postpone("lost alarm", 0.0)
    schedule.postpone("lost", 0.0)
    duties["refused"].refusals = 2
    assert [job.duty for job in duties.values()] == list(Duty)
    order = []
    while len(order) < 5:
        step = schedule.next(0.0, always)
        assert isinstance(step, Job)
        order.append(step.unit)
        step.due_s = math.inf
    assert order == list(duties)


def test_a_lost_unit_is_probed_with_one_block_only_and_is_all_due_when_back() -> None:
    blocks = [a_job("dead", 0.1), a_job("dead", 5.0, alarm=False)]
    schedule = Schedule(blocks)
    schedule.postpone("dead", 7.0)
    assert [job.due_s for job in blocks] == [7.0, math.inf]
    schedule.release("dead", 7.5)
    assert [job.due_s for job in blocks] == [7.0, 7.5]
    assert not any(job.lost for job in blocks)


def test_a_suspect_is_asked_next() -> None:
    jobs = [a_job(name, 5.0) for name in "abc"]
    schedule = Schedule(jobs)
    for job in jobs:
        schedule.asked(job, 0.0)
    schedule.hurry(jobs[1], 0.1)
    assert schedule.next(0.1, always) is jobs[1]


def test_a_block_that_is_refused_is_replaced_by_its_parts() -> None:
    whole, parts = a_job("u"), [a_job("u"), a_job("u")]
    schedule = Schedule([whole])
    schedule.split(whole, parts)
    assert schedule.jobs == parts


@given(
    st.lists(st.tuples(st.floats(0.03, 0.3), st.floats(0.0, 2.0), st.booleans()), min_size=1, max_size=12),
    st.floats(0.05, 0.5),
)
def test_everybody_gets_a_turn(rows: list[tuple[float, float, bool]], share: float) -> None:
    jobs = [
        a_job(str(n), every_s, alarm=alarm, stride_s=stride_s) for n, (stride_s, every_s, alarm) in enumerate(rows)
    ]
    asked = run(Schedule(jobs, share), 60.0)
    assert {job.unit for _, job in asked} == {job.unit for job in jobs}


def test_a_unit_that_returns_hurries_what_it_was_not_told_but_nothing_that_waits_for_its_opposite() -> None:
    retry, held = a_job("io", due_s=9.0), a_job("io", due_s=20.0)
    retry.output, held.output, held.held_s = "do1", "do2", 20.0
    schedule = Schedule([a_job("io")], orders=[retry, held])
    schedule.postpone("io", 5.0)
    schedule.release("io", 6.0)
    assert (retry.due_s, held.due_s) == (6.0, 20.0)
