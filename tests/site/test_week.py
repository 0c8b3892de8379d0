"""A school week in virtual time: who is on duty, what fails, who mends it, a fire while the children arrive."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from agent.config.load import load_site
from agent.config.rules_load import rules_dir
from agent.service import linkage
from agent.site import Site
from simulators.at_rest import bring_to_rest
from simulators.clock import run_virtual
from simulators.driven_gate import DrivenGate, GateWires
from simulators.field_file import read_lines
from simulators.scenario_file import read_yaml
from simulators.twin import EPOCH_S
from tests.site.school import School, running

CONFIG = Path(__file__).parent / "week.yaml"
ZONE = ZoneInfo("Asia/Shanghai")
INTERVAL_S = 60.0  # the same code, fewer rounds
SLOW_S, LOST_S = 300.0, 1200.0
HELD_S = 80.0  # a card or button, so that it is seen in these rounds
SOON_S = 300.0
ZHANG, LI = "0A1B2C3D", "0A1B2C3E"
WIRES = GateWires("gate-io.do1", "gate-io.do2", "gate-io.di3", "gate-io.di4")


def week_site(directory: Path) -> Site:
    """The school under the national rules, with a test press asked for every three days instead of every month."""
    rules = (rules_dir() / "national-2021.yaml").read_text()
    assert "fresh_s: 2678400 # 31 d" in rules
    rules = rules.replace("fresh_s: 2678400 # 31 d", "fresh_s: 259200").replace("id: national-2021", "id: week")
    (directory / "rules").mkdir()
    (directory / "rules" / "week.yaml").write_text(rules)
    (directory / "gateway.yaml").write_text(CONFIG.read_text())
    site = load_site(directory / "gateway.yaml")
    lines = (
        replace(
            line,
            units=tuple(
                replace(u, interval_s=INTERVAL_S, slow_interval_s=SLOW_S, lost_after_s=LOST_S) for u in line.units
            ),
        )
        for line in site.lines
    )
    return replace(site, lines=tuple(lines), control_socket=None)


class Week(School):
    """The school, told by the days of its own calendar: 2026-09-21 is a Monday."""

    def __init__(self, directory: Path) -> None:
        lines = read_lines(CONFIG)
        super().__init__(directory / "state", 1, week_site(directory), lines)
        bring_to_rest(self.field, read_yaml(CONFIG), lines)
        self.gate = DrivenGate(self.field, WIRES)

    async def at(self, day: int, clock: str) -> None:
        """Sleep until then, of September."""
        hour, minute = map(int, clock.split(":"))
        then_s = datetime(2026, 9, day, hour, minute, tzinfo=ZONE).timestamp() - EPOCH_S
        assert then_s > self.now_s, f"{day} {clock} is over"
        await asyncio.sleep(then_s - self.now_s)
        self.twin.check()

    async def card(self, code: str) -> None:
        """Somebody holds a card to the reader."""
        self.field.set("card-reader.card", code)
        await asyncio.sleep(HELD_S)
        self.field.set("card-reader.card", "")

    async def escort(self, *people: str) -> None:
        """These sign on at the escort post, and off again when the children are in."""
        for person in people:
            await self.ask("sign", person=person, on=True, post="escort")

    async def leave(self, *people: str) -> None:
        for person in people:
            await self.ask("sign", person=person, on=False)

    async def test_press(self) -> None:
        """The one-key alarm is pressed for its test, reset, and the platform has it."""
        await self.ask("drill.press", device="panic", person="张卫国")
        self.field.set("gate-io.di1", True)
        await asyncio.sleep(HELD_S)
        self.field.set("gate-io.di1", False)
        await asyncio.sleep(HELD_S)
        await self.order("panic", "pressed", "reset")

    # --- what the platform knows ----------------------------------------------------------------------

    def verdict(self, indicator: str) -> str:
        """The last word on it."""
        told = [a.payload for a in self.heard if a.channel == "provision" and a.event.subject == indicator]
        return str(getattr(told[-1], "verdict", "")) if told else ""

    def missing(self, indicator: str) -> list[str]:
        """What the last word names as missing."""
        told = [a.payload for a in self.heard if a.channel == "provision" and a.event.subject == indicator]
        return [one["what"]["en"] for item in told[-1].model_dump()["items"] for one in item["missing"]]

    def verdicts(self) -> dict[str, str]:
        return {name: self.verdict(name) for name in ("guards", "closed_campus", "alarm_video", "escort_post")}

    async def judged(self, within_s: float = SOON_S, **verdicts: str) -> None:
        """These are the verdicts before long."""
        ends_s = self.now_s + within_s
        while any(self.verdict(name) != wanted for name, wanted in verdicts.items()):
            self.twin.check()
            missing = {name: self.missing(name) for name in verdicts if self.verdict(name)}
            assert self.now_s < ends_s, (self.verdicts(), missing)
            await asyncio.sleep(1.0)

    async def ledger(self) -> list[dict[str, Any]]:
        answer = await self.ask("hazard.list", which="all")
        return list(answer["hazards"])

    def told_of(self, event: str) -> list[dict[str, Any]]:
        """The fields of every such event that has arrived, once."""
        found = (a.payload for a in self.heard if a.channel == "event" and not a.duplicate)
        return [p.fields for p in found if p is not None and getattr(p, "event", "") == event]


async def _only(week: Week, fits: Callable[[dict[str, Any]], object]) -> dict[str, Any]:
    found = [hazard for hazard in await week.ledger() if fits(hazard)]
    assert len(found) == 1, found
    return found[0]


async def monday_night(week: Week) -> None:
    """A gateway that has just been put up knows little, and says so."""
    await week.at(21, "22:35")
    assert week.verdicts() == dict.fromkeys(("guards", "closed_campus", "alarm_video", "escort_post"), "unknown")
    await week.card(LI)
    await week.judged(guards="met")
    await week.test_press()
    await week.judged(alarm_video="met")


async def ordinary_day(week: Week, day: int, *, escort_at_noon: bool = True) -> None:
    """The guards change shift by card; guard and teacher stand at the escort post twice."""
    await week.at(day, "07:05")
    await week.card(ZHANG)
    await week.card(LI)
    await week.escort("wang", "zhang")
    await week.at(day, "08:05")
    await week.leave("wang")
    await week.at(day, "16:25")
    await week.escort(*(["wang"] if escort_at_noon else []))
    await week.leave("zhang")
    await week.escort("zhang")
    await week.at(day, "17:15")
    if escort_at_noon:
        await week.leave("wang")


async def evening(week: Week, day: int) -> None:
    """The night guard comes, and the day guard goes."""
    await week.at(day, "19:02")
    await week.card(LI)
    await week.leave("zhang")
    await week.judged(guards="met")


async def tuesday(week: Week) -> None:
    """The first day is proven; the gate needs a whole day of it."""
    await ordinary_day(week, 22)
    await week.judged(guards="met", escort_post="met", alarm_video="met")
    assert week.verdict("closed_campus") == "unknown"
    await evening(week, 22)
    await week.at(22, "22:50")
    await week.judged(**dict.fromkeys(week.verdicts(), "met"))


async def wednesday(week: Week) -> None:
    """A camera is off for an hour: not met, a hazard; back again it waits for somebody who looks and closes it."""
    await week.at(23, "07:05")
    await week.card(ZHANG)
    await week.card(LI)
    await week.escort("wang", "zhang")
    await week.at(23, "08:05")
    await week.leave("wang")
    await week.at(23, "10:00")
    week.field.unplug("cam")
    await week.judged(alarm_video="not_met")
    assert any("校门口摄像机" in what for what in week.missing("alarm_video"))
    await week.at(23, "10:40")
    hazard = await _only(week, lambda one: one["device"] == "camera" or "camera" in str(one))
    assert hazard["status"] == "open"
    await week.restart()
    await asyncio.sleep(60.0)
    assert await _only(week, lambda one: one["id"] == hazard["id"]) == hazard, "a restart changes no line of it"
    await week.at(23, "11:00")
    week.field.plug("cam")
    await week.judged(alarm_video="met")
    await week.at(23, "11:20")
    waiting = await _only(week, lambda one: one["id"] == hazard["id"])
    assert waiting["status"] == "awaiting_recheck", "a sensor closes nothing"
    await week.ask("hazard.step", hazard=hazard["id"], action="accept", person="陈主任", reason="画面正常")
    assert (await _only(week, lambda one: one["id"] == hazard["id"]))["status"] == "closed"
    await week.at(23, "16:25")
    await week.escort("wang")
    await week.leave("zhang")
    await week.escort("zhang")
    await week.at(23, "17:15")
    await week.leave("wang")
    await week.judged(escort_post="met")
    await evening(week, 23)


async def thursday(week: Week) -> None:
    """Nobody of the teachers is there at dismissal; and the one-key alarm's test is overdue."""
    await ordinary_day(week, 24, escort_at_noon=False)
    await week.judged(escort_post="not_met")
    assert any("放学" in what or "dismissal" in what for what in week.missing("escort_post"))
    await evening(week, 24)
    await week.at(24, "22:50")
    await week.judged(alarm_video="not_met")
    await week.at(24, "23:10")
    assert [one["device"] for one in week.told_of("test.due")] == ["panic"]
    await week.test_press()
    await week.judged(alarm_video="met")


