"""Cause and effect on the wire, whatever else has failed: what opens, what must not shut, what is told of it."""

import asyncio
import json
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

from agent.site import DrillSettings
from drivers.reading import Value
from tests.site.gates import CALL_POINT, EAST, LOOP, PANIC, WEST, Gates, gates_site, play

SEEN_S = 1.5  # a detector of this line is asked once a second
TRAVEL_S = 2.0
OPEN_S = SEEN_S + TRAVEL_S + 1.5
FAULT_S = 10.0


def test_two_detectors_open_every_gate_with_the_uplink_down_and_a_disk_that_refuses(tmp_path: Path) -> None:
    async def story(gates: Gates) -> None:
        gates.broker.stop()
        gates.twin.disk.refuses = "disk I/O error"
        await asyncio.sleep(5.0)
        gates.gates["bollard"].rest("close")
        gates.burn()
        await gates.until(gates.all_open, OPEN_S)
        await asyncio.sleep(60.0)
        assert gates.all_open()
        assert gates.closings() == []
        gates.twin.disk.refuses = ""
        gates.broker.start()
        await gates.until(lambda: len(gates.told_of("linkage.triggered")) == 3, 40.0)
        await gates.until(lambda: len(gates.told_of("linkage.confirmed")) == 3, 5.0)
        [opened] = [one for one in gates.told_of("linkage.triggered") if one["effect"] == "fire-opens-barrier"]
        assert (opened["priority"], opened["fire"], opened["outputs"]) == ("life", True, ["gate-io.do1"])
        assert set(opened["causes"]) >= {"smoke-east.alarm", "smoke-west.alarm"}

    play(story, tmp_path)


def test_a_fire_does_not_wait_for_a_disk_that_stalls(tmp_path: Path) -> None:
    async def story(gates: Gates) -> None:
        gates.twin.disk.slow_s = 8.0
        gates.burn(CALL_POINT)
        began_s = gates.now_s
        await gates.until(lambda: any(one.output == "gate-io.do1" for one in gates.written), 1.0)
        await gates.until(gates.all_open, TRAVEL_S + 0.5)
        await asyncio.sleep(9.0)
        assert gates.field.get("gate-io.do1") is True, "its pulses are renewed"
        gates.twin.disk.slow_s = 0.004
        await gates.until(lambda: len(gates.told_of("linkage.confirmed")) == 3, 60.0)
        assert gates.now_s - began_s > 10.0, "the disk was that slow"

    play(story, tmp_path)


def test_a_manual_call_point_alone_opens_and_a_single_detector_does_not_but_is_told(tmp_path: Path) -> None:
    async def story(gates: Gates) -> None:
        gates.burn(EAST)
        await gates.until(lambda: gates.told_of("linkage.prealarm"), SEEN_S + 2.0)
        await asyncio.sleep(30.0)
        assert gates.written == []
        assert gates.told_of("linkage.prealarm") == [{"causes": ["smoke-east.alarm"]}]
        gates.burn(CALL_POINT)
        await gates.until(gates.all_open, OPEN_S)

    play(story, tmp_path)


def test_a_pulse_for_once_is_told_once_and_a_relay_that_is_held_is_held(tmp_path: Path) -> None:
    async def story(gates: Gates) -> None:
        gates.burn(CALL_POINT)
        await gates.until(gates.all_open, OPEN_S)
        await asyncio.sleep(60.0)
        pulsed = [(one.output, one.value) for one in gates.written if one.output == "gate-io.do3"]
        assert pulsed == [("gate-io.do3", True), ("gate-io.do3", False)]
        assert {one.value for one in gates.written if one.output == "gate-io.do1"} == {True}

    play(story, tmp_path)


def test_a_dead_module_is_a_fault_within_ten_seconds_and_opens_when_it_returns(tmp_path: Path) -> None:
    async def story(gates: Gates) -> None:
        gates.field.unplug("gate-io")
        await gates.heard_within("barrier lost raised", 10.0)
        gates.burn(CALL_POINT)
        await gates.until(lambda: len(gates.told_of("linkage.triggered")) == 3, SEEN_S)
        began_s = gates.now_s
        await gates.until(lambda: len(gates.told_of("linkage.failed")) == 3, FAULT_S + 1.0)
        assert gates.now_s - began_s <= FAULT_S + 0.5
        assert {one["why"] for one in gates.told_of("linkage.failed")} == {"its unit does not answer"}
        await gates.until(lambda: gates.heartbeat.linkage and gates.heartbeat.linkage.faults == 3, 10.0)
        gates.field.plug("gate-io")
        await gates.until(gates.all_open, 20.0)
        await gates.until(lambda: len(gates.told_of("linkage.confirmed")) == 3, 15.0)
        await gates.until(lambda: gates.heartbeat.linkage and gates.heartbeat.linkage.faults == 0, 10.0)

    play(story, tmp_path)


