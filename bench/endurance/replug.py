"""`make replug`: a serial adapter pulled out and put back 200 times under load; who notices, and for how long?"""

import argparse
import asyncio
import random
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from agent.config.load import load_site
from agent.polling.plan import line_times
from bench.endurance.claims import Claim, at_least, at_most, no_growth, none_of
from bench.endurance.page import PICTURES, Result, table, write
from bench.endurance.people import Contact, Ledger, People
from bench.endurance.pictures import can_draw, draw_spread
from bench.endurance.progress import Told, bar
from bench.endurance.samples import Samples
from bench.endurance.stage import Stage, guarded, stage
from bench.endurance.witness import Witness, watched
from bench.errors import BenchError
from bench.machine import describe
from bench.stats import percentile
from simulators.child import ChildFailed
from simulators.field import ModbusField
from simulators.pty_port import PtyPort

CONFIG = Path(__file__).parent / "replug.yaml"
PULLED = "rs485-1"
OTHERS = ("rs485-2", "tcp-1")
CONTACTS = tuple(
    Contact(device, condition, point, True, False)
    for device, condition, point in (
        ("panic-gate", "pressed", "gate-io.di1"),
        ("smoke-3e", "alarm", "smoke-301.smoke"),
        ("panic-yard", "pressed", "yard-io.di1"),
        ("smoke-4e", "alarm", "smoke-401.smoke"),
        ("panic-b", "pressed", "dorm-b.di1"),
        ("panic-dorm", "pressed", "dorm-io.di0"),
    )
)
ELSEWHERE = ("panic-yard", "smoke-4e", "smoke-4w", "panic-b", "panic-dorm", "fire-teaching")
ROUNDS = 200
RESUMED_S = 3.0
UP_S = (0.3, 1.0)
OFTEN = 99.9  # of the times that a unit went unasked; the rest may have met a stall of the machine, and a time-out
BUDGET_S = 2.0  # the alarm-latency budget of a line
PAUSE_S = 3.0
PATIENCE_S = 90.0  # longer than the adapter is ever away
DRAIN_S = 20.0
POLL_S = 0.005
KINDS = ((0.75, 0.1, 1.0), (0.22, 1.0, 4.0), (0.025, 15.0, 15.0), (0.005, 60.0, 60.0))  # share, from s, to s


def outages(rounds: int, dice: random.Random) -> list[float]:
    """How long the adapter is away, each time: a loose plug mostly, now and then somebody carries it off."""
    away_s = [dice.uniform(least, most) for share, least, most in KINDS for _ in range(round(share * rounds))]
    away_s += [dice.uniform(*KINDS[0][1:]) for _ in range(rounds - len(away_s))]
    dice.shuffle(away_s)
    return away_s


@dataclass
class Pulls:
    """What was measured at each pull."""

    away_s: list[float] = field(default_factory=list)
    first_s: list[float] = field(default_factory=list)
    all_s: list[float] = field(default_factory=list)
    same_name: int = 0


@dataclass(frozen=True, slots=True)
class Replugged:
    """All that a run has left behind."""

    pulls: Pulls
    ledger: Ledger
    samples: Samples
    gaps_s: dict[str, list[float]]
    worst_s: dict[str, float]
    unconfirmed: int
    gaps: list[str]

    def claims(self) -> Iterator[Claim]:
        """What is held against which bound."""
        pulls, ledger = self.pulls, self.ledger
        yield at_least("pulls", len(pulls.away_s), 1)
        yield at_most("returns under the name from before", pulls.same_name, 0)
        yield at_most(
            "from the return to the first request on the line, slowest", max(pulls.first_s), RESUMED_S, " s"
        )
        yield at_most("to a request to every unit of it, slowest", max(pulls.all_s), RESUMED_S, " s")
        for unit, gaps_s in self.gaps_s.items():
            frequent_s, bound_s = percentile(gaps_s, OFTEN), self.worst_s[unit]
            yield at_most(f"{unit} on another line, {OFTEN:g} % of times unasked", frequent_s, bound_s, " s")
            yield at_most(f"{unit}, the longest time unasked", max(gaps_s), BUDGET_S, " s")
        yield none_of("units of other lines that were called lost", self.lost_elsewhere)
        yield at_least("alarm changes in the field", sum(ledger.owed.values()), len(pulls.away_s))
        yield none_of("of them lost", ledger.missing)
        yield none_of("alarms that nobody raised", ledger.uncalled)
        yield at_most("records not confirmed in the end", self.unconfirmed, 0)
        yield none_of("gaps in the sequence at the platform", self.gaps)
        for name, most in (("tasks", 0.5), ("descriptors", 0.5), ("RSS, MB", 1.0)):
            yield no_growth(name, self.samples.after(self.samples.span_s / 5, name), most)

    @property
    def lost_elsewhere(self) -> list[str]:
        """Devices of lines that nobody touched."""
        return [device for device in ELSEWHERE if self.ledger.came[device, "lost", "raised"]]


