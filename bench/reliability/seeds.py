"""`make simulate SEEDS=1000`: that many whole sites in virtual time, with faults; is any promise broken?"""

import argparse
import logging
import multiprocessing
import re
import signal
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from bench.endurance.claims import Claim, at_least, none_of
from bench.endurance.page import Result
from bench.endurance.progress import Bar, bar
from bench.machine import describe
from bench.reliability.page import concluded
from simulators.clock import START_S
from simulators.twin_broker import Arrived
from tests.site.weather import play_seed

SEEDS = 1000
JOBS = 2
LONGEST_S = 120.0  # of a seed that takes half a second: it hangs
SEEDS_OF_A_PROCESS = 200  # then a new one: what a seed leaves in memory does not add up
AGAIN = ".venv/bin/pytest tests/site/test_seeds.py --seed {seed}"
SHOWN = 3
# How a storm notes what goes wrong; all else that it notes is what goes on in the field.
FAULT = re.compile(
    r"(?:(?P<begins>[a-z_]+)\b.* begins|(?P<whole>killed|stopped|disk refuses)|(?P<clock>clock) .*)"
)


@dataclass(frozen=True, slots=True)
class Told:
    """What came of one seed."""

    seed: int
    complaints: list[str]
    virtual_s: float
    messages: int
    alarms: int
    faults: Counter[str]


@dataclass(slots=True)
class Sum:
    """What came of all of them."""

    seeds: int = 0
    virtual_s: float = 0.0
    messages: int = 0
    alarms: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    complaints: list[str] = field(default_factory=list)
    failed: list[int] = field(default_factory=list)

    def add(self, told: Told) -> None:
        """One more."""
        self.seeds += 1
        self.virtual_s += told.virtual_s
        self.messages += told.messages
        self.alarms += told.alarms
        self.faults += told.faults
        if told.complaints:
            self.failed.append(told.seed)
            self.complaints += [f"seed {told.seed}: {words}" for words in told.complaints]

    def claims(self, seeds: int) -> Iterator[Claim]:
        """What is held against which bound."""
        yield at_least("seeds played to their end", self.seeds, seeds)
        yield none_of("promises broken: false, lost, late, out of order, not shown, not told", self.complaints)
        yield at_least("alarm changes that arrived", self.alarms, 5 * seeds)
        for kind in sorted(self.faults):
            yield at_least(f"fault: {kind}", self.faults[kind], max(1, seeds // 100))


def fault(note: str) -> str | None:
    """The kind of fault that a storm's note tells of, if it does: `  1020.1 late dorm-io begins` is `late`."""
    found = FAULT.fullmatch(note.split(maxsplit=1)[1])
    return next((word for word in found.groups() if word), None) if found else None


def played(seed: int) -> Told:
    """One seed; an invariant that does not hold, a fall and a standstill are complaints alike."""
    signal.signal(signal.SIGALRM, _too_long)
    signal.setitimer(signal.ITIMER_REAL, LONGEST_S)
    try:
        weather = play_seed(seed)
    except Exception as error:  # noqa: BLE001 (whatever it is, it is what this seed has found)
        return Told(seed, [f"{type(error).__name__}: {error}"], 0.0, 0, 0, Counter())
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
    faults = Counter(kind for note in weather.log if (kind := fault(note)))
    arrived = weather.arrived
    virtual_s = arrived[-1].at_s - START_S if arrived else 0.0
    return Told(seed, weather.complaints, virtual_s, len(arrived), _alarms(arrived), faults)


def _too_long(_number: int, _frame: FrameType | None) -> None:
    raise TimeoutError(f"not done after {LONGEST_S:g} s")


def _alarms(arrived: Iterable[Arrived]) -> int:
    """Alarm changes, each once: a payload that came again is the same."""
    return len({m.payload for m in arrived if "/alarm/" in m.topic})


def play(seeds: range, shown: Bar) -> Sum:
    """All of them, in two processes; each that fails is told at once."""
    total = Sum()
    spawning = multiprocessing.get_context("spawn")
    with spawning.Pool(JOBS, _quiet, maxtasksperchild=SEEDS_OF_A_PROCESS) as pool:
        for told in pool.imap_unordered(played, seeds):
            total.add(told)
            if told.complaints:
                _complain(told)
            shown.done(total.seeds / len(seeds), f"{total.seeds} seeds, {len(total.failed)} failed")
    return total


def _quiet() -> None:
    """The gateway's own log of a storm is long, and belongs to the seed that is played again."""
    logging.disable(logging.CRITICAL)


def _complain(told: Told) -> None:
    again = f"play it again: {AGAIN.format(seed=told.seed)}"
    print("\n".join([f"seed {told.seed} failed", *told.complaints[:SHOWN], again]), flush=True)


def result(total: Sum, machine: dict[str, str], seeds: int, took_s: float) -> Result:
    """As a part of the page."""
    hours = total.virtual_s / 3600
    told = (
        f"{total.seeds:,} seeds, each a school of its own weather: {hours:,.1f} hours of virtual time in"
        f" {took_s:,.0f} s, {total.messages:,} messages at the broker, {total.alarms:,} alarm changes among them."
        " While contacts, detectors, panels and a barrier do what they do, lines, devices, broker, disk, clock and"
        " process misbehave for some seconds each, at the same time as it comes; then it is calm, and everything"
        " that is promised must have come true. A seed that fails is played again with"
        f" `{AGAIN.format(seed='N')}`."
    )
    return Result("seeds", "", f"make simulate SEEDS={seeds}", told, list(total.claims(seeds)), machine, {})


def main() -> int:
    """0: all holds; 3: something does not hold."""
    parser = argparse.ArgumentParser("make simulate SEEDS=N", description=__doc__)
    parser.add_argument("--seeds", type=int, default=SEEDS, help=f"how many (default {SEEDS})")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        machine = describe(Path(directory))
    began_s = time.monotonic()
    with bar("seeds") as shown:
        total = play(range(args.seeds), shown)
    found = result(total, machine, args.seeds, time.monotonic() - began_s)
    return concluded(found, whole=args.seeds >= SEEDS)


if __name__ == "__main__":
    sys.exit(main())
