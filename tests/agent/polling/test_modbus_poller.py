"""A poller on a simulated line with wire time: what a dead unit costs, what an alarm waits, who is called lost."""

import asyncio
import itertools
import random
from collections.abc import Sequence
from typing import Any

import pytest

from agent.polling.health import LOST_SHARE
from agent.polling.modbus_poller import ModbusPoller
from agent.polling.plan import line_times
from drivers.modbus.pdu import read_request
from drivers.reading import Quality, Reading
from simulators.modbus_unit import ModbusUnit
from tests.agent.polling.bench import (
    INPUTS,
    PROFILE,
    TURNAROUND_S,
    Bench,
    Heard,
    exchange_s,
    host_of,
    now_s,
    on_a_bench,
)


@pytest.mark.parametrize("baud", [9600, 115200])
def test_a_full_line_is_asked_without_a_pause_and_without_breaking_a_silence(baud: int) -> None:
    async def story(bench: Bench) -> None:
        await bench.poll(30.0)

    bench = on_a_bench(story, baud=baud)
    exchanges = sum(unit.replies for unit in bench.line.counters.units.values())
    assert bench.bus.violations == 0
    assert 30.0 / exchanges <= 1.01 * exchange_s(bench)


def test_no_alarm_is_seen_later_than_computed() -> None:
    flips: list[tuple[float, str, bool]] = []

    async def story(bench: Bench) -> None:
        polling = asyncio.get_running_loop().create_task(bench.poll(300.0))
        dice = random.Random(7)
        for _ in range(250):
            await asyncio.sleep(dice.uniform(0.6, 1.4))  # longer than the worst case: each change must be seen
            name = dice.choice(list(bench.units))
            value = not bench.units[name].get("di3")
            bench.units[name].set("di3", value)
            flips.append((now_s(), name, value))
        await polling

    bench = on_a_bench(story, brief=2)
    worst_s = {latency.unit: latency.worst_s for latency in line_times(bench.plan).alarms}
    for at_s, unit, value in flips:
        seen_s = min(
            t for t, u, rows in bench.heard.readings if u == unit and t > at_s and said(rows, "di3") is value
        )
        assert seen_s - at_s <= worst_s[unit]


def said(rows: Sequence[Reading], point: str) -> Any:
    return next(row.value for row in rows if row.point == point)


@pytest.mark.parametrize("dead", [1, 4])
def test_dead_units_cost_a_twentieth_and_their_neighbours_stay_good(dead: int) -> None:
    async def story(bench: Bench) -> None:
        await bench.poll(10.0)
        for n in range(dead):
            bench.units[f"u{n}"].plugged = False
        await bench.poll(200.0)

    bench = on_a_bench(story)
    gone = {f"u{n}" for n in range(dead)}
    assert {unit for _, unit in bench.heard.lost} == gone
    alive = len(bench.units) - dead
    late = [t for name in bench.units if name not in gone for t in bench.heard.times(name, since_s=1020.0)]
    assert len(late) * exchange_s(bench) >= (1 - LOST_SHARE) * 0.99 * 190.0
    assert len(late) / alive > 0


def test_a_loss_is_known_after_three_misses_within_three_seconds() -> None:
    async def story(bench: Bench) -> None:
        await bench.poll(5.0)
        bench.units["u3"].plugged = False
        await bench.poll(5.0)

    bench = on_a_bench(story)
    ((lost_s, unit),) = bench.heard.lost
    assert unit == "u3"
    assert bench.line.counters.unit(4).timeouts >= 3
    assert lost_s <= 1005.0 + 3.0


def test_with_four_lost_each_that_returns_is_polled_at_full_rate_within_ten_seconds() -> None:
    returned_s: list[float] = []

    async def story(bench: Bench) -> None:
        polling = asyncio.get_running_loop().create_task(bench.poll(360.0))
        dice = random.Random(3)
        for n in range(4):
            bench.units[f"u{n}"].plugged = False
        await asyncio.sleep(100.0 + dice.uniform(0, 10))
        for n in range(4):
            returned_s.append(now_s())
            bench.units[f"u{n}"].plugged = True
            await asyncio.sleep(60.0)
        await polling

    bench = on_a_bench(story)
    for n, at_s in enumerate(returned_s):
        seen = bench.heard.times(f"u{n}", since_s=at_s)
        assert seen[0] - at_s <= 10.0
        assert seen[9] - seen[0] <= 10 * 8 * exchange_s(bench) * 1.1