async def replug(away_s: list[float], seed: int, directory: Path, told: Told) -> Replugged:
    """The whole run."""
    ledger, dice = Ledger(), random.Random(seed)
    async with stage(CONFIG, directory, {}, ledger.heard) as site:
        loop = asyncio.get_running_loop()
        samples, people = Samples(loop.time()), People(site.school.field, ledger, dice, PAUSE_S, PATIENCE_S)
        others = {unit: witness for line in OTHERS for unit, witness in watched(_bus(site, line)).items()}
        async with asyncio.TaskGroup() as group, guarded(site):
            for contact in CONTACTS:
                group.create_task(people.at(contact))
            group.create_task(people.at_panel("panel-jbf", "fire-teaching", "1.3.30"))
            sampling = group.create_task(samples.keep(site))
            pulls = await _pull(site, away_s, dice, told)
            sampling.cancel()
            people.stopping.set()
        lanes = await site.school.drained(DRAIN_S)
        gaps = [str(gap) for gap in site.school.platform.gaps()]
    unconfirmed = sum(lane["accepted"] - lane["confirmed"] for lane in lanes.values())
    gaps_s = {unit: witness.gaps_s(samples.began_s) for unit, witness in others.items()}
    return Replugged(pulls, ledger, samples, gaps_s, computed_worst_s(), unconfirmed, gaps)


async def _pull(site: Stage, away_s: list[float], dice: random.Random, told: Told) -> Pulls:
    """Out and in again, as often as there are outages."""
    pulls, units = Pulls(), watched(_bus(site, PULLED))
    port = site.school.real.ports[PULLED]
    assert isinstance(port, PtyPort)
    for number, gone_s in enumerate(away_s, 1):
        await asyncio.sleep(dice.uniform(*UP_S))
        before = port.terminal
        await port.vanish()
        await asyncio.sleep(gone_s)
        await port.restore()
        pulls.same_name += port.terminal == before
        pulls.away_s.append(gone_s)
        await _resumed(units, pulls)
        told(number / len(away_s), f"{number} pulls")
    return pulls


async def _resumed(units: Mapping[str, Witness], pulls: Pulls) -> None:
    """Wait for every unit to be asked; one that is not within thrice the bound ends the run."""
    back_s = asyncio.get_running_loop().time()
    try:
        async with asyncio.timeout(3 * RESUMED_S):
            while not all(unit.asked_s and unit.asked_s[-1] > back_s for unit in units.values()):
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        raise BenchError(f"after {len(pulls.away_s)} pulls the line is not asked again") from None
    firsts = [next(at_s for at_s in reversed(unit.asked_s) if at_s > back_s) - back_s for unit in units.values()]
    pulls.first_s.append(min(firsts))
    pulls.all_s.append(max(firsts))


def computed_worst_s() -> dict[str, float]:
    """The longest that any block of a unit may wait, as `campusgw check` computes it."""
    worst: dict[str, float] = {}
    for plan in load_site(CONFIG).lines:
        if plan.id in OTHERS:
            for alarm in line_times(plan).alarms:
                worst[alarm.unit] = max(worst.get(alarm.unit, 0.0), alarm.worst_s)
    return worst


def _bus(site: Stage, line: str) -> ModbusField:
    found = site.school.field.line(line)
    assert isinstance(found, ModbusField)
    return found


def result(run: Replugged, machine: dict[str, str], seed: int) -> Result:
    """As a part of the page."""
    pulls, took_ms = run.pulls, [seconds * 1e3 for seconds in run.ledger.took_s]
    first = " / ".join(f"{percentile(pulls.first_s, p):.2f}" for p in (50, 90, 99, 100))
    whole = " / ".join(f"{percentile(pulls.all_s, p):.2f}" for p in (50, 90, 99, 100))
    told = (
        f"A serial adapter (pty) with four units pulled out and put back {len(pulls.away_s)} times, away for"
        f" {min(pulls.away_s):.1f} to {max(pulls.away_s):.0f} s, each time back under another name behind its"
        f" stable link, while people press and detectors go off on all lines. From its return to the first request"
        f" took {first} s (half / 90 % / 99 % / slowest), to a request to each of its units {whole} s."
        f" {len(took_ms)} alarm changes arrived, half of them within {percentile(took_ms, 50):,.0f} ms. Units of"
        " other lines are held against what `campusgw check` computes for them, and always against the budget."
    )
    pictures = {"replug": "how long until the line is asked again"} if can_draw() else {}
    command = f'make replug ARGS="--rounds {len(pulls.away_s)} --seed {seed}"'
    return Result("replug", "An adapter pulled out", command, told, list(run.claims()), machine, pictures)


def main() -> int:
    """0: all holds; 1: it did not run; 3: something does not hold."""
    parser = argparse.ArgumentParser("make replug", description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS, help=f"how often (default {ROUNDS})")
    parser.add_argument("--seed", type=int, default=1, help="of people and outages")
    args = parser.parse_args()
    away_s = outages(args.rounds, random.Random(args.seed))
    with tempfile.TemporaryDirectory() as directory:
        machine = describe(Path(directory))
        try:
            with bar("replug") as shown:
                run = asyncio.run(replug(away_s, args.seed, Path(directory), shown.done))
        except (BenchError, ChildFailed) as error:
            print(error, file=sys.stderr)
            return 1
    found = result(run, machine, args.seed)
    print(f"{found.told}\n\n{table(found.claims)}")
    if args.rounds >= ROUNDS:
        if found.pictures:
            rows = {"to the first request": run.pulls.first_s, "to a request to every unit": run.pulls.all_s}
            draw_spread(rows, RESUMED_S, "s after the return", PICTURES / "replug.svg")
        write(found)
    return 0 if found.holds else 3


if __name__ == "__main__":
    sys.exit(main())
