"""`make long`: three days of a whole site in virtual time, storms and restarts included; does anything grow?"""

import argparse
import asyncio
import logging
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from agent.uplink.messages import HeartbeatData
from bench.endurance.claims import Claim, at_least, at_most, no_growth, none_of
from bench.endurance.fit import Points
from bench.endurance.gauge import Gauge, gauge
from bench.endurance.page import PICTURES, Result, table, write
from bench.endurance.pictures import can_draw, draw_curves
from bench.endurance.progress import Told, bar
from bench.machine import describe
from simulators.clock import run_virtual
from tests.site.books import CONTACTS
from tests.site.invariants import Verdict
from tests.site.school import School, at_rest, calmer, demo_site, school
from tests.site.storm import Storm

HOURS = 72.0
CHAPTER_S = 1800.0  # each begins with a storm of two minutes, and is quiet from then on
QUIET_S = 600.0  # of it, how long heartbeats are counted
INTERVAL_S = 2.0  # units are asked so often; as fast as the line allows, it would take hours
SETTLED_S = 60.0
WARM_CHAPTERS = 4
GROWTH_A_DAY = {
    "tasks": 0.5,
    "waiters": 1.0,
    "streams": 0.5,
    "descriptors": 0.5,
    "objects": 200.0,
    "blocks": 1000.0,
}
RSS_MB_A_DAY = 1.0
HOUR_S = 3600.0
SHOWN = ("tasks", "objects", "blocks", "rss_mb")


class FairStorm(Storm):
    """No reply that is late *and* speaks under another address: nobody can tell it from that unit's own.

    Each alone is noticed. In a few storms the two do not meet on one line; in hundreds they do.
    """

    def _bad_frames(self, line: str, what: str) -> None:
        if what != "wrong_unit" or not self._going_on("late"):
            super()._bad_frames(line, what)

    def _late(self, unit: str, late_s: float) -> None:
        if not self._going_on("wrong_unit"):
            super()._late(unit, late_s)

    def _going_on(self, kind: str) -> bool:
        return any(words.startswith(kind) for words in self._busy)


class LastingStorm(FairStorm):
    """Everything but an end of the process, so that whatever grows in it has a day to do so."""

    fault_killed = fault_stopped = Storm.do_contact


@dataclass(frozen=True, slots=True)
class Chapter:
    """What there was at the end of half an hour; `at_s` counts from the beginning."""

    at_s: float
    gauge: Gauge
    streams: int
    boots: int
    waiting: int
    beats: int
    complaints: tuple[str, ...]


@dataclass
class Days:
    """Everything that the run has left behind."""

    chapters: list[Chapter] = field(default_factory=list)
    records: int = 0
    unbalanced: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    happened: int = 0
    stories: list[str] = field(default_factory=list)
    beats_due: float = 0.0

    def over(self, name: str, warm: int = WARM_CHAPTERS) -> Points:
        """One of the gauges over time, after the warm-up."""
        return [
            (one.at_s, float(one.streams if name == "streams" else getattr(one.gauge, name)))
            for one in self.chapters[min(warm, len(self.chapters) - 2) :]
        ]

    def claims(self) -> Iterator[Claim]:
        """What is held against which bound."""
        hours = self.chapters[-1].at_s / HOUR_S
        days = max(1.0, hours / 24)
        yield at_least("things that happened in the field, or went wrong", self.happened, 20 * len(self.chapters))
        yield none_of(
            "invariants of the site that did not hold", [c for one in self.chapters for c in one.complaints]
        )
        yield none_of("gaps in the sequence at the platform", self.gaps)
        yield none_of("lanes whose books do not balance", self.unbalanced)
        yield at_most("records waiting at the end of a chapter, most", max(c.waiting for c in self.chapters), 0)
        fewest = min(one.beats for one in self.chapters)
        yield at_least(f"heartbeats in {QUIET_S:g} quiet seconds, fewest", fewest, self.beats_due - 1)
        for name, most in GROWTH_A_DAY.items():
            yield no_growth(name, self.over(name), most * days)
        yield no_growth("RSS, MB", self.over("rss_mb"), RSS_MB_A_DAY * days)


async def live(hours: float, seed: int, directory: Path, told: Told) -> Days:
    """All of it."""
    days, site = Days(), calmer(demo_site(), INTERVAL_S)
    async with school(directory, seed, site) as place:
        await place.until(lambda: place.platform.heartbeats, 10.0)
        began_s, count = place.now_s, max(3, round(hours * HOUR_S / CHAPTER_S))
        days.beats_due = QUIET_S / site.uplink.heartbeat_s
        for number in range(count):
            day = number * 3 // count  # the second third has the restarts
            storm = (FairStorm if day == 1 else LastingStorm)(place, seed * 1000 + number)
            complaints = await _storm(place, storm)
            days.happened += len(storm.log)
            complaints += await _quiet(place, began_s + (number + 1) * CHAPTER_S)
            days.chapters.append(_chapter(place, began_s, complaints))
            days.stories += ["\n".join([*complaints, "what happened:", *storm.log])] if complaints else []
            told((number + 1) / count, f"day {day + 1}, {len(storm.log)} things happened")
        days.records = sum(place.platform.records(store) for store in place.platform.stores)
        days.unbalanced = list(_unbalanced(place, days.records))
        days.gaps = [str(gap) for gap in place.platform.gaps()]
    return days