def test_a_gate_that_does_not_move_is_a_fault_and_is_told_again_until_it_does(tmp_path: Path) -> None:
    async def story(gates: Gates) -> None:
        gates.gates["pulsed"].stuck = True
        gates.burn(CALL_POINT)
        await gates.until(lambda: gates.told_of("linkage.failed"), SEEN_S + FAULT_S + 1.0)
        [failed] = gates.told_of("linkage.failed")
        assert (failed["device"], failed["why"]) == ("pulsed", "its feedback does not confirm it")
        await asyncio.sleep(100.0)
        pulses = [one.at_s for one in gates.written if one.output == "gate-io.do3" and one.value]
        gaps = [later - before for before, later in pairwise(pulses)]
        assert len(pulses) >= 4
        assert gaps == sorted(gaps), "ever less often"
        gates.gates["pulsed"].stuck = False
        await gates.until(gates.all_open, 70.0)
        assert len(gates.told_of("linkage.failed")) == 1

    play(story, tmp_path)


def test_a_gateway_killed_after_the_fire_leaves_pulses_that_end_and_goes_on_after_its_restart(
    tmp_path: Path,
) -> None:
    async def story(gates: Gates) -> None:
        gates.burn()
        await gates.until(gates.all_open, OPEN_S)
        await asyncio.sleep(1.0)
        await gates.twin.kill()
        await gates.until(lambda: gates.field.get("gate-io.do1") is False, 5.5)
        gates.field.set(EAST, False)
        gates.field.set(WEST, False)
        await asyncio.sleep(10.0)
        assert gates.all_open(), "nothing shuts when the gateway is dead"
        killed_s = gates.now_s
        gates.start()
        await gates.until(lambda: gates.field.get("gate-io.do1") is True, 5.0)
        await gates.until(lambda: len(gates.told_of("linkage.restored")) == 3, 10.0)
        await asyncio.sleep(60.0)
        assert gates.all_open()
        assert await gates.state("fire-opens-barrier") == "active", "nobody has reset the alarms"
        await gates.order("smoke-east", "alarm", "reset")
        await gates.order("smoke-west", "alarm", "reset")
        await asyncio.sleep(1.0)
        assert await gates.state("fire-opens-barrier") == "latched"
        await gates.restart()
        await asyncio.sleep(20.0)
        assert await gates.state("fire-opens-barrier") == "latched"
        assert gates.field.get("gate-io.do1") is True
        assert gates.closings(killed_s) == []

    play(story, tmp_path)


def test_a_gate_that_somebody_shuts_by_hand_is_opened_again_while_the_fire_is_latched(tmp_path: Path) -> None:
    async def story(gates: Gates) -> None:
        gates.burn()
        await gates.until(gates.all_open, OPEN_S)
        await asyncio.sleep(5.0)
        for name in ("barrier", "pulsed", "bollard"):
            gates.gates[name].rest("close")
            await gates.until(gates.all_open, SEEN_S + TRAVEL_S + 1.0)

    play(story, tmp_path)


async def reset(gates: Gates, effect: str, person: str = "王建国") -> dict[str, object]:
    return await gates.ask("linkage.reset", effect=effect, person=person, reason="火已扑灭")


def test_a_named_person_resets_it_when_its_cause_has_gone_and_nothing_shuts_by_that(tmp_path: Path) -> None:
    async def story(gates: Gates) -> None:
        gates.burn()
        await gates.until(gates.all_open, OPEN_S)
        assert "the cause of fire-opens-barrier stands" in str((await reset(gates, "fire-opens-barrier"))["error"])
        await gates.fire_is_out()
        assert await gates.state("fire-opens-barrier") == "latched"
        assert "needs the name" in str((await reset(gates, "fire-opens-barrier", " "))["error"])
        assert "did you mean" in str((await reset(gates, "fire-opens-barier"))["error"])
        assert (await reset(gates, "fire-opens-barrier"))["ok"]
        await gates.until(lambda: gates.field.get("gate-io.do1") is False, 2.0)
        await asyncio.sleep(20.0)
        assert gates.all_open()
        assert await gates.state("fire-opens-barrier") == "idle"
        assert await gates.state("fire-opens-pulsed") == "latched"
        assert gates.closings() == []
        [told] = gates.told_of("linkage.reset")
        assert (told["person"], told["effect"], told["reason"]) == ("王建国", "fire-opens-barrier", "火已扑灭")
        await gates.restart()
        await asyncio.sleep(10.0)
        assert await gates.state("fire-opens-barrier") == "idle"
        assert gates.field.get("gate-io.do1") is False

    play(story, tmp_path)


