"""`make torture`: the gateway's process killed a thousand times at random instants; is anything lost?"""

import argparse
import asyncio
import shutil
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.endurance.claims import Claim, at_least, at_most, none_of
from bench.endurance.page import Result
from bench.endurance.people import Ledger
from bench.endurance.progress import Told, bar
from bench.errors import BenchError, Missing
from bench.machine import describe
from bench.reliability.kills.crowd import PATIENCE_S, Crowd
from bench.reliability.kills.evidence import Evidence
from bench.reliability.kills.executioner import ROW_KEPT, Broken, Executioner
from bench.reliability.kills.scene import scene
from bench.reliability.kills.victim import AGENT
from bench.reliability.page import concluded
from bench.stats import percentile
from simulators.child import ChildFailed
from simulators.demo.school import running
from simulators.platform import Arrival

CONFIG = Path(__file__).parent / "torture.yaml"
KILLS = 1000
START_S = 3.0  # a gateway that is killed asks its first unit again within this
PHASE_WORDS = {
    "starting": "it started",
    "young": "it had just started and connected",
    "grown": "it ran",
    "stopping": "it was stopping",
}
LOOK = """
Kept for you: {directory}
  gateway.log       what the gateway said in all its lives
  kills/NUMBER/     the store as the last kills left it (sqlite3 kills/NUMBER/outbox.sqlite)
  run/state/        the store as it is now
  mosquitto.log     what the broker said
The same instants and presses again: {command}"""


@dataclass(frozen=True, slots=True)
class Tortured:
    """All that a run has left behind; `broken` says what ended it early."""

    done: Executioner
    crowd: Crowd
    lanes: dict[str, Any]
    gaps: list[str]
    wrong: list[str]
    broken: list[str]
    took_s: float

    def claims(self) -> Iterator[Claim]:
        """What is held against which bound."""
        done, evidence = self.done, self.done.evidence
        changes = sum(self.crowd.ledger.owed.values())
        yield none_of("kills after which it did not start, or its disk held what it must not", self.broken)
        yield none_of("accepted records lost", evidence.missing())
        yield none_of("gaps in the sequence at the platform", self.gaps)
        yield none_of("presses told more or less than once, or half", self.crowd.half_told(evidence))
        yield none_of("contacts whose last word is not the truth", self.wrong)
        yield none_of("records changed, out of order, or books that do not close", evidence.complaints)
        yield from self._books()
        first_s = percentile(done.asked_s, 99)
        yield at_most("from a start to the first question on the wire, 99 % within", first_s, START_S, " s")
        yield at_least("alarms pressed or let go by those who wait for the platform", changes, done.kills / 2)
        yield at_least("records that a kill found unconfirmed on disk", done.waited, done.kills / 10)
        yield at_least("kills before it was ready", done.unready, done.kills / 10)
        yield at_least("records that came twice (their confirmation was cut off)", evidence.duplicates, 1)

    def _books(self) -> Iterator[Claim]:
        """In the end all is confirmed, and nothing was dropped."""
        rest = sum(self.lanes[name]["accepted"] - self.lanes[name]["confirmed"] for name in ROW_KEPT if self.lanes)
        yield at_most("alarms and events accepted, but not confirmed in the end", rest, 0)
        yield at_most("records dropped", sum(lane["dropped"] for lane in self.lanes.values()), 0)


async def torture(kills: int, seed: int, directory: Path, told: Told, command: Sequence[str] = AGENT) -> Tortured:
    """The whole run; ends at the first failure."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    evidence, ledger = Evidence(), Ledger()

    def heard(arrival: Arrival) -> None:
        evidence.heard(arrival)
        ledger.heard(arrival)

    async with scene(CONFIG, directory, heard, command) as site:
        crowd, done = Crowd(site.field, ledger, seed), Executioner(site, evidence, directory)
        async with running(crowd.press()) as pressing:
            try:
                await done.work(kills, seed, told)
            except Broken as error:
                return Tortured(done, crowd, {}, [], [], [str(error)], loop.time() - began_s)
            crowd.go_home()
            async with asyncio.timeout(2 * PATIENCE_S):
                await pressing
        lanes = await done.drained()
        gaps, wrong = [str(gap) for gap in site.platform.gaps()], list(crowd.wrong_in_the_end(site.platform))
        await site.victim.stop()
    return Tortured(done, crowd, lanes, gaps, wrong, [], loop.time() - began_s)


def result(tortured: Tortured, machine: dict[str, str], kills: int, seed: int) -> Result:
    """As a part of the page."""
    done, evidence = tortured.done, tortured.done.evidence
    starts_ms = [seconds * 1e3 for seconds in done.site.victim.starts_s]
    phases = ", ".join(f"{count} while {PHASE_WORDS[name]}" for name, count in sorted(done.phases.items()))
    again = f"{evidence.duplicates:,} of them again ({evidence.duplicates / max(1, len(evidence.came)):.1%}"
    told = (
        f"{done.kills:,} times `kill -9` of the real process in {tortured.took_s / 60:,.1f} minutes: {phases};"
        f" {done.unready} of them before it had said that it was ready. {done.brokers} times mosquitto died in the"
        f" same instant. {done.stopped} lives had stopped in good order before the kill came. The field (a pty, a"
        " Modbus TCP port, a fire panel) is simulated in another process; people press and let go all the while,"
        f" {sum(tortured.crowd.ledger.owed.values()):,} times waiting for the platform, and others not. After each"
        " kill the disk is read with plain SQL: every record that it holds or has given a number to must reach the"
        f" reference consumer, once in effect, word for word. {len(evidence.came):,} records arrived,"
        f" {again}, dropped by the consumer). From the start of the process to READY: half within"
        f" {percentile(starts_ms, 50):,.0f} ms, 99 % within {percentile(starts_ms, 99):,.0f} ms, all within"
        f" {max(starts_ms, default=0.0):,.0f} ms."
    )
    command = f'make torture ARGS="--kills {kills} --seed {seed}"'
    return Result("torture", "Killed a thousand times", command, told, list(tortured.claims()), machine, {})


def main() -> int:
    """0: all holds; 1: it did not run; 3: something does not hold, and its directory is kept."""
    parser = argparse.ArgumentParser("make torture", description=__doc__)
    parser.add_argument("--kills", type=int, default=KILLS, help=f"how many (default {KILLS})")
    parser.add_argument("--seed", type=int, default=1, help="of the instants and the presses")
    args = parser.parse_args()
    directory = Path(tempfile.mkdtemp(prefix="campusgw-torture-"))
    machine = describe(directory)
    try:
        with bar("torture") as shown:
            tortured = asyncio.run(torture(args.kills, args.seed, directory, shown.done))
    except (BenchError, Missing, ChildFailed) as error:
        print(error, file=sys.stderr)
        return 1
    found = result(tortured, machine, args.kills, args.seed)
    code = concluded(found, whole=args.kills >= KILLS)
    if found.holds:
        shutil.rmtree(directory)
    else:
        print(LOOK.format(directory=directory, command=found.command))
    return code


if __name__ == "__main__":
    sys.exit(main())
