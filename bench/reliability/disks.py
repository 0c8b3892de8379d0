"""`make disks`: the real gateway on disks that fail; do live alarms go out, and does it mend by itself?"""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.endurance.claims import Claim, at_least, at_most, none_of
from bench.endurance.page import Result
from bench.endurance.progress import Told, bar
from bench.errors import BenchError, Missing
from bench.machine import describe
from bench.reliability.disk.cases import CASES, IN_MEMORY, Case
from bench.reliability.disk.trial import Trial, play
from bench.reliability.disk.volume import own_mounts
from bench.reliability.page import concluded
from simulators.child import ChildFailed

LIVE_S = 2.0  # from the press to the platform, as without any fault
RECOVERED_S = 15.0  # the disk is looked at every 10 s at most
DEVICE_MAPPER = Path("/dev/mapper/control")
NOT_PROMISED = (
    " Where the store itself was deleted or spoiled, what waited in it may come again under another name; that is"
    " not counted here."
    " A card that loses what it said was written gives no more than a start: the gateway cannot know which numbers"
    " it has used, and a consumer takes what comes under them for repeated."
)
NOT_PLAYED = "Not played: read errors of the medium, which need the kernel's device mapper."


@dataclass(frozen=True, slots=True)
class Disks:
    """All trials."""

    trials: Sequence[Trial]

    def claims(self) -> Iterator[Claim]:
        """What is held against which bound, case by case."""
        for trial in self.trials:
            name = trial.case.name
            if not trial.case.promised:
                yield none_of(f"{name}: reasons why it does not start", trial.wrong)
                continue
            yield none_of(f"{name}: lost, invented, out of order, untold", trial.complaints())
            yield at_most(f"{name}: slowest live alarm", max(trial.live_s, default=float("inf")), LIVE_S, " s")
            yield at_most(f"{name}: well again after", trial.recovered_s, RECOVERED_S, " s")
            if IN_MEMORY in trial.case.told:
                yield at_least(f"{name}: heartbeats that name the fault", trial.beats_with_fault, 1)


def disks(cases: Sequence[Case], directory: Path, told: Told) -> Disks:
    """One after the other, each in a directory of its own."""
    trials = []
    for number, case in enumerate(cases):
        told(number / len(cases), case.name)
        mine = directory / f"{number}"
        mine.mkdir()
        trials.append(asyncio.run(play(case, mine)))
    return Disks(trials)


def result(found: Disks, machine: dict[str, str]) -> Result:
    """As a part of the page."""
    names = "; ".join(trial.case.name for trial in found.trials)
    live = [seconds for trial in found.trials for seconds in trial.live_s]
    told = (
        f"The real gateway with its records on a small disk of its own (ext4 in a file), {len(found.trials)}"
        f" cases: {names}. In each, people press and let go while the disk fails, {len(live)} times altogether;"
        " each must reach the platform as if nothing were wrong. Then the disk is well again, and the same process"
        " must find that out; then it is killed, and all that is on the disk must have arrived."
    )
    told += NOT_PROMISED
    told += "" if DEVICE_MAPPER.exists() else f" {NOT_PLAYED}"
    return Result("disks", "Disks that fail", "make disks", told, list(found.claims()), machine, {})


def main() -> int:
    """0: all holds; 1: it did not run; 3: something does not hold."""
    parser = argparse.ArgumentParser("make disks", description=__doc__)
    parser.add_argument("--case", help="only the cases whose name has this in it")
    parser.add_argument("--quiet", action="store_true", help="leave the page as it is")
    args = parser.parse_args()
    cases = [case for case in CASES if (args.case or "") in case.name]
    try:
        own_mounts()
        with tempfile.TemporaryDirectory(prefix="campusgw-disks-") as directory, bar("disks") as shown:
            machine = describe(Path(directory))
            found = result(disks(cases, Path(directory), shown.done), machine)
    except (BenchError, Missing, ChildFailed) as error:
        print(error, file=sys.stderr)
        return 1
    return concluded(found, whole=len(cases) == len(CASES) and not args.quiet)


if __name__ == "__main__":
    sys.exit(main())