def test_the_platform_resets_it_by_a_command_that_is_answered(tmp_path: Path) -> None:
    async def story(gates: Gates) -> None:
        gates.burn(CALL_POINT)
        await gates.until(gates.all_open, OPEN_S)
        await gates.fire_is_out()
        at = datetime.fromtimestamp(gates.twin.clock()[0], UTC).isoformat()
        topic = "campus/v1/430102/4301020001/gw-gates/command/linkage_reset"
        order = {"id": "r1", "at": at, "effect": "fire-opens-barrier", "person": "李敏", "reason": "解除"}
        gates.broker.say(topic, json.dumps(order).encode())
        await gates.until(lambda: gates.told_of("command.done"), 5.0)
        assert gates.told_of("command.done")[0]["effect"] == "fire-opens-barrier"
        assert await gates.state("fire-opens-barrier") == "idle"
        gates.broker.say(topic, json.dumps(order | {"id": "r2"}).encode())
        await gates.until(lambda: gates.told_of("command.refused"), 5.0)
        assert "is idle" in gates.told_of("command.refused")[0]["why"]

    play(story, tmp_path)


async def press(gates: Gates) -> None:
    gates.field.set(PANIC, True)
    await asyncio.sleep(0.5)
    gates.field.set(PANIC, False)


def test_a_hold_up_raises_the_bollard_once_and_is_fed_back(tmp_path: Path) -> None:
    async def story(gates: Gates) -> None:
        await press(gates)
        await gates.until(lambda: gates.gates["bollard"].is_closed, OPEN_S)
        await gates.until(lambda: gates.told_of("linkage.confirmed"), 3.0)
        assert [(one.output, one.value) for one in gates.written] == [
            ("gate-io.do6", True),
            ("gate-io.do6", False),
        ]

    play(story, tmp_path)


def test_a_hold_up_raises_nothing_under_a_car_in_a_fire_or_where_the_school_has_not_opted_in(
    tmp_path: Path,
) -> None:
    async def with_a_car(gates: Gates) -> None:
        gates.field.set(LOOP, True)
        await asyncio.sleep(3.0)
        await press(gates)
        await gates.until(lambda: gates.told_of("linkage.blocked"), 3.0)
        await asyncio.sleep(20.0)
        assert gates.written == []

    async def in_a_fire(gates: Gates) -> None:
        gates.burn(EAST)  # a single detector is enough for that
        await asyncio.sleep(3.0)
        await press(gates)
        await gates.until(lambda: gates.told_of("linkage.blocked"), 3.0)
        await asyncio.sleep(20.0)
        assert gates.written == []

    async def not_opted_in(gates: Gates) -> None:
        await press(gates)
        await gates.until(lambda: gates.told_of("linkage.blocked"), 3.0)
        assert gates.written == []

    site = gates_site()
    assert site.linkage is not None
    effects = tuple(replace(effect, opt_in=False) for effect in site.linkage.effects)
    cautious = replace(site, linkage=replace(site.linkage, effects=effects))
    for n, (story, played) in enumerate(((with_a_car, site), (in_a_fire, site), (not_opted_in, cautious))):
        (tmp_path / str(n)).mkdir()
        play(story, tmp_path / str(n), site=played)


def test_a_fire_during_a_hold_up_lowers_the_bollard_within_the_limit_and_never_with_both_relays_on(
    tmp_path: Path,
) -> None:
    async def story(gates: Gates) -> None:
        both: list[float] = []
        unit = gates.module("gate-io")
        before = unit.on_write
        assert before is not None

        def note(point: str, value: Value) -> None:
            before(point, value)
            if unit.get("do5") and unit.get("do6"):
                both.append(gates.now_s)

        unit.on_write = note
        gates.field.set(PANIC, True)
        await gates.until(lambda: gates.field.get("gate-io.do6"), 2.0)
        gates.burn(CALL_POINT)
        began_s = gates.now_s
        await gates.until(lambda: gates.field.get("gate-io.do5"), 3.0)
        assert gates.now_s - began_s < 3.0
        await gates.until(gates.all_open, TRAVEL_S + 2.0)
        await asyncio.sleep(30.0)
        assert both == []
        assert gates.all_open()
        assert gates.closings(began_s + 0.5) == []

    play(story, tmp_path)