async def _storm(place: School, storm: Storm) -> tuple[str, ...]:
    """Rough weather, judged; then everything is brought to rest."""
    await storm.rage()
    complaints = tuple(Verdict(storm).complaints())
    for contact in CONTACTS:
        place.field.set(contact.point, contact.away)
    at_rest(place.field)
    place.twin.clock.jump_s, place.twin.clock.state = 0.0, "synchronised"
    await asyncio.sleep(SETTLED_S)
    return complaints


async def _quiet(place: School, until_s: float) -> tuple[str, ...]:
    """Nothing happens; returns what was told all the same. What the platform heard since then is kept."""
    await asyncio.sleep(until_s - QUIET_S - place.now_s)
    early = [event for event in place.events() if event == "part.failed"]
    _forget(place)
    await asyncio.sleep(until_s - place.now_s)
    stuck = [words for words in place.twin.notified if words.startswith("STATUS=stuck")]
    return tuple(f"in the quiet: {words}" for words in [*early, *place.told(), *place.events(), *stuck])


def _forget(place: School) -> None:
    """The simulation's own notes, which grow by design, and the disks of processes that are gone."""
    place.heard.clear()
    place.broker.arrived.clear()
    place.twin.notified.clear()
    streams = place.twin._process.streams
    streams[:] = [stream for stream in streams if not getattr(stream, "closed", False)]
    for state_dir in place.twin.state_dir.parent.glob("state-*"):
        if state_dir != place.twin.state_dir:
            shutil.rmtree(state_dir)


def _chapter(place: School, began_s: float, complaints: tuple[str, ...]) -> Chapter:
    beats = [arrival.payload for arrival in place.heard if isinstance(arrival.payload, HeartbeatData)]
    waiting = min((sum(lane.depth for lane in beat.outbox.values()) for beat in beats), default=-1)
    beat_count = len(beats)
    del beats
    _forget(place)
    streams, boots = len(place.twin._process.streams), place.twin.boots
    return Chapter(place.now_s - began_s, gauge(), streams, boots, waiting, beat_count, complaints)


def _unbalanced(place: School, records: int) -> Iterator[str]:
    """accepted = confirmed + waiting + dropped, nothing dropped, and the platform has what is confirmed."""
    lanes = place.heartbeat.outbox
    for name, lane in lanes.items():
        if lane.accepted != lane.confirmed + lane.depth + lane.dropped or lane.dropped:
            yield f"{name}: {lane}"
    confirmed = sum(lane.confirmed for lane in lanes.values())
    if records < confirmed:
        yield f"{confirmed} confirmed, {records} at the platform"


def result(days: Days, machine: dict[str, str], hours: float, seed: int, took_s: float) -> Result:
    """As a part of the page."""
    told = (
        f"{hours:g} hours of the demo's whole school in virtual time, the agent unchanged, in {took_s:,.0f} s"
        f" of CPU: units are asked every {INTERVAL_S:g} s instead of as fast as the line allows, all else is as in"
        f" the demo. Every {CHAPTER_S / 60:g} minutes a storm of two minutes (`tests/site/storm.py`) with all that"
        f" it knows, {days.happened:,} things altogether, judged by the invariants of `tests/site`; in the"
        f" middle third it also kills, stops and starts the process ({days.chapters[-1].boots} starts)."
        f" {days.records:,} records reached the platform. Counted at the end of each quiet stretch; agent, field,"
        " broker and platform are one process here, so the figures hold for all of them together. Rises are those"
        f" of a Theil-Sen line after {WARM_CHAPTERS * CHAPTER_S / HOUR_S:g} hours. *streams* are the lines that"
        " the agent holds open, *waiters* its futures."
    )
    pictures = {"long": "tasks, objects, memory over three days"} if can_draw() else {}
    command = f'make long ARGS="--hours {hours:g} --seed {seed}"'
    return Result("long", "Three days in virtual time", command, told, list(days.claims()), machine, pictures)


def main() -> int:
    """0: all holds; 3: something does not hold."""
    parser = argparse.ArgumentParser("make long", description=__doc__)
    parser.add_argument("--hours", type=float, default=HOURS, help=f"of simulated time (default {HOURS:g})")
    parser.add_argument("--seed", type=int, default=1, help="of the storms")
    args = parser.parse_args()
    logging.disable(logging.CRITICAL)  # three days of losses and returns: they are judged, not read
    with tempfile.TemporaryDirectory() as directory:
        machine = describe(Path(directory))
        with bar("long") as shown:
            days = run_virtual(live(args.hours, args.seed, Path(directory), shown.done), args.seed)
    found = result(days, machine, args.hours, args.seed, time.process_time())
    print(*days.stories, f"{found.told}\n\n{table(found.claims)}", sep="\n\n")
    if args.hours >= HOURS:
        if found.pictures:
            rows = {name: days.over(name, warm=0) for name in SHOWN}
            draw_curves(rows, HOUR_S, "hours", WARM_CHAPTERS * CHAPTER_S, PICTURES / "long.svg")
        write(found)
    return 0 if found.holds else 3


if __name__ == "__main__":
    sys.exit(main())
