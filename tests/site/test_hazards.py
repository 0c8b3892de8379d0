"""The whole gateway in virtual time: hazards from the sensor to the person who closes them, and who is told."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from agent.config.hazard_book import load_book
from agent.hazards.rules import DAY_S
from agent.hazards.settings import Escalation, HazardSettings
from agent.school import Responsible
from agent.service.control import Desk
from agent.service.requests import requests_of
from agent.site import Site
from agent.uplink.hazard_message import HazardData
from simulators.clock import run_virtual
from tests.site.school import School, at_rest, calmer, demo_lines, demo_site, running, two_ways

RELAY = "gate-io.do8"
LOST_S = 40.0  # from the plug to the alarm, at its slowest
Story = Callable[[School], Awaitable[None]]
GUARD = Responsible("guard", "张卫国", 0.0)
OFFICER = Responsible("safety_officer", "李主任", 600.0, ("platform", "sounder"))
CHAIN = (GUARD, OFFICER)
ALARMS = Escalation(
    {1: (Responsible("guard", "张卫国", 20.0, ("sounder",)), Responsible("district", "", 90.0, ("platform",)))}
)


def dormitory(after_s: float = 60.0, **more: Any) -> Site:
    """The demo's school; its smoke detector hangs in a bedroom, and the rules do not wait so long."""
    site = calmer(demo_site(), 2.0)
    devices = tuple(replace(d, place="dormitory") if d.id == "smoke-3f-east" else d for d in site.devices)
    assert site.school is not None
    book = load_book("national-2024")
    rules = tuple(rule.model_copy(update={"after_s": after_s, "settle_s": 10.0}) for rule in book.rules)
    settings = HazardSettings(book.model_copy(update={"rules": rules, "unmet_after_s": 30 * DAY_S}))
    school = replace(site.school, chain=CHAIN)
    return replace(site, **{"devices": devices, "hazards": settings, "school": school, **more})  # type: ignore[arg-type]


def play(story: Story, directory: Path, site: Site, seed: int = 1) -> None:
    async def played() -> None:
        school = School(directory, seed, site, demo_lines())
        at_rest(school.field)
        async with running(school):
            await school.until(lambda: school.platform.heartbeats, within_s=10.0)
            await story(school)

    run_virtual(played(), seed)


async def ask(school: School, do: str, **more: object) -> dict[str, Any]:
    answer = await Desk(requests_of(school.gateway)).answer(json.dumps({"version": 1, "do": do, **more}).encode())
    assert isinstance(answer, dict)
    return answer


def shown(school: School) -> list[HazardData]:
    """What is retained, by whichever way it came."""
    found = {t: p for broker in school.brokers for t, p in broker.retained.items() if "/hazard/" in t and p}
    return [HazardData.model_validate(json.loads(payload)["data"]) for payload in found.values()]


def one(school: School) -> HazardData:
    (it,) = [hazard for hazard in shown(school) if hazard.device == "smoke-3f-east"]
    return it


def told(school: School, event: str) -> list[dict[str, Any]]:
    found = (a.payload for a in school.heard if a.channel == "event" and not a.duplicate)
    return [p.fields for p in found if p is not None and getattr(p, "event", "") == event]


async def restarted(school: School) -> None:
    """Killed and started; from now on the new process is asked."""
    before = school.gateway
    await school.restart()
    await school.until(lambda: school.gateway is not before and school.gateway.uplink.status.connected, 15.0)


async def opened(school: School) -> str:
    school.field.unplug("smoke-301")
    await school.until(lambda: shown(school), LOST_S + 90.0)
    return one(school).id


