"""A school whose gateway has a wrong clock: every boot clock × later event × restart × link, in virtual time.

Four presses of the one-key alarm: before and after what happens to the clock, before and after a restart.
"""

import asyncio
import itertools
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from agent.clock.clock import KEY
from agent.clock.timeline import RELEASED_UTC_S, SMALL_S, timeline_from_json
from agent.records import ClockState
from simulators.clock import run_virtual
from simulators.platform import Arrival
from simulators.twin import WallClock
from tests.site.school import School, at_rest, calmer, demo_lines, demo_site, running

DAY_S = 86_400.0
EVENT_S = 20.0  # so long after a boot something happens to the clock
SEEN_S = 10.0  # and so long after that the gateway has looked at it
POLL_S = 1.0
CRYSTAL = 50e-6  # a common oscillator's tolerance: what is filled in is not exact
PRESSES = 4

BOOTS: dict[str, Callable[[WallClock, float], float]] = {
    "right, by a battery": lambda clock, now_s: clock.utc_s(now_s),
    "1970": lambda _clock, _now_s: 0.0,
    "two weeks behind": lambda clock, now_s: clock.utc_s(now_s) - 14 * DAY_S,
    "two years ahead": lambda clock, now_s: clock.utc_s(now_s) + 730 * DAY_S,
}
LATER = ("never synchronised", "synchronised", "steps, then synchronised", "synchronised, lost, put back a day")
RESTARTS = ("none", "of the process", "of the machine")
LINKS = ("up", "down until the end")


@dataclass(frozen=True, slots=True)
class Case:
    """One row of the matrix."""

    boot: str
    later: str
    restart: str
    link: str

    @property
    def learns(self) -> bool:
        """Some time after a boot the clock becomes right."""
        return self.later != LATER[0]

    def words(self) -> list[ClockState]:
        """What each press has to say of its time."""
        anew = self.restart == RESTARTS[2]
        return [
            self._word(0, False),
            self._word(0, True),
            self._word(int(anew), not anew),
            self._word(int(anew), True),
        ]

    def _word(self, boot: int, late: bool) -> ClockState:
        if self.learns and (late or self.link != "up"):
            return "synchronised"
        below = self.boot == "1970" or (self.boot == "two weeks behind" and boot > 0 and self.learns)
        return "unknown" if below else "estimated"


CASES = [Case(*row) for row in itertools.product(BOOTS, LATER, RESTARTS, LINKS)]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the platform heard in the end: of each press its clock word, and the worst time it believes."""

    case: Case
    told: tuple[str, ...]
    words: tuple[str, ...]
    wrong_s: float
    waiting: int
    gaps: int
    floor_utc_s: float
    true_utc_s: float

    def complaints(self) -> Iterator[str]:
        """What does not hold, in words."""
        if self.told != ("panic-gate pressed raised", "panic-gate pressed cleared") * PRESSES:
            yield f"order or number: {self.told}"
        if list(self.words) != self.case.words():
            yield f"clock words {self.words}, should be {self.case.words()}"
        if self.wrong_s > SMALL_S:
            yield f"a time that is called synchronised is wrong by {self.wrong_s:.3f} s"
        if self.waiting or self.gaps:
            yield f"{self.waiting} records wait, {self.gaps} are missing"
        if not self._floor_fits():
            yield f"floor {self.floor_utc_s:.0f}, the time is {self.true_utc_s:.0f}"

    def _floor_fits(self) -> bool:
        """Raised by a clock that was right, and by nothing else."""
        if not self.case.learns:
            return self.floor_utc_s == RELEASED_UTC_S
        return self.true_utc_s - DAY_S < self.floor_utc_s <= self.true_utc_s


def play_case(case: Case, directory: Path) -> Outcome:
    """The whole story of one case."""
    found: list[Outcome] = []

    async def main() -> None:
        place = School(directory, 0, calmer(demo_site(), POLL_S), demo_lines())
        at_rest(place.field)
        place.twin.clock.fast = CRYSTAL
        place.broker.up = case.link == "up"
        _wake(place, case)
        async with running(place):
            await _live(place, case)
            found.append(await _look(place, case))

    run_virtual(main(), 0)
    return found[0]


def _wake(place: School, case: Case) -> None:
    """What the machine's clock shows when it boots; nobody disciplines it yet."""
    place.twin.clock.show(BOOTS[case.boot](place.twin.clock, place.now_s), "estimated")


