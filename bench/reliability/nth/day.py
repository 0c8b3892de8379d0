"""The day: a button, smoke, a kill and a restart, another button, a barrier forced; then all is calm again."""

import asyncio
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from agent.errors import StorageError
from agent.host import Host
from agent.site import Site
from agent.uplink.messages import HeartbeatData, StatusData
from bench.reliability.nth.tap import HANG_S, Kind, Manner, Tap
from simulators.clock import START_S, run_virtual
from tests.site.invariants import SEEN_OTHERWISE
from tests.site.school import School, at_rest, calmer, demo_lines, demo_site

UNITS = frozenset({"gate-io", "smoke-301", "dorm-io"})
INTERVAL_S = 2.0
AGAIN_S = 2.0  # systemd's RestartSec, as in systemd/campusgw.service
STANDS_S = 120.0  # every contact stands for longer than anything hangs, so that none may be missed
SETTLED_S = 90.0
UNTOUCHED_S = 3.0  # one poll that failed; an alarm that comes no later than so was not touched by the fault
BEAT_S = 5.0
GONE_S = 3.0  # a restart takes less
NO_FAULTS = ("gateway.started", "gateway.ended", "provision.changed")  # the last tells of the school
MISSED = 3  # heartbeats: docs/mqtt.md says that it is lost then
RECONNECTS = re.compile(r'"reconnects":[1-9]')
WANTED = Counter(
    f"{alarm} {change}"
    for alarm in (
        "panic-gate pressed",
        "smoke-3f-east alarm",
        "panic-dorm pressed",
        "barrier-south forced_open",
        "barrier-south held_open",
    )
    for change in ("raised", "cleared")
)


class Supervised(School):
    """A school whose gateway is seen through a tap, and started again by its manager when it ends."""

    def __init__(self, directory: Path, tap: Tap) -> None:
        super().__init__(directory, 1, small(demo_site()), demo_lines())
        self.tap = tap
        self.ended: list[str] = []

    async def _run(self, host: Host) -> None:
        while True:
            try:
                await super()._run(self.tap.host(host))
            except StorageError as error:
                self.ended.append(str(error))
                await asyncio.sleep(AGAIN_S)

    async def restart(self) -> None:
        self.tap.over.set()
        await super().restart()
        self.tap.over = asyncio.Event()


@dataclass(frozen=True, slots=True)
class Day:
    """What came of it."""

    tap: Tap
    told: Sequence[str]
    at_s: dict[str, float]
    complaints: Sequence[str]
    said: Sequence[str]


def small(site: Site) -> Site:
    """Three units and four devices of the demo: enough for every kind of operation."""
    lines = (replace(p, units=tuple(u for u in p.units if u.id in UNITS)) for p in site.lines)
    devices = tuple(d for d in site.devices if d.units <= UNITS)
    return calmer(replace(site, lines=tuple(p for p in lines if p.units), devices=devices), INTERVAL_S)


def play_day(directory: Path, kind: Kind = "store", nth: int = 0, manner: Manner = "fails") -> Day:
    """The whole of it in virtual time."""
    return run_virtual(_day(directory, Tap(kind, nth, manner)), seed=1)


async def _day(directory: Path, tap: Tap) -> Day:
    school = Supervised(directory, tap)
    at_rest(school.field)
    school.start()
    try:
        await _befall(school)
        await _settle(school)
        return Day(tap, school.told(), _when(school), list(_complaints(school)), list(_said(school)))
    finally:
        tap.over.set()
        await school.twin.stop()


async def _befall(school: School) -> None:
    contacts = (("gate-io.di1", 3.0, True), ("smoke-301.smoke", 4.0, True), ("dorm-io.di0", 8.0, True))
    for point, after_s, value in contacts:
        if point == "dorm-io.di0":
            await asyncio.sleep(HANG_S)  # what hangs before is told before the kill
            await school.restart()
        await asyncio.sleep(after_s)
        school.field.set(point, value)
    await asyncio.sleep(20.0)
    school.field.set("gate-io.di4", False)
    await asyncio.sleep(INTERVAL_S * 1.5)
    school.field.set("gate-io.di3", True)
    await asyncio.sleep(STANDS_S)
    for point, _, value in contacts:
        school.field.set(point, not value)
    school.field.set("gate-io.di3", False)
    school.field.set("gate-io.di4", True)


