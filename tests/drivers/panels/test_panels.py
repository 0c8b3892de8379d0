"""Each driver against its simulated panel, in virtual time and with true wire time."""

import asyncio
import random

import pytest

from drivers.errors import LineError, NoResponse
from drivers.panels import PANELS
from drivers.profile import Protocol
from simulators.panels.fuan import ANSWER_S as FUAN_ANSWER_S
from simulators.panels.jbf import JbfCard
from simulators.panels.songjiang import ANSWER_S as SONGJIANG_ANSWER_S
from tests.drivers.panels.bench import Bench, Echoing, Flipping, now_s

each = pytest.mark.parametrize("protocol", PANELS)
masters = pytest.mark.parametrize(
    ("protocol", "answer_s"), [("songjiang_jb3208", SONGJIANG_ANSWER_S), ("fuan_fs5101w", FUAN_ANSWER_S)]
)
LIVING = [protocol for protocol in PANELS if protocol != "notifier_nfs"]
TOLD_S = 2.5  # one poll period and the wire


@each
@pytest.mark.parametrize("seed", range(5))
def test_a_fire_is_told_and_a_reset_at_the_panel_ends_it(protocol: Protocol, seed: int) -> None:
    async def script(bench: Bench) -> None:
        await asyncio.sleep(7.3)
        bench.far.say(bench.address, "fire", text="三楼东走廊")
        await bench.until(lambda: bench.told("fire", True), TOLD_S)
        before = len(bench.points)
        await asyncio.sleep(3)
        bench.far.reset()
        await bench.until(lambda: {("*/*", False), ("*/fire", False)} & set(bench.points[before:]), TOLD_S)
        assert not bench.failed

    Bench(protocol).play(script, seed)


@each
def test_a_fire_and_its_reset_at_once_are_both_told_one_after_the_other(protocol: Protocol) -> None:
    """In one reading they would cancel out, and nobody would ever hear of the fire."""

    async def script(bench: Bench) -> None:
        await asyncio.sleep(8)
        bench.read.clear()
        bench.far.say(bench.address, "fire")
        bench.far.reset()
        await bench.until(lambda: bench.told("fire", True) and bench.over("fire"), 2 * TOLD_S)
        told = [[reading.point for reading in readings] for _, readings in bench.read]
        fires = [n for n, points in enumerate(told) if f"{bench.address}/fire" in points]
        resets = [n for n, points in enumerate(told) if "*/*" in points or "*/fire" in points]
        assert fires[0] < resets[-1]
        assert not set(fires) & set(resets)

    Bench(protocol).play(script)


@each
def test_a_poll_returns_within_about_a_second_though_nothing_comes(protocol: Protocol) -> None:
    async def script(bench: Bench) -> None:
        await bench.stop_polling()
        for _ in range(30):
            began_s = now_s()
            await bench.panel.poll()
            assert now_s() - began_s <= 1.1

    Bench(protocol).play(script)


@pytest.mark.parametrize("protocol", LIVING)
@pytest.mark.parametrize("seed", range(3))
def test_a_panel_without_power_is_silent_soon_and_heard_again_soon(protocol: Protocol, seed: int) -> None:
    async def script(bench: Bench) -> None:
        await asyncio.sleep(8)
        bench.far.plugged = False
        await bench.until(lambda: len(bench.failed) >= 3, 15)
        assert all(isinstance(error, NoResponse) for _, error in bench.failed)
        bench.far.plugged = True
        await asyncio.sleep(3)
        bench.failed.clear()
        await asyncio.sleep(30)
        assert not bench.failed

    Bench(protocol).play(script, seed)


def test_a_printer_is_never_called_silent() -> None:
    async def script(bench: Bench) -> None:
        await asyncio.sleep(3600)
        assert not bench.failed

    Bench("notifier_nfs").play(script)


@each
def test_a_port_that_is_gone_is_said_so_and_a_panel_is_heard_on_the_next_one(protocol: Protocol) -> None:
    async def script(bench: Bench) -> None:
        await asyncio.sleep(8)
        bench.vanish()
        await bench.until(lambda: len(bench.failed) >= 3, 2)
        assert all(isinstance(error, LineError) for _, error in bench.failed)
        bench.present = True
        await asyncio.sleep(2)
        bench.far.say(bench.address, "fire")
        await bench.until(lambda: bench.told("fire", True), TOLD_S)

    Bench(protocol).play(script)


@pytest.mark.parametrize("protocol", ["songjiang_jb3208", "fuan_fs5101w", "jbf_193k"])
def test_what_was_said_while_the_port_was_gone_is_told_when_it_is_back(protocol: Protocol) -> None:
    async def script(bench: Bench) -> None:
        await asyncio.sleep(8)
        bench.vanish()
        await asyncio.sleep(0.5)
        bench.far.say(bench.address, "fire")
        bench.present = True
        await bench.until(lambda: bench.told("fire", True), 10)

    simulated = JbfCard(push_after_s=180) if protocol == "jbf_193k" else None
    Bench(protocol, simulated).play(script)


# --- panels that poll us ------------------------------------------------------------------------------


@masters
@pytest.mark.parametrize("seed", range(5))
def test_answers_are_in_time_though_storing_takes_seconds(protocol: Protocol, answer_s: float, seed: int) -> None:
    async def script(bench: Bench) -> None:
        bench.store_s = 4.0
        for point in range(1, 6):
            bench.far.say(f"1.3.{point}", "fire")
            await asyncio.sleep(1.7)
        await asyncio.sleep(30)
        assert all(bench.told("fire", True, f"1.3.{point}") for point in range(1, 6))
        assert bench.far.slowest_s < answer_s
        assert bench.far.unanswered == 0
        assert not bench.failed

    Bench(protocol).play(script, seed)


