"""Outputs on a line with wire time: how soon they switch, what that costs alarms, and what is never believed."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from agent.polling.outputs import CONFIRMED_WITHIN_S, LOOK_S, URGENT_WAITS_S, Want
from agent.polling.plan import line_times
from agent.polling.schedule import ORDER_SHARE
from agent.site import LinePlan
from drivers.reading import Value
from tests.agent.polling.bench import PROFILES, Bench, now_s, on_a_bench

RELAY = "do8"
ON, OFF = Want(True), Want(False)


@asynccontextmanager
async def polled(bench: Bench) -> AsyncIterator[list[tuple[float, Value]]]:
    """The line is polled; every change that an order brings about at the last unit is noted with its time."""
    changes: list[tuple[float, Value]] = []
    bench.units[last(bench)].on_write = lambda point, value: changes.append((now_s(), value))
    polling = asyncio.get_running_loop().create_task(bench.poller.run())
    try:
        await asyncio.sleep(2.0)
        yield changes
    finally:
        polling.cancel()
        await asyncio.gather(polling, return_exceptions=True)


def last(bench: Bench) -> str:
    return list(bench.units)[-1]


def want(bench: Bench, want: Want, point: str = RELAY) -> None:
    bench.poller.want(last(bench), point, want)


def done(bench: Bench) -> bool:
    return bench.poller.switches.done(last(bench), RELAY)


def fault(bench: Bench) -> str:
    return bench.poller.switches.fault(last(bench), RELAY)


async def until_done(bench: Bench, within_s: float) -> float:
    began_s = now_s()
    while not done(bench):
        assert now_s() - began_s <= within_s, fault(bench) or "not yet"
        await asyncio.sleep(0.005)
    return now_s() - began_s


@pytest.mark.parametrize("told", ["accept", "unchanged", "unit_lost", "unit_back"])
def test_what_a_fire_orders_waits_for_no_sink(told: str) -> None:
    async def story(bench: Bench) -> None:
        stalled = asyncio.Event()

        async def stall(*_: object) -> None:
            stalled.set()
            await asyncio.Event().wait()

        async with polled(bench) as changes:
            if told == "unit_back":
                bench.units["u0"].plugged = False
                await asyncio.sleep(8.0)
            setattr(bench.heard, told, stall)
            bench.units["u0"].plugged = told != "unit_lost"
            bench.units["u0"].set("di3", True)
            async with asyncio.timeout(20.0):
                await stalled.wait()
            began_s = now_s()
            want(bench, Want(True, pulse_s=5.0, urgent=True))
            await asyncio.sleep(9.0)
            assert changes[0][1] is True
            assert changes[0][0] - began_s <= 1.0
            assert bench.units[last(bench)].get(RELAY) is True, "its pulses are renewed"

    on_a_bench(story, units=2, relays=1)


def test_on_a_full_line_an_order_waits_for_one_exchange_and_is_confirmed_within_its_share() -> None:
    waits: list[float] = []
    confirms: list[float] = []

    async def story(bench: Bench) -> None:
        async with polled(bench) as changes:
            for n in range(40):
                await asyncio.sleep(1.5 + random.Random(n).random())
                asked_s = now_s()
                want(bench, ON if n % 2 == 0 else OFF)
                confirms.append(await until_done(bench, 5.0))
                waits.append(changes[-1][0] - asked_s)
            assert [value for _, value in changes] == [n % 2 == 0 for n in range(40)]

    bench = on_a_bench(story, units=7, relays=1)
    order = bench.poller.schedule.orders[0]
    longest_s = max(job.cost_s for job in (*bench.poller.schedule.jobs, order))
    assert max(waits) <= longest_s + order.cost_s
    assert max(confirms) <= 2 * longest_s + order.cost_s / ORDER_SHARE + order.cost_s
    assert bench.bus.violations == 0


def test_orders_all_the_time_make_no_alarm_later_than_computed() -> None:
    flips: list[tuple[float, str, bool]] = []

    async def story(bench: Bench) -> None:
        async with polled(bench) as changes:
            dice = random.Random(7)
            for n in range(1500):
                await asyncio.sleep(0.1)
                want(bench, ON if n % 2 else OFF)
                if n % 13 == 0:
                    name = dice.choice(list(bench.units)[:-1])
                    value = not bench.units[name].get("di3")
                    await asyncio.sleep(dice.random() * 0.1)
                    bench.units[name].set("di3", value)
                    flips.append((now_s(), name, value))
            assert len(changes) > 150

    bench = on_a_bench(story, units=7, relays=1, brief=2)
    worst_s = {latency.unit: latency.worst_s for latency in line_times(bench.plan).alarms}
    assert max(worst_s.values()) < 1.25, "each flip must be seen before the next one"
    for at_s, unit, value in flips[:-1]:
        seen_s = min(
            t
            for t, u, rows in bench.heard.readings
            if u == unit and t > at_s and next(r.value for r in rows if r.point == "di3") is value
        )
        assert seen_s - at_s <= worst_s[unit]


def test_a_line_with_an_output_is_reckoned_with_its_orders() -> None:
    def worst_s(relays_are_ours: bool) -> float:
        async def story(bench: Bench) -> None:
            if not relays_are_ours:
                bench.plan = without_outputs(bench)
            worst = line_times(bench.plan).worst
            assert worst is not None
            found.append(worst.worst_s)

        found: list[float] = []
        on_a_bench(story, units=7, relays=1)
        return found[0]

    plain_s, with_orders_s = worst_s(False), worst_s(True)
    assert plain_s < with_orders_s < 1.3 * plain_s


def without_outputs(bench: Bench) -> LinePlan:
    units = tuple(replace(unit, outputs=frozenset[str]()) for unit in bench.plan.units)
    return replace(bench.plan, units=units)


def test_on_an_idle_line_an_order_does_not_wait_for_the_next_poll() -> None:
    async def story(bench: Bench) -> None:
        async with polled(bench):
            want(bench, ON)
            assert await until_done(bench, 1.0) < 0.2

    on_a_bench(story, units=0, relays=1, interval_s=10.0)


def test_what_is_wanted_of_a_lost_unit_is_done_when_it_returns_and_is_a_fault_until_then() -> None:
    async def story(bench: Bench) -> None:
        async with polled(bench) as changes:
            bench.units[last(bench)].plugged = False
            await asyncio.sleep(5.0)
            assert bench.heard.lost
            want(bench, ON)
            await asyncio.sleep(CONFIRMED_WITHIN_S + 0.1)
            assert (fault(bench), done(bench)) == ("its unit does not answer", False)
            bench.units[last(bench)].plugged = True
            await until_done(bench, 12.0)
            assert (fault(bench), [value for _, value in changes]) == ("", [True])

    on_a_bench(story, units=3, relays=1)


def test_what_is_no_longer_wanted_when_the_unit_returns_is_not_done() -> None:
    async def story(bench: Bench) -> None:
        async with polled(bench) as changes:
            bench.units[last(bench)].plugged = False
            await asyncio.sleep(5.0)
            want(bench, ON)
            await asyncio.sleep(5.0)
            want(bench, OFF)
            bench.units[last(bench)].plugged = True
            await until_done(bench, 12.0)
            assert [value for _, value in changes] == [False]

    on_a_bench(story, units=3, relays=1)


def test_an_order_that_is_confirmed_but_not_done_is_a_fault_and_tried_until_it_is_done() -> None:
    async def story(bench: Bench) -> None:
        async with polled(bench):
            unit = bench.units[last(bench)]
            unit.on_write = lambda point, value: unit.set(point, False)  # the relay is welded, the module confirms
            want(bench, ON)
            await asyncio.sleep(CONFIRMED_WITHIN_S - 0.1)
            assert fault(bench) == ""
            await asyncio.sleep(0.2)
            assert (fault(bench), done(bench)) == ("it reads False", False)
            unit.on_write = None
            await until_done(bench, 5.0)
            assert fault(bench) == ""

    on_a_bench(story, units=3, relays=1)


def test_a_module_that_restarts_or_is_told_otherwise_by_another_is_told_again() -> None:
    async def story(bench: Bench) -> None:
        async with polled(bench) as changes:
            want(bench, ON)
            await until_done(bench, 1.0)
            bench.units[last(bench)].set(RELAY, False)
            await asyncio.sleep(LOOK_S + 1.2)
            assert (bench.units[last(bench)].get(RELAY), len(changes)) == (True, 2)
            assert done(bench)

    on_a_bench(story, units=3, relays=1)


def test_a_late_reply_never_confirms_an_order() -> None:
    async def story(bench: Bench) -> None:
        async with polled(bench) as changes:
            unit = bench.units[last(bench)]
            unit.late_s = 0.4  # after its timeout, within its guard window
            want(bench, ON)
            await asyncio.sleep(8.0)
            assert changes, "the unit does what it is told"
            assert not done(bench)
            unit.late_s = 0.0
            await until_done(bench, 12.0)

    bench = on_a_bench(story, units=3, relays=1)
    assert bench.line.counters.unit(4).late > 0


def test_a_pulse_is_renewed_without_a_pause_and_ends_by_itself_when_the_gateway_is_dead() -> None:
    async def story(bench: Bench) -> None:
        async with polled(bench) as changes:
            want(bench, Want(True, pulse_s=10.0))
            await until_done(bench, 1.0)
            await asyncio.sleep(60.0)
            assert done(bench)
            assert {value for _, value in changes} == {True}
            assert 12 <= len(changes) <= 14
        await asyncio.sleep(10.1)
        assert bench.units[last(bench)].get(RELAY) is False

    on_a_bench(story, units=3, relays=1)


def test_a_pulse_that_is_no_longer_wanted_is_ended_at_once() -> None:
    async def story(bench: Bench) -> None:
        async with polled(bench):
            want(bench, Want(True, pulse_s=10.0))
            await until_done(bench, 1.0)
            want(bench, OFF)
            await until_done(bench, 1.0)
            assert bench.units[last(bench)].get(RELAY) is False
            await asyncio.sleep(30.0)
            assert bench.units[last(bench)].get(RELAY) is False

    on_a_bench(story, units=3, relays=1)


def test_a_pulse_for_once_is_told_once_and_ends_by_itself() -> None:
    async def story(bench: Bench) -> None:
        async with polled(bench) as changes:
            want(bench, Want(True, pulse_s=1.0, once=1))
            await until_done(bench, 0.5)
            await asyncio.sleep(30.0)
            assert [value for _, value in changes] == [True, False]
            assert changes[1][0] - changes[0][0] == pytest.approx(1.0, abs=0.01)
            want(bench, Want(True, pulse_s=1.0, once=2))
            await asyncio.sleep(3.0)
            assert [value for _, value in changes] == [True, False] * 2
            assert fault(bench) == ""

    on_a_bench(story, units=3, relays=1)


def test_a_pulse_that_is_let_go_while_its_unit_is_lost_is_not_told_when_it_returns() -> None:
    async def story(bench: Bench) -> None:
        async with polled(bench) as changes:
            bench.units[last(bench)].plugged = False
            await asyncio.sleep(5.0)
            want(bench, Want(True, pulse_s=1.0, once=1))
            bench.poller.let_go(last(bench), RELAY)
            bench.units[last(bench)].plugged = True
            await asyncio.sleep(15.0)
            assert changes == []
            assert bench.poller.progress.at_s > now_s() - 1.0

    on_a_bench(story, units=3, relays=1)


def test_a_unit_that_returns_while_nobody_wants_anything_of_its_outputs_is_just_polled() -> None:
    async def story(bench: Bench) -> None:
        async with polled(bench):
            bench.units[last(bench)].plugged = False
            await asyncio.sleep(5.0)
            bench.units[last(bench)].plugged = True
            await asyncio.sleep(15.0)
            assert bench.heard.back

    on_a_bench(story, units=3, relays=1)


def opposed(value: bool, opposite: str, **named: object) -> Want:
    return replace(Want(value, **named), opposites=((LAST, opposite),))  # type: ignore[arg-type]


LAST = "u3"


def on_together(bench: Bench) -> tuple[list[tuple[float, str, Value]], list[float]]:
    """What orders change at do1 and do2, and when both were on at once."""
    unit, changes, both = bench.units[LAST], list[tuple[float, str, Value]](), list[float]()

    def note(point: str, value: Value) -> None:
        changes.append((now_s(), point, value))
        if unit.get("do1") and unit.get("do2"):
            both.append(now_s())

    unit.on_write = note
    return changes, both


@pytest.mark.parametrize("kept", [{}, {"pulse_s": 10.0}, {"pulse_s": 1.0, "once": 1}])
@pytest.mark.parametrize("after_s", [0.0, 0.02, 0.05, 0.1, 0.3, 2.0])
def test_opposite_outputs_are_never_on_together_and_the_later_order_counts(
    kept: dict[str, object], after_s: float
) -> None:
    async def story(bench: Bench) -> None:
        async with polled(bench):
            changes, both = on_together(bench)
            bench.poller.want(LAST, "do2", opposed(True, "do1", **kept))
            await asyncio.sleep(after_s)
            wanted_s = now_s()
            bench.poller.want(LAST, "do1", opposed(True, "do2", urgent=True))
            await asyncio.sleep(20.0)
            assert both == []
            assert (bench.units[LAST].get("do1"), bench.units[LAST].get("do2")) == (True, False)
            assert next(at_s for at_s, point, value in changes if (point, value) == ("do1", True)) < wanted_s + 1.0

    on_a_bench(story, units=3, relays=1)


def test_a_relay_that_does_not_fall_holds_an_exit_back_for_two_seconds_only() -> None:
    async def story(bench: Bench) -> None:
        async with polled(bench):
            unit = bench.units[LAST]
            unit.on_write = lambda point, value: unit.set("do2", True) if point == "do2" else None
            bench.poller.want(LAST, "do2", opposed(True, "do1"))
            await asyncio.sleep(2.0)
            bench.poller.want(LAST, "do1", opposed(True, "do2", urgent=True))
            await asyncio.sleep(URGENT_WAITS_S - 0.1)
            assert not unit.get("do1")
            await asyncio.sleep(0.6)
            assert unit.get("do1")

    on_a_bench(story, units=3, relays=1)


def test_on_a_full_line_what_a_fire_orders_waits_for_the_exchange_under_way_only() -> None:
    async def story(bench: Bench) -> None:
        async with polled(bench) as changes:
            asked_s = now_s()
            for n in range(1, 5):
                want(bench, replace(ON, urgent=n > 2), f"do{n}")
            await asyncio.sleep(3.0)
            cost_s = bench.poller.schedule.orders[0].cost_s
            assert changes[1][0] - asked_s <= 3 * cost_s, "two urgent ones, after one exchange"
            assert changes[2][0] - changes[1][0] > 3 * cost_s, "the share is given afterwards"

    on_a_bench(story, units=7, relays=1)


def test_a_momentary_command_that_cannot_be_read_back_is_told_once() -> None:
    barrier = PROFILES["came_gard_ptx"]

    async def story(bench: Bench) -> None:
        async with polled(bench) as changes:
            want(bench, Want(True, once=1), "open")
            await asyncio.sleep(30.0)
            assert [value for _, value in changes] == [True]
            with pytest.raises(ValueError, match="cannot be read back"):
                want(bench, ON, "open")

    on_a_bench(story, units=3, relays=1, relay_profile=barrier)


def test_an_output_that_the_configuration_does_not_name_is_switched_too() -> None:
    async def story(bench: Bench) -> None:
        async with polled(bench) as changes:
            want(bench, ON, "do1")
            await asyncio.sleep(1.0)
            assert [value for _, value in changes] == [True]

    on_a_bench(story, units=3, relays=1)


@pytest.mark.parametrize(
    ("point", "wish", "error", "says"),
    [
        ("do9", ON, KeyError, "do9"),
        ("di1", ON, ValueError, "cannot be written"),
        (RELAY, Want(None), ValueError, "cannot be told None"),
        ("di1", Want(True, pulse_s=1.0), ValueError, "times no pulse on di1"),
        (RELAY, Want(True, pulse_s=1e6), ValueError, "a pulse is"),
        (RELAY, Want(True, once=1), ValueError, "would stay as it is told"),
    ],
)
def test_what_cannot_be_done_is_refused_when_it_is_wanted(
    point: str, wish: Want, error: type[Exception], says: str
) -> None:
    async def story(bench: Bench) -> None:
        with pytest.raises(error, match=says):
            want(bench, wish, point)
        assert bench.poller.switches.fault(last(bench), point) == ""

    on_a_bench(story, units=1, relays=1)


def test_an_order_to_a_line_that_is_gone_is_done_when_it_is_back() -> None:
    async def story(bench: Bench) -> None:
        await bench.poll(1.0)
        await bench.line.aclose()
        want(bench, ON)
        await bench.poll(5.0)
        assert done(bench)

    on_a_bench(story, units=1, relays=1)
