"""`make powercut`: the power of a whole machine cut 20 times in the middle of a write; is anything lost?"""

import argparse
import asyncio
import random
import shutil
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.endurance.claims import Claim, at_least, at_most, none_of
from bench.endurance.page import ROOT, Result
from bench.endurance.progress import Told, bar
from bench.errors import BenchError, Missing
from bench.machine import describe
from bench.reliability.page import concluded
from bench.reliability.powercut.image import image
from bench.reliability.powercut.machine import NEEDED, Disk, accelerator, program
from bench.reliability.powercut.rounds import Played, Rounds
from bench.reliability.powercut.world import BUTTONS, PRESS_S
from bench.stats import percentile

CUTS = 20
CONTROL_CUTS = 5  # a store that does not wait for the disk loses something within so many
KEPT = ROOT / "bench" / "results" / "powercut"


@dataclass(frozen=True, slots=True)
class Both:
    """The gateway as it is, and the control that must lose."""

    sound: Played
    control: Played

    def claims(self, cuts: int) -> Iterator[Claim]:
        """What is held against which bound."""
        sound, control = self.sound, self.control
        waiting = sum(cut.waiting for cut in sound.cuts)
        yield at_least("power cuts", len(sound.cuts), cuts)
        yield at_least("of them with something in the cache that was not flushed", _in_write(sound), cuts)
        yield at_least("records accepted", sound.accepted, 10 * cuts)
        yield at_least("of them accepted and not yet at the platform at a cut", waiting, cuts)
        yield none_of("records accepted and lost", sound.lost)
        yield none_of("gaps in the sequence at the platform", sound.gaps)
        yield none_of("sequences under which two records came", sound.twice)
        yield none_of("starts that failed: file system, store or gateway", sound.not_started)
        yield at_most("starts without waiting for the disk", sum(sound.careless), 0)
        yield at_least("records lost or worse with `synchronous=OFF` (control)", _harm(control), 1)


def _in_write(played: Played) -> int:
    return sum(cut.remains.blocks > 0 for cut in played.cuts)


def _harm(control: Played) -> int:
    """Only of a control that was one."""
    harm = len(control.lost) + len(control.gaps) + len(control.twice) + len(control.not_started)
    return harm if all(control.careless) else 0


async def powercut(cuts: int, seed: int, directory: Path, told: Told) -> Both:
    """Both disks, one after the other."""
    guest, dice, most = image(), random.Random(seed), cuts + CONTROL_CUTS
    sound = Rounds(
        guest,
        Disk(directory / "sound"),
        "full",
        dice,
        lambda done, words: told(done / most, f"{done} cuts, {words}"),
    )
    control = Rounds(
        guest,
        Disk(directory / "control"),
        "off",
        dice,
        lambda done, words: told((cuts + done) / most, f"control: {done} cuts, {words}"),
    )
    return Both(await sound.play(cuts), await control.play(CONTROL_CUTS))


def result(both: Both, machine: dict[str, str], cuts: int, seed: int) -> Result:
    """As a part of the page."""
    sound = both.sound
    boots_s = [cut.boot_s for cut in sound.cuts]
    remains = [cut.remains for cut in sound.cuts]
    told = (
        "The gateway in a machine of its own (QEMU, Debian's kernel, ext4 with its defaults) on a disk that keeps"
        " what is written in a volatile cache until it is told to flush, which takes 10 ms as on a card."
        f" {BUTTONS} buttons change {BUTTONS / PRESS_S:.0f} times a second; the way to the broker"
        " is closed before three of four cuts."
        " At the cut the disk's cache and then the machine get SIGKILL while the cache holds something; a random"
        " half of its blocks reaches the disk, some of them torn. What the gateway accepted is known from its own"
        " word, which leaves the machine after each append has returned."
        f" {len(sound.cuts)} cuts found {sum(r.blocks for r in remains):,} blocks in the cache,"
        f" {sum(r.kept for r in remains):,} of them reached the disk, {sum(r.torn for r in remains):,} of these"
        " torn."
        f" From power on to the first record took {percentile(boots_s, 50):.1f} s (half) and {max(boots_s):.1f} s"
        f" (slowest). {sound.repeated} records came twice and were told apart. The control lost after"
        f" {len(both.control.cuts)} cuts."
    )
    command = f'make powercut ARGS="--cuts {cuts} --seed {seed}"'
    return Result("powercut", "", command, told, list(both.claims(cuts)), machine, {})


def keep(disk: Path) -> str:
    """The failed disk outlives the run; returns how to look at it."""
    kept = KEPT / disk.name
    shutil.rmtree(kept, ignore_errors=True)
    shutil.copytree(disk, kept, ignore=shutil.ignore_patterns("*.socket"))
    return (
        f"The disk as the last cut left it, what the gateway said, and the console are kept. To look:\n"
        f"  cd {kept} && tail said-* console-*\n"
        "  cp after-cut.img look.img && e2fsck -fy look.img   # as the next start does: the journal is played\n"
        "  mkdir look && debugfs -R 'rdump / look' look.img\n"
        "  sqlite3 look/outbox.sqlite 'SELECT min(sequence), max(sequence), count(*) FROM records'"
    )


def main() -> int:
    """0: all holds; 1: it did not run; 3: something does not hold."""
    parser = argparse.ArgumentParser("make powercut", description=__doc__)
    parser.add_argument("--cuts", type=int, default=CUTS, help=f"how often (default {CUTS})")
    parser.add_argument("--seed", type=int, default=1, help="of buttons, cuts and what the cache leaves")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        try:
            for name in NEEDED:
                program(name)
            machine = {**describe(Path(directory)), "QEMU": accelerator()}
            with bar("powercut") as shown:
                both = asyncio.run(powercut(args.cuts, args.seed, Path(directory), shown.done))
        except (BenchError, Missing) as error:
            print(error, file=sys.stderr)
            return 1
        if both.sound.failed:
            print(keep(Path(directory) / "sound"))
    found = result(both, machine, args.cuts, args.seed)
    return concluded(found, whole=args.cuts >= CUTS)


if __name__ == "__main__":
    sys.exit(main())