def test_a_dry_run_tells_and_writes_nothing(tmp_path: Path) -> None:
    async def story(gates: Gates) -> None:
        gates.burn(CALL_POINT)
        await gates.until(lambda: len(gates.told_of("linkage.triggered")) == 3, SEEN_S + 2.0)
        assert all(one["dry_run"] for one in gates.told_of("linkage.triggered"))
        await asyncio.sleep(20.0)
        assert gates.written == []

    site = gates_site()
    assert site.linkage is not None
    play(story, tmp_path, site=replace(site, linkage=replace(site.linkage, dry_run=True)))


def test_what_stands_at_the_broker_says_how_each_effect_stands(tmp_path: Path) -> None:
    def shown(gates: Gates, effect: str) -> dict[str, object]:
        [kept] = [p for t, p in gates.broker.retained.items() if t.endswith(f"/linkage/{effect}")]
        data = json.loads(kept)["data"]
        assert isinstance(data, dict)
        return data

    async def story(gates: Gates) -> None:
        assert shown(gates, "fire-opens-barrier")["state"] == "idle"
        gates.burn(CALL_POINT)
        await gates.until(lambda: shown(gates, "fire-opens-barrier")["state"] == "active", OPEN_S)
        await gates.until(lambda: shown(gates, "fire-opens-barrier")["outputs"][0]["confirmed"], OPEN_S)  # type: ignore[index]
        await gates.until(lambda: gates.heartbeat.linkage and gates.heartbeat.linkage.active == 3, 10.0)
        await gates.fire_is_out()
        await gates.until(lambda: shown(gates, "fire-opens-barrier")["state"] == "latched", 5.0)

    play(story, tmp_path)


def test_what_would_happen_can_be_tried_and_moves_nothing(tmp_path: Path) -> None:
    async def story(gates: Gates) -> None:
        tried = await gates.ask("linkage.try", facts=["smoke-east.alarm", "smoke-west.alarm"])
        assert "gate-io.do1" in tried["steps"][0]["outputs"]
        assert "want device.condition" in (await gates.ask("linkage.try", facts=["nonsense"]))["error"]
        await asyncio.sleep(5.0)
        assert gates.written == []

    play(story, tmp_path)


def test_a_drill_holds_what_is_security_where_the_school_wants_it_and_never_what_a_fire_opens(
    tmp_path: Path,
) -> None:
    async def story(gates: Gates) -> None:
        drill = await gates.ask("drill.start", person="王建国", reason="消防演练", until="+30m")
        assert drill["ok"], drill
        await press(gates)
        await asyncio.sleep(10.0)
        assert gates.written == []
        [held] = [one for one in (await gates.ask("linkage"))["effects"] if one["id"] == "hold-up-bollard"]
        assert (held["state"], held["why"]) == ("blocked", "a drill holds the effects of security")
        [told] = gates.told_of("linkage.blocked")
        assert told["why"] == held["why"]
        await asyncio.sleep(60.0)
        assert (await gates.ask("drill.stop", person="王建国"))["ok"]
        await asyncio.sleep(20.0)
        assert gates.written == [], "what it was pressed for is long past"
        assert (await gates.ask("drill.start", person="王建国", reason="消防演练", until="+30m"))["ok"]
        gates.burn(CALL_POINT)
        await gates.until(gates.all_open, OPEN_S)

    play(story, tmp_path, site=replace(gates_site(), drill=DrillSettings(outputs="hold")))


def test_a_closing_relay_that_an_earlier_run_has_left_on_is_off_before_a_fire_opens(tmp_path: Path) -> None:
    async def story(gates: Gates) -> None:
        both: list[float] = []
        unit = gates.module("gate-io")
        before = unit.on_write
        assert before is not None

        def note(point: str, value: Value) -> None:
            before(point, value)
            if unit.get("do5") and unit.get("do6"):
                both.append(gates.now_s)

        unit.on_write = note
        await press(gates)
        await gates.until(lambda: gates.field.get("gate-io.do6"), 3.0)
        gates.burn(CALL_POINT)
        await gates.restart()
        await gates.until(lambda: gates.field.get("gate-io.do5"), 30.0)
        await asyncio.sleep(5.0)
        assert not gates.field.get("gate-io.do6")
        assert both == []

    site = gates_site()
    assert site.linkage is not None
    effects = tuple(
        replace(one, targets=tuple(replace(t, pulse_s=None, one_shot=False) for t in one.targets))
        if one.id == "hold-up-bollard"
        else one
        for one in site.linkage.effects
    )
    play(story, tmp_path, site=replace(site, linkage=replace(site.linkage, effects=effects)))
