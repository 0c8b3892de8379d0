"""Nobody upstream confirms: what a guard hears and reads, and what the platform is told once it can be told."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from agent.cli.status import screen
from agent.language import use_language
from agent.service.control import Desk
from agent.service.requests import requests_of
from agent.site import Site
from simulators.clock import run_virtual
from tests.site.school import School, at_rest, demo_lines, demo_site, running

AFTER_S = 30.0
SWITCHED_S = 2.0  # from overdue to the relay that has closed, on a line in good order
RELAY = "gate-io.do8"
PULSE_S = 10.0

Story = Callable[[School], Awaitable[None]]


def play(story: Story, directory: Path, seed: int = 1, **uplink: object) -> None:
    """The demo's school with a sounder, from the moment on when the platform has met the gateway."""
    site = replace(demo_site(), uplink=replace(demo_site().uplink, **uplink))  # type: ignore[arg-type]
    run_virtual(_played(story, directory, seed, site), seed)


async def _played(story: Story, directory: Path, seed: int, site: Site) -> None:
    school = School(directory, seed, site, demo_lines())
    at_rest(school.field)
    async with running(school):
        await school.until(lambda: school.platform.heartbeats, within_s=10.0)
        await asyncio.sleep(3.0)
        await story(school)


async def ask(school: School, do: str, **more: object) -> dict[str, Any]:
    answer = await Desk(requests_of(school.gateway)).answer(json.dumps({"version": 1, "do": do, **more}).encode())
    assert isinstance(answer, dict)
    return answer


def sounds(school: School) -> bool:
    return school.field.get(RELAY) is True


def told(school: School, event: str) -> list[dict[str, Any]]:
    """Every event of that name that has arrived, once."""
    found = (a.payload for a in school.heard if a.channel == "event" and not a.duplicate)
    return [p.fields for p in found if p is not None and getattr(p, "event", "") == event]


def raised_as(school: School) -> int:
    """The sequence under which the press was told."""
    return next(a.sequence for a in school.heard if a.alarm is not None and a.alarm.change == "raised")


async def press(school: School) -> None:
    school.field.set("gate-io.di1", True)
    await asyncio.sleep(1.0)
    school.field.set("gate-io.di1", False)


def test_a_press_without_a_broker_sounds_after_thirty_seconds_and_is_silent_when_it_got_through(
    tmp_path: Path,
) -> None:
    async def story(school: School) -> None:
        school.broker.stop()
        await press(school)
        await asyncio.sleep(AFTER_S - 1.5)
        assert not sounds(school)
        await school.until(lambda: sounds(school), 0.5 + SWITCHED_S)
        await asyncio.sleep(60.0)
        assert sounds(school)
        school.broker.start()
        await school.heard_within("panic-gate pressed raised", 5.0)
        await school.until(lambda: not sounds(school), 5.0)
        await school.until(lambda: told(school, "uplink.confirmed_late"), 5.0)
        [unconfirmed], [late] = told(school, "uplink.unconfirmed"), told(school, "uplink.confirmed_late")
        assert unconfirmed["since_s"] == pytest.approx(AFTER_S, abs=1.0)
        assert late["since_s"] > 85.0
        for fields in (unconfirmed, late):
            assert (fields["device"], fields["condition"], fields["address"]) == ("panic-gate", "pressed", "")
        assert unconfirmed["sequence"] == late["sequence"] == raised_as(school)

    play(story, tmp_path)


@pytest.mark.parametrize(
    ("unit", "point", "device"),
    [("smoke-301", "smoke", "smoke-3f-east"), ("dorm-io", "di0", "panic-dorm")],
)
def test_every_fire_and_one_key_alarm_sounds(tmp_path: Path, unit: str, point: str, device: str) -> None:
    async def story(school: School) -> None:
        school.broker.stop()
        school.field.set(f"{unit}.{point}", True)
        await school.until(lambda: sounds(school), AFTER_S + SWITCHED_S + 2.0)
        assert [one["device"] for one in (await ask(school, "status"))["unconfirmed"]] == [device]

    play(story, tmp_path)


