"""Drills: every alarm says so and goes upstream as ever; all that happens is recorded; each ends in its time."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.alarms.model import Order
from agent.drills.kept import DRILLS
from agent.drills.record import LINES_MOST
from agent.errors import OrderRefused, StorageError
from agent.records import NOTHING, Along, event_record
from agent.site import DrillSettings
from agent.uplink.drill_commands import AnnounceTest, DrillStart, DrillStop
from agent.uplink.people_commands import Sign
from tests.agent.service.people_stand import READER, Stand, Ticking, play, reader, stand
from tests.agent.service.world import BUTTON

DRILL = {"person": "李主任", "reason": "月度演练", "until": "+30m"}
FLAGS = ("drill", "test", "person")


async def began(it: Stand, **more: str) -> None:
    await it.ask("drill.start", **{**DRILL, **more})


def test_alarms_of_a_drill_say_so_and_keep_their_priority_and_the_next_ones_do_not(tmp_path: Path) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world) as it:
            await began(it)
            await it.press()
            await it.ask("drill.stop", person="李主任")
            await it.press()
            flags = [(a["change"], a["priority"], a.get("drill", False)) for a in await it.alarms()]
            assert flags == [
                ("raised", 1, True), ("cleared", 1, True), ("raised", 1, False), ("cleared", 1, False),
            ]  # fmt: skip
            assert await it.events("drill.") == ["drill.started", "drill.ended"]
            assert (await it.event("drill.ended")) == {"drill": 1, "stopped_by": "李主任", "raised": 1}

    play(story, tmp_path)


def test_the_report_says_who_was_reached_how_fast_and_what_failed(tmp_path: Path) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world) as it:
            await began(it)
            await it.press()
            await asyncio.sleep(40)
            await it.pipe.operate(BUTTON, Order("acknowledge", "pressed", "王建国"))
            await it.pipe.journal.report("sounder.failed", "the sounder cannot be switched", point="x.y")
            early = (await it.ask("drill.report"))["report"]
            assert early["ended"] is None
            assert [f["en"] for f in early["failed"]][:1] == [
                f"{BUTTON} pressed raised: not confirmed upstream yet"
            ]
            await it.confirm_all()
            await asyncio.sleep(5)
            await it.ask("drill.stop", person="李主任")
            report = (await it.ask("drill.report", id=1))["report"]
        (raised,) = report["raised"]
        assert (raised["acknowledged_by"], raised["device"]) == ("王建国", BUTTON)
        assert raised["acknowledged_after_s"] == pytest.approx(40.5, abs=0.6)
        assert raised["confirmed_after_s"] == pytest.approx(41, abs=2)
        assert raised["stored_after_s"] < 0.1
        assert report["summary"]["confirmed"] == report["summary"]["acknowledged"] == 1
        assert [one["change"] for one in report["changes"]] == ["raised", "cleared", "acknowledged"]
        assert [one["en"] for one in report["failed"]] == ["the sounder cannot be switched"]
        assert report["stopped_by"] == "李主任"

    play(story, tmp_path)


def test_a_drill_survives_a_restart_and_ends_by_itself_though_the_wall_clock_jumps(tmp_path: Path) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world) as it:
            await began(it)
            await it.press()
            world.ahead_s = 5 * 3600.0
            await asyncio.sleep(600)
            world.ahead_s = 0.0
        async with stand(world) as it:
            drill = it.drills.active()
            assert drill is not None
            assert (drill.person, len(drill.alarms)) == ("李主任", 2)
            await it.press()
            world.ahead_s = -5 * 3600.0
            await asyncio.sleep(1190)
            assert it.drills.active() is not None
            await asyncio.sleep(15)
            assert it.drills.active() is None
            assert await it.events("drill.") == ["drill.started", "drill.ended"]
            report = (await it.ask("drill.report"))["report"]
            assert (len(report["raised"]), report["stopped_by"]) == (2, "")

    play(story, tmp_path)


def test_while_the_disk_refuses_none_begins_and_one_that_is_on_ends_in_its_time(tmp_path: Path) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world) as it:
            world.disk_full = True
            with pytest.raises(StorageError):
                await began(it)
            assert it.drills.active() is None
            world.disk_full = False
            await began(it)
            world.disk_full = True
            with pytest.raises(StorageError):
                await it.ask("drill.stop", person="李主任")
            assert it.drills.active() is not None, "what is not stored has not happened"
            await asyncio.sleep(1801)
            assert it.drills.active() is None, "but time goes on"
            world.disk_full = False
            await asyncio.sleep(5)
            assert await it.events("drill.") == ["drill.started", "drill.ended"]

    play(story, tmp_path)


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        ({"until": "+9h"}, "8 hours"),
        ({"until": "soon"}, "no end"),
        ({"until": "2020-01-01T00:00:00Z"}, "past"),
        ({"until": "2027-01-15T10:00:00"}, "no end"),
        ({"until": "25:00"}, "no end"),
        ({"person": " "}, "name of the person"),
        ({"reason": ""}, "needs a reason"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(tmp_path: Path, wish: dict[str, str], why: str) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world) as it:
            with pytest.raises(OrderRefused, match=why):
                await began(it, **wish)
            assert it.drills.active() is None

    play(story, tmp_path)


def test_only_one_is_on_at_a_time_and_none_is_stopped_twice(tmp_path: Path) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world) as it:
            with pytest.raises(OrderRefused, match="no drill is on"):
                await it.ask("drill.stop", person="李")
            with pytest.raises(OrderRefused, match="there was no drill"):
                await it.ask("drill.report")
            await began(it)
            with pytest.raises(OrderRefused, match="李主任 is on already"):
                await began(it)
            await it.ask("drill.stop", person="李")
            with pytest.raises(OrderRefused, match="no drill 7; known: 1"):
                await it.ask("drill.report", id=7)

    play(story, tmp_path)


def test_the_last_fifty_are_kept_and_each_is_bounded(tmp_path: Path) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world) as it:
            for _ in range(DRILLS + 3):
                await began(it)
                await it.ask("drill.stop", person="李")
            await began(it)
            for n in range(LINES_MOST + 5):
                await it.pipe.journal.report("people.signed_on", f"{n}")
            await asyncio.sleep(5)
            assert sum(key.startswith("drills/") for key in it.outbox.states()) == DRILLS
        async with stand(world) as it:
            known = it.drills.known()
            assert [drill.number for drill in known] == list(range(5, DRILLS + 5))
            assert (len(known[-1].events), known[-1].missed) == (LINES_MOST, 5)

    play(story, tmp_path)


@pytest.mark.parametrize(("outputs", "held"), [("act", False), ("hold", True)])
def test_outputs_rest_only_in_a_drill_and_only_where_that_is_configured(
    tmp_path: Path, outputs: Any, held: bool
) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world, drill=DrillSettings(outputs)) as it:
            assert not it.drills.holds_outputs
            await began(it)
            assert it.drills.holds_outputs is held

    play(story, tmp_path)


def test_no_card_s_code_is_passed_on_with_a_report(tmp_path: Path) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world, reader()) as it:
            await it.ask("drill.start", person="李主任", reason="月度演练", until="+30m")
            await it.card("0A0B0C0D")
            await asyncio.sleep(1)
            report = (await it.ask("drill.report"))["report"]
            (told,) = [one for one in report["events"] if one["event"] == "people.unknown_card"]
            assert told["fields"] == {"device": READER}
            assert "0A0B0C0D" not in str(report)
            assert (await it.event("people.unknown_card"))["card"] == "0A0B0C0D", "upstream it can be copied from"

    play(story, tmp_path)


def test_heartbeats_say_that_one_is_on(tmp_path: Path) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world) as it:
            beat = it.rooms[1].beat
            assert beat() == {"drill": None, "tests_due": []}
            await began(it)
            assert beat()["drill"]["reason"] == "月度演练"

    play(story, tmp_path)


def test_the_platform_orders_what_a_terminal_does_and_is_answered_in_the_same_transaction(tmp_path: Path) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world) as it:
            said = {"id": "1", "at": datetime.fromtimestamp(1.8e9, UTC)}

            def answer(text: str, fields: Any) -> Along:
                return Along(
                    (event_record("command.done", text, fields, world.host().instant()),), {"command/1": "1"}
                )

            doers = {model: do for room in it.rooms for model, do in room.commands.items()}
            for order in (
                Sign(**said, person="zhang", on=True),
                DrillStart(**said, **DRILL),
                AnnounceTest(**said, device=BUTTON, person="王老师"),
                DrillStop(**said, person="李主任"),
            ):
                await doers[type(order)](order, answer)
            assert (await it.events())[-8:] == [
                "people.signed_on", "command.done", "drill.started", "command.done",
                "test.announced", "command.done", "drill.ended", "command.done",
            ]  # fmt: skip
            assert it.on() == ["zhang"]
            assert it.people.check_ins()[0].by == "platform"

    play(story, tmp_path)


@given(steps=st.lists(st.sampled_from(["press", "ack", "reset", "loss", "wait"]), max_size=8), test=st.booleans())
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_alarms_upstream_are_the_same_with_and_without_a_drill_but_for_its_flags(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str], test: bool
) -> None:
    told = []
    for announced in (False, True):

        async def story(world: Ticking, announced: bool = announced) -> None:
            async with stand(world) as it:
                if announced:
                    await began(it)
                    if test:
                        await it.ask("drill.press", device=BUTTON, person="王老师")
                for step in steps:
                    await played(it, step)
                told.append(await it.alarms())

        play(story, tmp_path_factory.mktemp("drill"))
    plain, marked = told
    assert all(alarm["drill"] for alarm in marked)
    assert [without_flags(alarm) for alarm in marked] == [without_flags(alarm) for alarm in plain]


async def played(it: Stand, step: str) -> None:
    """One thing that happens."""
    if step == "press":
        await it.press()
    elif step == "loss":
        await it.pipe.unit_lost("gate-io", "no reply")
        await asyncio.sleep(1)
        await it.pipe.unit_back("gate-io")
    elif step == "wait":
        await asyncio.sleep(40)
    else:
        action: Any = {"ack": "acknowledge"}.get(step, step)
        try:
            await it.pipe.operate(BUTTON, Order(action, "pressed", "王"), NOTHING)
        except OrderRefused:
            return


def without_flags(alarm: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in alarm.items() if key not in FLAGS}