def test_a_dead_detector_in_a_bedroom_is_a_major_hazard_that_only_a_person_closes(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        id = await opened(school)
        hazard = one(school)
        assert (hazard.grade, hazard.colour, hazard.place, hazard.status) == ("major", "red", "dormitory", "open")
        assert (hazard.role, hazard.person) == ("safety_officer", "李主任")
        for action, more in (("assign", {"to": "王师傅"}), ("start", {})):
            assert (await ask(school, "hazard.step", hazard=id, action=action, person="李主任", **more))["ok"]
        early = await ask(school, "hazard.step", hazard=id, action="done", person="王师傅")
        assert "has not recovered" in early["error"]
        school.field.plug("smoke-301")
        await school.until(lambda: one(school).status == "awaiting_recheck", 90.0)
        await school.until(lambda: (school.heartbeat.hazards or hazard) and one(school).failing is False, 60.0)
        assert (await ask(school, "hazard.step", hazard=id, action="accept", person="李主任"))["ok"]
        await school.until(lambda: one(school).status == "closed", 5.0)
        assert one(school).closed is not None
        assert [step.action for step in one(school).steps] == ["open", "assign", "start", "recover", "accept"]
        names = ("opened", "assigned", "rectifying", "awaiting_recheck", "closed")
        await school.until(lambda: told(school, "hazard.closed"), 5.0)
        statuses = [fields["status"] for name in names for fields in told(school, f"hazard.{name}")]
        assert statuses == ["open", "assigned", "rectifying", "awaiting_recheck", "closed"]
        await school.until(lambda: school.heartbeat.hazards and not school.heartbeat.hazards.open, 40.0)

    play(story, tmp_path, dormitory())


def test_it_is_the_same_hazard_after_a_kill_and_fails_again_as_it_did(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        id = await opened(school)
        await restarted(school)
        assert (await ask(school, "hazard.show", hazard=id))["hazard"]["status"] == "open"
        school.field.plug("smoke-301")
        await school.until(lambda: one(school).status == "awaiting_recheck", 120.0)
        school.field.unplug("smoke-301")
        await school.until(lambda: one(school).reopened == 1, LOST_S + 60.0)
        assert (one(school).id, one(school).status, len(shown(school))) == (id, "open", 1)

    play(story, tmp_path, dormitory())


def test_what_nobody_takes_goes_along_the_chain_and_the_sounder_calls_until_somebody_does(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        id = await opened(school)
        await school.until(lambda: len(told(school, "hazard.escalated")) == 1, 5.0)
        await school.until(lambda: len(told(school, "hazard.escalated")) == 3, 640.0)
        calls = [(f["step"], f["role"], f["name"], f["channel"]) for f in told(school, "hazard.escalated")]
        assert sorted(calls) == [
            (1, "guard", "张卫国", "platform"),
            (2, "safety_officer", "李主任", "platform"),
            (2, "safety_officer", "李主任", "sounder"),
        ]
        await school.until(lambda: school.field.get(RELAY) is True, 5.0)
        await restarted(school)
        await school.until(lambda: school.field.get(RELAY) is True, 15.0)
        assert (await ask(school, "silence", person="张卫国"))["ok"]
        await school.until(lambda: school.field.get(RELAY) is False, 15.0)
        assert (await ask(school, "hazard.step", hazard=id, action="assign", person="李主任", to="王师傅"))["ok"]
        await school.until(lambda: one(school).status == "assigned", 5.0)
        assert len(told(school, "hazard.escalated")) == 3, "each step is told once, also after a restart"

    play(story, tmp_path, dormitory())


def test_a_disk_that_refuses_opens_nothing_until_it_takes_it_and_then_once(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        school.field.unplug("smoke-301")
        await school.heard_within("smoke-3f-east lost raised", LOST_S)
        school.twin.disk.refuses = "disk I/O error"
        refused = await ask(school, "hazard.add", person="张", text="灭火器过期")
        assert not refused["ok"]
        await _pass(school, 120.0)
        assert (await ask(school, "hazard.list", which="all"))["hazards"] == []
        school.twin.disk.refuses = ""
        await school.until(lambda: shown(school), 10.0)
        await school.until(lambda: told(school, "hazard.opened"), 5.0)
        await _pass(school, 10.0)
        assert len(told(school, "hazard.opened")) == 1
        assert (await ask(school, "hazard.add", person="张", text="灭火器过期"))["ok"]

    storage = replace(demo_site().storage, memory_bytes=0)
    play(story, tmp_path, dormitory(storage=storage))


def test_the_platform_adds_and_steps_and_learns_what_came_of_it(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        order(school, "hazard_add", person="区教育局", text="消防通道堆物", source="inspection", grade="major")
        await school.until(lambda: told(school, "command.done") and shown(school), 10.0)
        (hazard,) = shown(school)
        assert (hazard.source, hazard.found_by, hazard.colour) == ("inspection", "区教育局", "red")
        order(school, "hazard_step", hazard=hazard.id, action="accept", person="区教育局")
        await school.until(lambda: told(school, "command.refused"), 10.0)
        assert "assign it to somebody first" in told(school, "command.refused")[0]["why"]
        order(school, "hazard_step", hazard=hazard.id, action="assign", person="区教育局", to="王师傅")
        await school.until(lambda: shown(school)[0].person == "王师傅", 10.0)

    play(story, tmp_path, dormitory())


def test_an_alarm_that_nobody_acknowledges_calls_the_guard_by_the_sounder_and_then_the_district(
    tmp_path: Path,
) -> None:
    async def story(school: School) -> None:
        school.field.set("gate-io.di1", True)
        came_s = await school.until(lambda: school.field.get(RELAY) is True, 30.0)
        assert came_s == pytest.approx(20.0, abs=3.0)
        await restarted(school)
        await school.until(lambda: len(told(school, "alarm.escalated")) == 2, 90.0)
        first, second = told(school, "alarm.escalated")
        assert first["drill"] is False
        assert (first["device"], first["condition"], first["channel"]) == ("panic-gate", "pressed", "sounder")
        assert (second["role"], second["step"], second["channel"]) == ("district", 2, "platform")
        await school.order("panic-gate", "pressed", "acknowledge")
        await school.until(lambda: school.field.get(RELAY) is False, 15.0)
        await _pass(school, 120.0)
        assert len(told(school, "alarm.escalated")) == 2

    play(story, tmp_path, dormitory(escalation=ALARMS))


def test_in_a_drill_people_are_called_as_ever_and_told_that_it_is_one(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        started = await ask(school, "drill.start", person="王建国", reason="疏散演练", until="+30m")
        assert started["ok"], started
        school.field.set("gate-io.di1", True)
        await school.until(lambda: school.field.get(RELAY) is True, 30.0)
        await school.until(lambda: told(school, "alarm.escalated"), 5.0)
        assert [one["drill"] for one in told(school, "alarm.escalated")] == [True]

    play(story, tmp_path, dormitory(escalation=ALARMS))


def test_an_alarm_that_is_over_and_acknowledged_is_nobodys_business(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        school.field.set("gate-io.di1", True)
        await school.heard_within("panic-gate pressed raised", 10.0)
        await school.order("panic-gate", "pressed", "acknowledge")
        await _pass(school, 150.0)
        assert told(school, "alarm.escalated") == []
        assert school.field.get(RELAY) is False

    play(story, tmp_path, dormitory(escalation=ALARMS))


def test_what_the_sounder_calls_for_does_not_wait_for_the_disk_and_is_told_when_it_is_back(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        school.field.set("gate-io.di1", True)
        await school.heard_within("panic-gate pressed raised", 10.0)
        school.twin.disk.refuses = "disk I/O error"
        await school.until(lambda: school.field.get(RELAY) is True, 30.0)
        school.twin.disk.refuses = ""
        await school.until(lambda: len(told(school, "alarm.escalated")) == 1, 10.0)

    storage = replace(demo_site().storage, memory_bytes=0)
    play(story, tmp_path, dormitory(escalation=ALARMS, storage=storage))


def test_two_reasons_sound_together_and_one_order_silences_both(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        school.broker.stop()
        school.field.set("gate-io.di1", True)
        await school.until(lambda: school.field.get(RELAY) is True, 30.0)
        await _pass(school, 20.0)
        assert (await ask(school, "status"))["unconfirmed"], "nobody upstream has it either"
        school.broker.start()
        await school.until(lambda: told(school, "uplink.confirmed_late"), 90.0)
        await _pass(school, 15.0)
        assert school.field.get(RELAY) is True, "it is confirmed, and still nobody has acknowledged it"
        assert (await ask(school, "silence", person="张卫国"))["ok"]
        await school.until(lambda: school.field.get(RELAY) is False, 15.0)
        await _pass(school, 30.0)
        assert school.field.get(RELAY) is False

    play(story, tmp_path, dormitory(escalation=ALARMS))


SECOND = Escalation({1: (Responsible("district", "值班室", 20.0, ("second_platform",)),)})


def seconds(school: School) -> list[dict[str, Any]]:
    """What the second way's broker got of it, with the ids."""
    arrived = [json.loads(a.payload) for a in school.brokers[1].arrived if "/event/alarm" in a.topic]
    return [event for event in arrived if event["data"]["event"] == "alarm.escalated"]


def test_the_second_platform_hears_of_it_by_the_second_way_with_the_same_id(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        school.brokers[1].stop()
        school.field.set("gate-io.di1", True)
        await school.until(lambda: told(school, "alarm.escalated"), 40.0)
        await _pass(school, 20.0)
        assert seconds(school) == []
        await restarted(school)
        school.brokers[1].start()
        await school.until(lambda: seconds(school), 90.0)
        first = [json.loads(a.payload)["id"] for a in school.brokers[0].arrived if "/event/alarm" in a.topic]
        assert {event["id"] for event in seconds(school)} <= set(first)
        await _pass(school, 60.0)
        assert len(seconds(school)) <= 2

    play(story, tmp_path, two_ways(dormitory(escalation=SECOND)))


def test_a_hazard_that_has_been_closed_for_long_is_cleared_at_the_broker(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        answer = await ask(school, "hazard.add", person="张", text="灭火器过期")
        id = answer["hazard"]["id"]
        for action, more in (("assign", {"to": "王"}), ("start", {}), ("done", {}), ("accept", {})):
            assert (await ask(school, "hazard.step", hazard=id, action=action, person="张", **more))["ok"]
        await school.until(lambda: shown(school) and shown(school)[0].status == "closed", 5.0)
        await _pass(school, 70.0)
        await ask(school, "hazard.add", person="张", text="灯坏了")
        await school.until(lambda: [one.text.en for one in shown(school)] == ["灯坏了"], 60.0)
        assert [one["status"] for one in (await ask(school, "hazard.list", which="all"))["hazards"]] == [
            "closed",
            "open",
        ]

    site = dormitory()
    assert site.hazards is not None
    play(story, tmp_path, replace(site, hazards=replace(site.hazards, shown_s=60.0)))


def order(school: School, command: str, **fields: object) -> None:
    at = datetime.fromtimestamp(school.twin.clock()[0], UTC).isoformat()
    body = {"id": f"{command}-{school.now_s}", "at": at, **fields}
    topic = next(iter(school.brokers[0].retained)).rsplit("/", 2)[0]
    school.broker.say(f"{topic}/command/{command}", json.dumps(body).encode())


async def _pass(school: School, seconds: float) -> None:
    end_s = school.now_s + seconds
    await school.until(lambda: school.now_s >= end_s, seconds + 1)