async def friday(week: Week) -> None:
    """A holiday: no escort post is wanted. In the evening the night guard does not come."""
    before = week.missing("escort_post")
    await week.at(25, "07:05")
    await week.card(ZHANG)
    await week.card(LI)
    await week.at(25, "18:00")
    assert week.missing("escort_post") == before
    assert week.verdict("guards") == "met"
    await week.at(25, "21:30")  # the day guard has been on for more than 14 hours, and never signed off
    await week.judged(guards="not_met")


async def saturday(week: Week) -> None:
    """School, to make up for Friday; smoke at two detectors while the children arrive opens the gate."""
    await week.at(26, "07:05")
    await week.card(LI)
    await week.judged(guards="met")
    await week.escort("wang")
    await week.at(26, "07:30")
    assert not week.gate.is_open
    week.field.set("smoke-east.smoke", True)
    await week.heard_within("smoke-east alarm raised", 200.0)
    await asyncio.sleep(60.0)
    assert not week.gate.is_open, "one detector is a pre-alarm"
    week.broker.stop()
    week.field.set("smoke-west.smoke", True)
    await week.until(lambda: week.gate.is_open, 200.0)
    week.broker.start()
    await week.heard_within("smoke-west alarm raised", 200.0)
    await week.until(lambda: week.told_of("linkage.triggered"), 200.0)
    for side in ("east", "west"):
        week.field.set(f"smoke-{side}.smoke", False)
        await week.heard_within(f"smoke-{side} alarm cleared", 200.0)
    await asyncio.sleep(1800.0)
    assert week.gate.is_open, "it stays open until a person resets it"


async def the_week(week: Week) -> None:
    for day in (monday_night, tuesday, wednesday, thursday, friday, saturday):
        await day(week)
    assert not week.platform.gaps()


@pytest.mark.timeout(180)
def test_a_school_week_is_judged_followed_up_and_proven(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linkage, "LOOK_S", INTERVAL_S)

    async def main() -> None:
        (tmp_path / "state").mkdir()
        week = Week(tmp_path)
        async with running(week):
            await week.until(lambda: week.platform.heartbeats, within_s=10.0)
            await the_week(week)

    run_virtual(main(), 1)
