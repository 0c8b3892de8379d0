"""`make cuts`: 10,000 power cuts under SQLite that drop and tear what is not synced; is anything lost?"""

import argparse
import logging
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

import apsw

from bench.endurance.claims import Claim, at_least, none_of
from bench.endurance.page import Result
from bench.endurance.progress import Told, bar
from bench.machine import describe
from bench.reliability.cutting.life import Complaint, Life
from bench.reliability.cutting.outside import LOST
from bench.reliability.failures import failed_operations, refused_calls
from bench.reliability.page import concluded

CUTS = 10_000
CUTS_OF_A_LIFE = 20
CONTROL_LIVES = 10
JOBS = 2
SHOWN = 10
CONTROLS: Mapping[str, Mapping[str, str]] = {
    "synchronous=NORMAL": {"PRAGMA synchronous=FULL": "PRAGMA synchronous=NORMAL"},
    "synchronous=OFF": {"PRAGMA synchronous=FULL": "PRAGMA synchronous=OFF"},
    "journal_mode=OFF": {"PRAGMA journal_mode=WAL": "PRAGMA journal_mode=OFF"},
}


@dataclass(slots=True)
class Toll:
    """What many lives have come to."""

    cuts: int = 0
    in_a_start: int = 0
    starts: int = 0
    salvages: int = 0
    migrations: int = 0
    records: int = 0
    complaints: list[Complaint] = field(default_factory=list)

    def add(self, other: "Toll") -> None:
        """More of them."""
        for name in ("cuts", "in_a_start", "starts", "salvages", "migrations", "records"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.complaints += other.complaints

    def of(self, rule: str, *, but: bool = False) -> list[Complaint]:
        """The complaints of one kind, or all but those."""
        return [one for one in self.complaints if one.words.startswith(f"{rule}:") != but]

    def claims(self) -> Iterator[Claim]:
        """What is held against which bound."""
        yield at_least("power cuts", self.cuts, self.cuts)
        yield at_least("of them inside a start", self.in_a_start, self.cuts // 40)
        yield at_least("damaged stores salvaged, with cuts in between", self.salvages, self.cuts // 500)
        yield at_least("stores of the first version brought up to date", self.migrations, self.cuts // 500)
        yield none_of(f"records lost of {self.records:,}", self.of(LOST))
        yield none_of("starts that failed", self.of("start"))
        others = [one for one in self.of(LOST, but=True) if not one.words.startswith("start:")]
        yield none_of("twice, undone, misnamed, in gaps, states and books that do not agree", others)


def live(seed: int, cuts: int = CUTS_OF_A_LIFE, instead: Mapping[str, str] | None = None) -> Toll:
    """One life from an empty directory on; the same seed lives the same."""
    with tempfile.TemporaryDirectory(prefix="campusgw-cuts-") as directory:
        life = Life(seed, Path(directory), instead or {})
        life.run(cuts)
    return Toll(
        life.volume.cuts,
        life.attempts - life.starts,
        life.starts,
        life.salvages,
        life.migrations,
        life.outside.count,
        life.complaints,
    )


def lives(seeds: Sequence[int], told: Told, jobs: int = JOBS, instead: Mapping[str, str] | None = None) -> Toll:
    """Many lives, each in one of a few processes."""
    toll = Toll()
    with ProcessPoolExecutor(jobs, initializer=quiet) as pool:
        waiting = [pool.submit(live, seed, CUTS_OF_A_LIFE, instead) for seed in seeds]
        for number, one in enumerate(as_completed(waiting), 1):
            toll.add(one.result())
            told(number / len(seeds), f"{toll.cuts} cuts, {len(toll.complaints)} complaints")
    return toll


def controls(told: Told, jobs: int = JOBS) -> Iterator[Claim]:
    """Stores that are set otherwise must lose something, or the cuts would prove nothing."""
    for name, instead in CONTROLS.items():
        toll = lives(range(CONTROL_LIVES), told, jobs, instead)
        yield at_least(f"records lost with {name} (control, {toll.cuts} cuts)", len(toll.of(LOST)), 1)


def quiet() -> None:
    """Every cut is an error to the store, and it says so."""
    logging.disable(logging.CRITICAL)


def main() -> int:
    """0: every claim holds; 3: one does not; 1: it could not run."""
    options = _options()
    quiet()
    if options.seed is not None:
        return _again(options.seed)
    with bar("power cuts") as progress:
        toll = lives(range(max(1, options.cuts // CUTS_OF_A_LIFE)), progress.done)
        claims = [*toll.claims(), *controls(lambda _share, _words: None)]
    if options.cuts >= CUTS:
        with bar("failing operations") as progress:
            claims += [*refused_calls(), *failed_operations(progress.done, JOBS)]
    result = _result(claims)
    for seed in sorted({one.seed for one in toll.complaints}):
        print(f"again: {_command(seed)}", file=sys.stderr)
    return concluded(result, whole=options.cuts >= CUTS)


def _again(seed: int) -> int:
    toll = live(seed)
    _show(toll.complaints)
    print(f"seed {seed}: {toll.cuts} cuts, {toll.records} records, {len(toll.complaints)} complaints")
    return 3 if toll.complaints else 0


def _show(complaints: Iterable[Complaint]) -> None:
    for one in list(complaints)[:SHOWN]:
        print(one)


def _command(seed: int) -> str:
    return f"python -m bench.reliability.cuts --seed {seed}"


def _result(claims: Sequence[Claim]) -> Result:
    told = (
        f"The real store on SQLite {apsw.sqlitelibversion()} over files that forget: each write that is not synced"
        " stays with a chance of one half, torn at 512 bytes, in any order; names stay in the order in which they"
        " were made, as a journalling file system keeps them. The power fails at random instants, also while the"
        " store is opened, salvaged or closed. Every record carries a number; every device's state is the number"
        " of its last alarm. Then every single operation fails once, below SQLite and of the whole gateway."
    )
    machine = {key: value for key, value in describe(Path.cwd()).items() if key in ("date", "commit", "Python")}
    machine["apsw"] = apsw.apswversion()
    return Result("cuts", "Power cuts", "make cuts", told, claims, machine, {})


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="make cuts", description=__doc__)
    parser.add_argument("--cuts", type=int, default=CUTS, help=f"how many (default {CUTS:,}; fewer write no page)")
    parser.add_argument("--seed", type=int, help="one life again")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