def test_a_fire_at_a_panel_sounds_and_says_where(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        school.broker.stop()
        school.field.panel("panel-jbf").say("1.3.30", "fire", text="手动报警按钮")
        await school.until(lambda: sounds(school), AFTER_S + SWITCHED_S + 5.0)
        [one] = (await ask(school, "status"))["unconfirmed"]
        assert (one["condition"], one["address"], one["location"]) == ("fire", "1.3.30", "教学楼三层手动报警按钮")

    play(story, tmp_path)


def test_what_is_no_matter_of_life_or_is_out_of_service_does_not_sound(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        until_utc_s = school.twin.clock()[0] + 3600.0
        order = {"device": "panic-gate", "condition": "pressed", "action": "out_of_service", "person": "王建国"}
        assert (await ask(school, "order", **order, reason="换线", until_utc_s=until_utc_s))["ok"]
        school.broker.stop()
        await press(school)
        school.field.set("gate-io.di2", False)  # tamper
        school.field.unplug("smoke-301")
        await asyncio.sleep(AFTER_S + 30.0)
        assert not sounds(school)
        assert (await ask(school, "status"))["unconfirmed"] == []

    play(story, tmp_path)


def test_a_confirmed_alarm_never_sounds_and_costs_no_event(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        await press(school)
        await asyncio.sleep(AFTER_S + 10.0)
        assert not sounds(school)
        assert told(school, "uplink.unconfirmed") == []
        assert school.heartbeat.alarms["unconfirmed"] == 0

    play(story, tmp_path)


def test_a_broker_that_takes_everything_and_confirms_nothing_is_no_confirmation(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        school.broker.confirms = False
        await press(school)
        await school.until(lambda: sounds(school), AFTER_S + SWITCHED_S + 2.0)
        assert "panic-gate pressed raised" in school.told(), "it arrived, and nobody here can know"
        school.broker.confirms = True
        await school.until(lambda: not sounds(school), 30.0)

    play(story, tmp_path)


def test_an_alarm_that_the_broker_refuses_by_its_acl_sounds(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        school.broker.rejects["/alarm/"] = 0x87
        await press(school)
        await school.until(lambda: sounds(school), AFTER_S + SWITCHED_S + 2.0)
        await school.until(lambda: told(school, "uplink.unconfirmed"), 5.0)
        await school.until(lambda: school.heartbeat.alarms["unconfirmed"] == 1, 10.0)

    play(story, tmp_path)


def test_a_platform_that_must_confirm_and_does_not_is_no_confirmation_either(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        school.desk = None  # nobody sits there
        await press(school)
        await school.until(lambda: sounds(school), AFTER_S + SWITCHED_S + 2.0)
        assert "panic-gate pressed raised" in school.told(), "the broker has it, and that is not enough"
        confirm = {"store": school.gateway.outbox.store_id, "spans": [[1, raised_as(school)]]}
        school.broker.say("campus/v1/430102/4301020001/gw-demo/command/confirm", json.dumps(confirm).encode())
        await school.until(lambda: not sounds(school), 1.0 + SWITCHED_S)

    play(story, tmp_path, confirmed_by="platform")


def test_a_person_silences_it_until_another_alarm_is_not_confirmed_either(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        school.broker.stop()
        assert "nothing to silence" in (await ask(school, "silence", person="王建国"))["error"]
        await press(school)
        await school.until(lambda: sounds(school), AFTER_S + SWITCHED_S + 2.0)
        assert "needs the name" in (await ask(school, "silence", person=" "))["error"]
        assert (await ask(school, "silence", person="王建国"))["ok"]
        await school.until(lambda: not sounds(school), SWITCHED_S)
        await asyncio.sleep(60.0)
        assert not sounds(school)
        assert [one["silenced"] for one in (await ask(school, "status"))["unconfirmed"]] == [True]
        await press(school)
        await school.until(lambda: sounds(school), AFTER_S + SWITCHED_S + 2.0)
        school.broker.start()
        await school.until(lambda: told(school, "sounder.silenced"), 10.0)
        [silenced] = told(school, "sounder.silenced")
        assert silenced["person"] == "王建国"
        assert silenced["alarms"] == [{"device": "panic-gate", "condition": "pressed", "address": ""}]

    play(story, tmp_path)


def test_it_sounds_again_after_a_kill_and_tells_nothing_twice(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        school.broker.stop()
        await press(school)
        await school.until(lambda: sounds(school), AFTER_S + SWITCHED_S + 2.0)
        await school.twin.kill()
        await school.until(lambda: not sounds(school), PULSE_S + 0.5)  # the module ends it by itself
        school.start()
        await school.until(lambda: sounds(school), 5.0)
        school.broker.start()
        await school.until(lambda: told(school, "uplink.confirmed_late"), 10.0)
        await school.until(lambda: not sounds(school), SWITCHED_S)
        await asyncio.sleep(20.0)
        assert len(told(school, "uplink.unconfirmed")) == len(told(school, "uplink.confirmed_late")) == 1

    play(story, tmp_path)


def test_what_was_silenced_stays_silent_over_a_kill(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        school.broker.stop()
        await press(school)
        await school.until(lambda: sounds(school), AFTER_S + SWITCHED_S + 2.0)
        assert (await ask(school, "silence", person="王建国"))["ok"]
        await school.restart()
        await asyncio.sleep(60.0)
        assert not sounds(school)

    play(story, tmp_path)


def test_an_alarm_that_waited_when_the_gateway_was_killed_sounds_thirty_seconds_after_it_came(
    tmp_path: Path,
) -> None:
    async def story(school: School) -> None:
        school.broker.stop()
        await press(school)
        pressed_s = school.now_s
        await asyncio.sleep(5.0)
        await school.restart()
        await school.until(lambda: sounds(school), AFTER_S)
        assert school.now_s - pressed_s == pytest.approx(AFTER_S, abs=SWITCHED_S)

    play(story, tmp_path)


def test_a_confirmation_that_came_just_before_a_kill_is_told_after_it(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        school.broker.stop()
        await press(school)
        await school.until(lambda: sounds(school), AFTER_S + SWITCHED_S + 2.0)
        school.broker.start()
        await school.heard_within("panic-gate pressed raised", 5.0)
        await asyncio.sleep(0.6)
        await school.restart()
        await school.until(lambda: told(school, "uplink.confirmed_late"), 10.0)
        assert len(told(school, "uplink.confirmed_late")) == 1
        assert not sounds(school)

    for seed in range(1, 6):
        (tmp_path / str(seed)).mkdir()
        play(story, tmp_path / str(seed), seed)


def test_a_sounder_whose_module_is_lost_is_a_fault_and_sounds_when_it_is_back(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        school.broker.rejects["/alarm/"] = 0x87
        await press(school)
        school.field.unplug("gate-io")
        await asyncio.sleep(AFTER_S + 15.0)
        status = await ask(school, "status")
        assert "not answer" in status["sounder"]["fault"]
        await school.until(lambda: told(school, "sounder.failed"), 10.0)
        school.field.plug("gate-io")
        await school.until(lambda: sounds(school), 12.0)
        await school.until(lambda: told(school, "sounder.works"), 15.0)
        assert len(told(school, "sounder.failed")) == 1
        assert (await ask(school, "status"))["sounder"]["fault"] == ""

    play(story, tmp_path)


def test_an_alarm_that_neither_the_disk_nor_the_broker_takes_sounds_too(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        school.twin.disk.refuses = "disk I/O error"
        school.broker.stop()
        await press(school)
        await school.until(lambda: sounds(school), AFTER_S + SWITCHED_S + 2.0)
        assert (await ask(school, "silence", person="王建国"))["ok"]
        await school.until(lambda: not sounds(school), SWITCHED_S)
        await asyncio.sleep(20.0)
        assert not sounds(school)
        school.twin.disk.refuses = ""
        school.broker.start()
        await school.heard_within("panic-gate pressed raised", 40.0)
        await asyncio.sleep(10.0)
        assert not sounds(school)

    play(story, tmp_path)


def test_the_status_screen_says_it_first_and_what_to_do(tmp_path: Path) -> None:
    shown: list[str] = []

    async def story(school: School) -> None:
        school.broker.stop()
        await press(school)
        await school.until(lambda: sounds(school), AFTER_S + SWITCHED_S + 2.0)
        answer = await ask(school, "status")
        for language in ("en", "zh"):
            use_language(language)
            shown.append("\n".join(screen(answer)[1:4]))

    try:
        play(story, tmp_path)
    finally:
        use_language("en")
    assert "NOT confirmed by the platform for 3" in shown[0]
    assert "门卫室一键报警 · 南门门卫室" in shown[0]
    assert "110" in shown[0]
    assert "campusgw alarm silence" in shown[0]
    assert "平台未确认" in shown[1]
    assert "119" in shown[1]