async def _settle(school: School) -> None:
    """Until all is told and nothing waits; not coming to rest is a complaint."""
    until_s = school.now_s + SETTLED_S
    while school.now_s < until_s and not (
        set(WANTED) <= set(school.told()) and school.platform.heartbeats and school.waiting == 0
    ):
        await asyncio.sleep(1.0)
    await asyncio.sleep(BEAT_S * 2)  # two more heartbeats: what is told late, or twice, is told by now
    until_s = school.now_s + SETTLED_S
    while school.now_s < until_s and school.waiting:  # and what failed only now is told too
        await asyncio.sleep(1.0)


def _when(school: School) -> dict[str, float]:
    """When each alarm was first heard of, upstream."""
    found: dict[str, float] = {}
    for arrival in school.heard:
        if arrival.alarm is not None:
            alarm = arrival.alarm
            found.setdefault(f"{alarm.device} {alarm.condition} {alarm.change}", arrival.at_s)
    return found


def _complaints(school: Supervised) -> Iterator[str]:
    told = Counter(words for words in school.told() if words in WANTED)
    blank = "storage.in_memory" in school.events()  # it could not read what it had told before, so it tells again
    for words in WANTED:
        if told[words] != 1 and not (blank and told[words] == 2 and words.endswith("raised")):
            yield f"told {told[words]} times: {words}"
    yield from (f"not in the field: {w}" for w in school.told() if not (w in WANTED or _blinded(w)))
    yield from (f"gap: {gap}" for gap in school.platform.gaps())
    yield from (f"a part failed: {event}" for event in school.events() if event == "part.failed")
    if not school.platform.heartbeats or school.waiting:
        yield "it does not come to rest"
    for lane, depth in school.heartbeat.outbox.items():
        if depth.accepted != depth.confirmed + depth.depth + depth.dropped:
            yield f"the books of lane {lane} do not balance: {depth}"


def _blinded(words: str) -> bool:
    """What somebody says who could not look for a while, and no point does."""
    return any(f" {condition} " in words for condition in SEEN_OTHERWISE)


def _said(school: Supervised) -> Iterator[str]:
    """Everything upstream that tells of a fault: events, losses, absence, counters and words of the heartbeats."""
    yield from (event for event in school.events() if event not in NO_FAULTS)
    yield from (words for words in school.told() if " lost " in words)
    yield from _absent(school)
    for arrival in school.heard:
        if isinstance(beat := arrival.payload, HeartbeatData):
            yield from _said_by(beat)


def _absent(school: Supervised) -> Iterator[str]:
    """What a platform sees of a gateway that says nothing: it is shown as gone, or its heartbeats stay away."""
    gone_s: float | None = START_S
    beat_s = START_S
    for arrival in school.heard:
        if isinstance(status := arrival.payload, StatusData):
            if status.online and gone_s is not None and arrival.at_s - gone_s > GONE_S:
                yield f"gone for {arrival.at_s - gone_s:.1f} s"
            gone_s = None if status.online else arrival.at_s
        if isinstance(arrival.payload, HeartbeatData):
            if arrival.at_s - beat_s > MISSED * school.site.uplink.heartbeat_s:
                yield f"no heartbeat for {arrival.at_s - beat_s:.1f} s"
            beat_s = arrival.at_s


def _said_by(beat: HeartbeatData) -> Iterator[str]:
    if beat.storage_fault:
        yield f"storage: {beat.storage_fault}"
    if not beat.outbox:
        yield "the outbox cannot be read"
    if RECONNECTS.search(beat.model_dump_json()):
        yield "reconnected"
    for name, line in beat.lines.items():
        if line.suspect or line.lost or any(line.errors.values()):
            yield f"line {name}: {line.good} good, {dict(line.errors)}"


def unsaid(day: Day, calm: Day) -> str:
    """A fault that nobody upstream could know of, though it cost somebody something; empty when there is none."""
    if day.tap.struck_s is None or day.said:
        return ""
    late = {words: at_s - calm.at_s[words] for words, at_s in day.at_s.items() if words in calm.at_s}
    touched = {words: late_s for words, late_s in late.items() if late_s > UNTOUCHED_S}
    return f"nobody was told, and late are {touched}" if touched else ""
