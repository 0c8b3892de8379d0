"""Test presses: announced, told upstream as alarms, recorded with their confirmation, asked for monthly."""

import asyncio
from pathlib import Path

import pytest

from agent.errors import OrderRefused
from agent.provisioning.pressing import ANNOUNCED_S, last_tested
from agent.site import DrillSettings
from tests.agent.service.people_stand import UTC_S, Ticking, play, stand
from tests.agent.service.world import BUTTON, until

DAY_S = 86400.0


def test_an_announced_press_is_an_alarm_with_a_mark_and_counts_when_it_is_confirmed(tmp_path: Path) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world) as it:
            await it.ask("drill.press", device=BUTTON, person="王老师")
            await it.press()
            raised, cleared = await it.alarms()
            assert (raised["change"], raised["priority"], raised["test"], raised["person"]) == (
                "raised", 1, True, "王老师",
            )  # fmt: skip
            assert "test" not in cleared
            (press,) = it.people.presses()
            assert (press.device, press.person, press.confirmed_utc_s) == (BUTTON, "王老师", None)
            await asyncio.sleep(7)
            assert it.people.presses() == (press,), "nobody upstream has it"
            await it.confirm_all()
            await until(lambda: it.people.presses()[0].confirmed_utc_s)
            assert it.people.presses()[0].confirmed_utc_s == pytest.approx(UTC_S + 8, abs=1.5)
            assert (await it.event("test.confirmed"))["confirmed_by"] == "broker"
            await it.press()
            assert len(it.people.presses()) == 1, "the next press was not announced"
            assert not any("test" in alarm for alarm in await it.alarms())

    play(story, tmp_path)


@pytest.mark.parametrize("confirmed", [False, True])
def test_a_press_that_waited_over_a_restart_is_recorded_as_what_became_of_it(
    tmp_path: Path, confirmed: bool
) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world) as it:
            await it.ask("drill.press", device=BUTTON, person="王老师")
            await it.press()
            if confirmed:
                await it.confirm_all()
                it.people.tests._presses = ()  # killed before it looked: only the store knows
        async with stand(world) as it:
            await asyncio.sleep(5)
            (press,) = it.people.presses()
            assert (press.confirmed_utc_s is not None) is confirmed
            await it.confirm_all()
            await until(lambda: it.people.presses()[0].confirmed_utc_s)

    play(story, tmp_path)


def test_what_nobody_presses_in_time_is_told_also_when_it_was_announced_before_a_restart(tmp_path: Path) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world) as it:
            await it.ask("drill.press", device=BUTTON, person="王老师")
            with pytest.raises(OrderRefused, match="王老师 has announced"):
                await it.ask("drill.press", device=BUTTON, person="李老师")
            await asyncio.sleep(ANNOUNCED_S / 2)
        async with stand(world) as it:
            await asyncio.sleep(ANNOUNCED_S / 2 + 2)
            assert await it.events("test.") == ["test.announced", "test.not_pressed"]
            await it.press()
            (alarm, _) = await it.alarms()
            assert "test" not in alarm, "it comes too late: nobody knows whether it is one"
            assert it.people.presses() == ()

    play(story, tmp_path)


def test_while_the_disk_refuses_the_press_waits_and_is_still_a_test(tmp_path: Path) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world) as it:
            timers = asyncio.create_task(it.pipe.run_timers())
            await it.ask("drill.press", device=BUTTON, person="王老师")
            world.disk_full = True
            await it.press()
            await asyncio.sleep(20)
            assert it.people.presses() == ()
            world.disk_full = False
            await until(it.people.presses)
            assert [alarm.get("test", False) for alarm in await it.alarms()] == [True, False]
            timers.cancel()

    play(story, tmp_path)


def test_each_is_asked_for_once_a_day_until_it_was_tested_and_again_a_month_later(
    tmp_path: Path,
) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world, drill=DrillSettings(test_every_s=31 * DAY_S)) as it:
            await asyncio.sleep(DAY_S - 3600)
            assert await it.events("test.") == [], "a gateway that was just put up is left alone"
            await asyncio.sleep(3 * DAY_S)
            assert await it.events("test.") == ["test.due"] * 3
            assert await it.event("test.due") == {"device": BUTTON, "name": "门卫室一键报警", "tested": None}
            await it.ask("drill.press", device=BUTTON, person="王老师")
            await it.press()
            await it.confirm_all()
            await asyncio.sleep(31 * DAY_S - 3600)
            assert (await it.events("test.")) == ["test.confirmed"]
            ((shown),) = (await it.ask("drill.list"))["tests"]
            assert not shown["due"]
        async with stand(world) as it:
            await asyncio.sleep(2 * 3600)
            assert await it.events("test.") == ["test.confirmed", "test.due"]
            assert it.people.tests.due() == (BUTTON,)

    play(story, tmp_path)


def test_nothing_is_due_while_nobody_knows_what_day_it_is(tmp_path: Path) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world) as it:
            await asyncio.sleep(3600)
            world.clock = "unknown"
            await asyncio.sleep(100 * DAY_S)
            assert await it.events("test.") == []

    play(story, tmp_path)


@pytest.mark.parametrize(("device", "why"), [("panic-gat", "did you mean"), ("gate-reader", "no device")])
def test_only_a_one_key_alarm_is_tested(tmp_path: Path, device: str, why: str) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world) as it:
            with pytest.raises(OrderRefused, match=why):
                await it.ask("drill.press", device=device, person="王老师")

    play(story, tmp_path)


def test_a_button_that_is_down_cannot_be_tested_now(tmp_path: Path) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world) as it:
            pressing = asyncio.create_task(it.press())
            await asyncio.sleep(0.2)
            with pytest.raises(OrderRefused, match="is pressed now"):
                await it.ask("drill.press", device=BUTTON, person="王老师")
            await pressing

    play(story, tmp_path)


def test_a_press_while_the_clock_is_not_right_proves_nothing_and_is_asked_for_again(tmp_path: Path) -> None:
    async def story(world: Ticking) -> None:
        world.clock = "estimated"
        async with stand(world) as it:
            await it.ask("drill.press", device=BUTTON, person="王老师")
            await it.press()
            await it.confirm_all()
            await until(lambda: it.people.presses()[0].confirmed_utc_s)
            assert it.people.presses()[0].sure is False
        assert last_tested(it.people.presses()) == {}

    play(story, tmp_path)


def test_a_clock_that_was_years_ahead_for_a_while_keeps_no_test_from_being_asked_for(tmp_path: Path) -> None:
    async def story(world: Ticking) -> None:
        async with stand(world) as it:
            await asyncio.sleep(3600)
            world.ahead_s = 3650 * DAY_S
            await it.ask("drill.press", device=BUTTON, person="王老师")
            await asyncio.sleep(1200)
            await it.ask("drill.press", device=BUTTON, person="王老师")
            await it.press()
            await it.confirm_all()
            await until(lambda: it.people.presses()[0].confirmed_utc_s)
            world.ahead_s = 0.0
            await asyncio.sleep(2 * DAY_S)
            assert "test.due" in await it.events("test.due")
            (shown,) = (await it.ask("drill.list"))["tests"]
            assert shown["due"]

    play(story, tmp_path)
