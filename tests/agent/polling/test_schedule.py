"""The schedule is arithmetic: no clock, no wire."""

import itertools
import math

from agent.polling.schedule import Job, Schedule, Wait
from drivers.blocks import Block


def a_job(unit: str, interval_s: float, *, alarm: bool = True, due_s: float = 0.0) -> Job:
    return Job(unit, Block(table="discrete", address=0, count=8, points=("di1",), alarm=alarm), interval_s, due_s)


def always(_unit: str) -> float:
    return 0.0


def test_the_earliest_deadline_is_asked_first() -> None:
    late, early = a_job("late", 1.0, due_s=5.0), a_job("early", 1.0, due_s=3.0)
    assert Schedule([late, early]).next(10.0, always) is early


def test_an_alarm_block_goes_before_another_with_the_same_deadline() -> None:
    slow, alarm = a_job("slow", 1.0, alarm=False), a_job("alarm", 1.0)
    assert Schedule([slow, alarm]).next(0.0, always) is alarm


def test_a_unit_in_its_guard_window_is_passed_over_and_its_neighbour_is_asked() -> None:
    guarded, neighbour = a_job("guarded", 1.0), a_job("neighbour", 1.0, due_s=0.5)
    schedule = Schedule([guarded, neighbour])
    assert schedule.next(1.0, lambda unit: 9.0 if unit == "guarded" else 0.0) is neighbour


def test_with_nothing_due_it_says_until_when_to_wait() -> None:
    job = a_job("u", 1.0, due_s=2.5)
    assert Schedule([job]).next(2.0, always) == Wait(2.5)


def test_an_overloaded_line_becomes_a_fair_round() -> None:
    jobs = [a_job(name, 0.05) for name in "abcdefgh"]
    schedule, now_s, order = Schedule(jobs), 0.0, []
    for _ in range(800):
        job = schedule.next(now_s, always)
        assert isinstance(job, Job)
        schedule.asked(job, now_s)
        order.append(job.unit)
        now_s += 0.03  # each exchange takes 30 ms: eight of them can't keep a 50 ms interval
    assert {name: order.count(name) for name in "abcdefgh"} == dict.fromkeys("abcdefgh", 100)


def test_slow_blocks_are_not_starved_by_alarm_blocks_that_are_always_due() -> None:
    alarms, slow = [a_job(name, 0.01) for name in "abcd"], a_job("slow", 2.0, alarm=False)
    schedule, now_s, asked_at = Schedule([*alarms, slow]), 0.0, []
    while now_s < 60.0:
        job = schedule.next(now_s, always)
        assert isinstance(job, Job)
        schedule.asked(job, now_s)
        if job is slow:
            asked_at.append(now_s)
        now_s += 0.03
    gaps = [b - a for a, b in itertools.pairwise(asked_at)]
    assert max(gaps) < 2.0 + 5 * 0.03


def test_a_lost_unit_is_probed_with_one_block_only_and_is_all_due_when_back() -> None:
    blocks = [a_job("dead", 0.1), a_job("dead", 5.0, alarm=False)]
    schedule = Schedule(blocks)
    schedule.postpone("dead", 7.0)
    assert [job.due_s for job in blocks] == [7.0, math.inf]
    schedule.release("dead", 7.5)
    assert [job.due_s for job in blocks] == [7.0, 7.5]