def test_a_unit_that_answers_late_now_and_then_is_not_called_lost() -> None:
    async def story(bench: Bench) -> None:
        await bench.poll(20.0)
        polling = asyncio.get_running_loop().create_task(bench.poll(120.0))
        for _ in range(20):
            bench.units["u2"].late_s = 0.2  # far beyond what was learned, within what is configured
            await asyncio.sleep(0.5)
            bench.units["u2"].late_s = 0.0
            await asyncio.sleep(5.0)
        await polling

    bench = on_a_bench(story)
    assert bench.heard.lost == []
    assert bench.line.counters.unit(3).timeouts > 0


def test_noise_blinds_nobody_for_long() -> None:
    async def story(bench: Bench) -> None:
        bench.bus.faults.noise = 0.08
        await bench.poll(600.0)

    bench = on_a_bench(story, units=4)
    assert sum(unit.crc + unit.garbage + unit.short for unit in bench.line.counters.units.values()) > 100
    for name in bench.units:
        seen = bench.heard.times(name)
        gaps = sorted(b - a for a, b in itertools.pairwise(seen))
        assert gaps[-1] < 8.0
        assert gaps[len(gaps) * 99 // 100] < 2.0


def test_whoever_asks_beside_the_poller_waits_for_one_exchange_at_most() -> None:
    waits: list[float] = []

    async def story(bench: Bench) -> None:
        polling = asyncio.get_running_loop().create_task(bench.poll(60.0))
        dice = random.Random(5)
        for _ in range(50):
            await asyncio.sleep(dice.uniform(0.5, 1.0))
            started_s = now_s()
            await bench.line.exchange(6, read_request("discrete", 0, 16), timeout_s=0.3, guard_s=0.3)
            waits.append(now_s() - started_s)
        await polling

    bench = on_a_bench(story)
    assert max(waits) <= 2 * exchange_s(bench) + 1e-6


def test_a_block_that_a_unit_refuses_as_a_whole_is_asked_in_parts_and_the_parts_are_remembered() -> None:
    class Smaller(ModbusUnit):
        """It has twelve inputs only and refuses to hear of sixteen."""

        def answer(self, pdu: bytes) -> bytes | None:
            if pdu[0] == 2 and int.from_bytes(pdu[1:3], "big") + int.from_bytes(pdu[3:5], "big") > 12:
                return bytes((0x82, 2))
            return super().answer(pdu)

    async def story(bench: Bench) -> None:
        small = bench.units["u0"] = Smaller(PROFILE, 1, turnaround_s=TURNAROUND_S)
        bench.bus.units[1] = small
        await bench.poll(60.0)

    bench = on_a_bench(story, units=2)
    last = {row.point: row for _, unit, rows in bench.heard.readings if unit == "u0" for row in rows}
    assert {name for name, row in last.items() if row.quality is Quality.GOOD} == set(INPUTS[:12])
    assert {name for name, row in last.items() if row.quality is Quality.BAD} == set(INPUTS[12:])
    assert bench.heard.lost == []
    refused = bench.line.counters.unit(1).refused[2]
    assert refused < 40  # each of the four seven times in a minute, ever less often, the whole never


def test_a_unit_that_is_busy_for_a_moment_is_asked_again_at_once() -> None:
    class Busy(ModbusUnit):
        """It says exception 6 when it is told to."""

        busy = False

        def answer(self, pdu: bytes) -> bytes | None:
            return bytes((pdu[0] | 0x80, 6)) if self.busy else super().answer(pdu)

    async def story(bench: Bench) -> None:
        unit = bench.units["u0"] = bench.bus.units[1] = Busy(PROFILE, 1, turnaround_s=TURNAROUND_S)
        polling = asyncio.create_task(bench.poll(4.0))
        await asyncio.sleep(2.0)
        unit.busy = True
        await asyncio.sleep(0.2)
        unit.busy = False
        unit.set("di5", True)
        await asyncio.sleep(1.0)
        unit.set("di5", False)
        await polling

    bench = on_a_bench(story, units=2)
    assert bench.line.counters.unit(1).refused[6] == 1
    assert any(row == Reading("di5", True) for _, unit, rows in bench.heard.news if unit == "u0" for row in rows)
    assert bench.heard.lost == []


def test_what_a_unit_says_again_is_handed_on_as_unchanged_until_it_was_lost() -> None:
    async def story(bench: Bench) -> None:
        await bench.poll(2.0)
        bench.units["u0"].plugged = False
        await bench.poll(5.0)
        bench.units["u0"].plugged = True
        await bench.poll(12.0)
        bench.units["u0"].set("di5", True)
        await bench.poll(1.0)

    bench = on_a_bench(story, units=2)
    ((back_s, _),) = bench.heard.back
    news = [at_s for at_s, unit, _ in bench.heard.news if unit == "u0"]
    assert len(news) == 3  # the first word, the first after the loss, and the change
    assert news[0] < 1002.0 < back_s <= news[1] <= news[2]
    assert len(bench.heard.times("u0")) > 100


class SlowDisk(Heard):
    """A sink that needs a while for each answer; notes how many it holds at once."""

    def __init__(self, seconds: float) -> None:
        super().__init__()
        self.seconds, self.open, self.most = seconds, 0, 0

    async def accept(self, unit: str, readings: Sequence[Reading]) -> None:
        self.open += 1
        self.most = max(self.most, self.open)
        await asyncio.sleep(self.seconds)
        self.open -= 1
        await super().accept(unit, readings)

    async def unit_lost(self, unit: str, cause: str) -> None:
        assert not self.open
        await super().unit_lost(unit, cause)


def on_a_slow_disk(bench: Bench, seconds: float) -> SlowDisk:
    bench.heard = disk = SlowDisk(seconds)
    bench.poller = ModbusPoller(bench.plan, bench.line, host_of(1), disk)
    return disk


def test_the_wire_does_not_wait_for_the_disk() -> None:
    async def story(bench: Bench) -> None:
        disk = on_a_slow_disk(bench, 0.02)
        polling = asyncio.get_running_loop().create_task(bench.poll(30.0))
        while not polling.done():
            await asyncio.sleep(0.3)
            bench.units["u3"].set("di1", not bench.units["u3"].get("di1"))
        assert disk.most == 1

    bench = on_a_bench(story)
    exchanges = sum(unit.replies for unit in bench.line.counters.units.values())
    assert 30.0 / exchanges <= 1.01 * exchange_s(bench)
    assert len(bench.heard.news) > 80


def test_nothing_overtakes_what_is_being_stored() -> None:
    async def story(bench: Bench) -> None:
        disk = on_a_slow_disk(bench, 0.5)
        await bench.poll(20.0)
        bench.units["u0"].plugged = False
        await bench.poll(10.0)
        assert disk.lost

    on_a_bench(story, units=2)


def test_a_poller_that_ends_lets_what_is_being_stored_finish() -> None:
    async def story(bench: Bench) -> None:
        disk = on_a_slow_disk(bench, 0.5)
        await bench.poll(0.1)
        assert (disk.open, len(disk.news)) == (0, 1)

    on_a_bench(story, units=1)


def test_a_poller_that_failed_while_the_disk_hung_polls_on_when_it_is_started_again() -> None:
    async def story(bench: Bench) -> None:
        heard, read = bench.heard.accept, bench.poller.devices["u1"].read
        hung = asyncio.Event()

        async def hang(unit: str, readings: Sequence[Reading]) -> None:
            hung.set()
            await asyncio.sleep(3600)

        async def fail(*_: Any, **__: Any) -> Any:
            await hung.wait()
            raise RuntimeError("a bug")

        bench.heard.accept = hang  # type: ignore[method-assign]
        bench.poller.devices["u1"].read = fail  # type: ignore[method-assign]
        with pytest.raises(RuntimeError, match="a bug"):
            await bench.poller.run()
        bench.heard.accept = heard  # type: ignore[method-assign]
        bench.poller.devices["u1"].read = read  # type: ignore[method-assign]
        await bench.poll(2.0)

    bench = on_a_bench(story, units=2)
    assert {unit for _, unit, _ in bench.heard.readings} == {"u0", "u1"}