@masters
def test_a_gateway_that_stores_nothing_any_more_does_not_pretend_to_be_well(
    protocol: Protocol, answer_s: float
) -> None:
    async def script(bench: Bench) -> None:
        await asyncio.sleep(8)
        await bench.stop_polling()
        await asyncio.sleep(8)
        assert not bench.far.communication_fault
        await bench.until(lambda: bench.far.communication_fault, 8)

    Bench(protocol).play(script)


def test_songjiang_gets_its_acknowledgement_only_when_the_list_is_stored() -> None:
    async def script(bench: Bench) -> None:
        await asyncio.sleep(8)
        bench.store_s = 5.0
        bench.far.say(bench.address, "fire")
        await bench.until(lambda: bench.told("fire", True), TOLD_S)
        while not any(reading.point == "1.3.30/fire" for reading in bench.stored):
            assert bench.far.unacknowledged
            await asyncio.sleep(0.1)
        await bench.until(lambda: not bench.far.unacknowledged, TOLD_S)

    Bench("songjiang_jb3208").play(script)


def test_what_songjiang_cleared_by_itself_is_known_within_a_minute() -> None:
    async def script(bench: Bench) -> None:
        await asyncio.sleep(8)
        bench.far.say("1.3.1", "fault")
        bench.far.say("1.3.2", "fault")
        await bench.until(lambda: bench.told("fault", True, "1.3.2"), TOLD_S)
        bench.far.say("1.3.1", "fault", False)
        bench.read.clear()
        await bench.until(lambda: bench.over("fault"), 70)
        (readings,) = [readings for _, readings in bench.read if readings[0].point == "*/fault"]
        assert [reading.point for reading in readings[1:]] == ["1.3.2/fault"]

    Bench("songjiang_jb3208").play(script)


@pytest.mark.parametrize("protocol", ["songjiang_jb3208", "fuan_fs5101w"])
def test_a_gateway_that_starts_late_learns_what_is_there(protocol: Protocol) -> None:
    async def script(bench: Bench) -> None:
        bench.far.board.put("1.3.1", "fire", True, "")  # these were told to somebody else before
        bench.far.board.put("1.3.2", "disabled", True, "")
        await bench.until(lambda: bench.told("fire", True, "1.3.1"), 8)
        await bench.until(lambda: bench.told("disabled", True, "1.3.2"), 8)

    Bench(protocol).play(script)


# --- the card that is polled, and pushes --------------------------------------------------------------


def test_jbf_holds_its_events_until_the_last_one_is_stored() -> None:
    async def script(bench: Bench) -> None:
        await asyncio.sleep(8)
        bench.store_s = 2.0
        for point in range(1, 4):
            bench.far.say(f"1.3.{point}", "fire")
        await bench.until(lambda: len(bench.read) == 3, 12)
        times = [at_s for at_s, _ in bench.read]
        assert times[1] - times[0] >= 2.0
        assert times[2] - times[1] >= 2.0

    Bench("jbf_193k").play(script)


def test_jbf_hands_out_what_waits_as_fast_as_it_is_stored() -> None:
    async def script(bench: Bench) -> None:
        await asyncio.sleep(8)
        for point in range(1, 11):
            bench.far.say(f"1.3.{point}", "fire")
        await bench.until(lambda: len(bench.read) == 10, 3)

    Bench("jbf_193k").play(script)


def test_jbf_pushes_are_taken_though_nobody_polled() -> None:
    async def script(bench: Bench) -> None:
        await asyncio.sleep(8)
        bench.store_s = 10.0
        bench.far.say("1.3.1", "fire")
        await bench.until(lambda: len(bench.read) == 1, TOLD_S)
        bench.far.say("1.3.2", "fire")
        bench.far.say("1.3.3", "fire")
        await bench.until(lambda: bench.told("fire", True, "1.3.3"), 25)
        assert not bench.failed

    Bench("jbf_193k").play(script)


def test_the_echo_of_our_own_poll_is_no_sign_of_life() -> None:
    async def script(bench: Bench) -> None:
        await asyncio.sleep(8)
        assert not bench.failed
        bench.far.plugged = False
        await bench.until(lambda: len(bench.failed) >= 3, 6)

    Bench("jbf_193k", wrap=Echoing).play(script)


# --- noise --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("protocol", LIVING)
@pytest.mark.parametrize("seed", range(8))
def test_on_a_noisy_wire_nothing_is_read_that_was_not_said(protocol: Protocol, seed: int) -> None:
    """Songjiang repeats, Fu-An is asked again; a JBF card tells once, so on such a wire something may be lost."""
    said = {f"1.{loop}.{point}/{what}" for loop in (1, 2) for point in range(9) for what in ("fire", "fault")}

    async def script(bench: Bench) -> None:
        for point in sorted(said):
            address, _, condition = point.partition("/")
            bench.far.say(address, condition)
            await asyncio.sleep(dice.uniform(0.1, 5))
        await asyncio.sleep(90)
        heard = {reading.point for _, readings in bench.read for reading in readings if reading.value is not False}
        assert heard <= said
        assert bench.panel.counters.faults
        assert protocol == "jbf_193k" or heard == said

    dice = random.Random(seed)
    Bench(protocol, wrap=lambda stream: Flipping(stream, dice, 300)).play(script, seed)