async def _live(place: School, case: Case) -> None:
    await _press(place, 1)
    await _befall(place, case)
    await _press(place, 2)
    if case.restart == RESTARTS[1]:
        await place.restart()
    if case.restart == RESTARTS[2]:
        await place.twin.power_cut()
        await asyncio.sleep(1.0)
        _wake(place, case)
        place.start()
    await _press(place, 3)
    if case.restart == RESTARTS[2]:
        await _befall(place, case)
    await _press(place, 4)


async def _press(place: School, number: int) -> None:
    """Pressed and released; the gateway has stored both, and sent them if it can."""
    await place.until(lambda: place.twin.notified.count("READY=1") == place.twin.boots, within_s=30.0)
    for pressed in (True, False):
        place.field.set("gate-io.di1", pressed)
        await place.until(partial(_is_active, place, pressed), within_s=30.0)
    if place.broker.up:
        await place.until(lambda: len(place.told()) == 2 * number, within_s=30.0)


def _is_active(place: School, wanted: bool) -> bool:
    condition = place.gateway.pipe.memories["panic-gate"].conditions.get("pressed")
    return (condition is not None and condition.state.active) is wanted


async def _befall(place: School, case: Case) -> None:
    clock = place.twin.clock
    await asyncio.sleep(EVENT_S)
    if case.later == LATER[2]:
        for step_s in (3600.0, -7200.0):
            clock.show(clock()[0] + step_s, "estimated")
            await asyncio.sleep(SEEN_S)
    if case.learns:
        clock.correct()
    await asyncio.sleep(SEEN_S)
    if case.later == LATER[3]:
        clock.show(clock()[0] - DAY_S, "estimated")
        await asyncio.sleep(SEEN_S)


async def _look(place: School, case: Case) -> Outcome:
    """With the link up at last, everything arrives."""
    place.broker.up = True
    await place.until(lambda: len(place.told()) >= 2 * PRESSES, within_s=180.0)
    await asyncio.sleep(SEEN_S)
    depths = await place.gateway.outbox.depths()
    floor_utc_s = timeline_from_json(place.gateway.outbox.states().get(KEY, "")).floor_utc_s
    kept = [a for a in place.heard if a.sequence is not None and not a.duplicate]
    raised = sorted((a for a in kept if a.alarm and a.alarm.change == "raised"), key=lambda a: a.sequence or 0)
    return Outcome(
        case,
        tuple(place.told()),
        tuple(arrival.event.clock for arrival in raised),
        max((_wrong_s(place, a) for a in kept if a.event.clock == "synchronised"), default=0.0),
        sum(depth.count for lane, depth in depths.items() if lane.channel != "telemetry"),
        len(place.platform.gaps()),
        floor_utc_s,
        place.twin.clock.utc_s(place.now_s),
    )


def _wrong_s(place: School, arrival: Arrival) -> float:
    said_s = datetime.fromisoformat(arrival.event.time).timestamp()
    return abs(said_s - place.twin.clock.utc_s(float(arrival.event.monotonic)))


def outcomes(cases: list[Case] = CASES) -> Iterator[Outcome]:
    """One after the other, each in a directory of its own."""
    for case in cases:
        with tempfile.TemporaryDirectory() as directory:
            yield play_case(case, Path(directory))


def table(found: list[Outcome]) -> str:
    """The matrix as Markdown: what each press said of its clock."""
    rows = [
        "| at boot | later | restart | link | the four presses say | worst time, s | holds |",
        "|" + "---|" * 7,
    ]
    for one in found:
        case, words = one.case, " · ".join(one.words)
        mark = "**no**" if list(one.complaints()) else "yes"
        cells = [case.boot, case.later, case.restart, case.link, words, f"{one.wrong_s:.3f}", mark]
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)
