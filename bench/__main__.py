"""`python -m bench`: measure, judge, write docs/performance.md; README.md says how and with what."""

import argparse
import shutil
import sys
import time
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from bench.cases import CASES, QUICK, QUICK_SCALE, Case
from bench.errors import BenchError, Missing
from bench.machine import describe, imports_ms
from bench.measure import measure
from bench.native import Programs, build
from bench.pool import Pools, load, pooled, save
from bench.profiling import Profile, profile
from bench.reduce import Run
from bench.report import latency_table, page, target_table
from bench.targets import Outcome, Verdict, verdicts

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "bench" / "results"
PAGE = ROOT / "docs" / "performance.md"
ROUNDS = 2
IMPORT_ROUNDS = 7
PROFILE_S = 15.0


def main() -> int:
    """0: measured; 1: something did not run; 3: measured, and a target is missed (only with --judge)."""
    args = _arguments().parse_args()
    try:
        path = args.report or _measure(args)
        missed = _tell(path, args)
    except (Missing, BenchError) as error:
        print(error, file=sys.stderr)
        return 1
    return 3 if missed and args.judge else 0


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="one short round of some cases, about a minute")
    parser.add_argument(
        "--case", action="append", choices=[c.name for c in CASES], help="only this one; repeatable"
    )
    parser.add_argument("--subject", action="append", help="only this one; repeatable")
    parser.add_argument("--rounds", type=int, default=0, help=f"how often all of it (default {ROUNDS})")
    parser.add_argument("--no-profile", action="store_true", help="do not look into what misses a target")
    parser.add_argument("--no-page", action="store_true", help="print the result, leave docs/performance.md alone")
    parser.add_argument("--judge", action="store_true", help="exit with 3 when a target is missed")
    parser.add_argument("--report", type=Path, metavar="FILE", help="make the page anew from an earlier result")
    return parser


def _measure(args: argparse.Namespace) -> Path:
    programs = build(RESULTS / "native")
    scratch = RESULTS / "scratch"
    shutil.rmtree(scratch, ignore_errors=True)
    scratch.mkdir(parents=True)
    machine = describe(scratch)
    import_cost_ms = imports_ms(IMPORT_ROUNDS)
    started_s = time.monotonic()
    runs: list[Run] = []
    for number in range(args.rounds or (1 if args.quick else ROUNDS)):
        runs += _round(_chosen(args), args.subject, number, scratch, programs)
    machine["took"] = f"{time.monotonic() - started_s:.0f} s"
    path = RESULTS / f"{time.strftime('%Y%m%d-%H%M%S')}.json"
    save(path, machine, import_cost_ms, runs)
    print(f"kept in {path.relative_to(ROOT)}")
    return path


def _chosen(args: argparse.Namespace) -> list[Case]:
    names = args.case or (QUICK if args.quick else [case.name for case in CASES])
    cases = [case for case in CASES if case.name in names]
    return [case.scaled(QUICK_SCALE) for case in cases] if args.quick else cases


def _round(
    cases: Sequence[Case], only: Sequence[str] | None, number: int, scratch: Path, programs: Programs
) -> list[Run]:
    """Every case once; the subjects in turn, or side by side where the case says so."""
    runs: list[Run] = []
    for case in cases:
        subjects = [subject for subject in case.subjects if not only or subject in only]
        for group in [subjects] if case.together else [[subject] for subject in subjects]:
            print(f"round {number + 1}: {case.title}: {', '.join(group)}", flush=True)
            directory = scratch / f"{number}-{case.name}-{'-'.join(group)}"
            runs += measure(case, group, directory, programs, seed=number + 1)
    return runs


def _tell(path: Path, args: argparse.Namespace) -> bool:
    """Print the result, write the page; True when a target is missed."""
    machine, import_cost_ms, runs = load(path)
    pools = pooled(runs)
    found = verdicts(Outcome(pools, import_cost_ms))
    print(f"\n{target_table(found)}\n\n{latency_table(pools)}\n")
    if not (args.quick or args.no_page or args.case or args.subject):
        _write(machine, found, pools, [] if args.no_profile else _profiles(found))
        print(f"written: {PAGE.relative_to(ROOT)}")
    return not all(verdict.reached for verdict in found)


def _profiles(found: Sequence[Verdict]) -> list[Profile]:
    """Look into each case that misses a target of its own."""
    wanted = dict.fromkeys(v.target.profile for v in found if not v.reached and v.target.profile)
    programs = build(RESULTS / "native")
    cases = [case for case in CASES if case.name in wanted]
    made: list[Profile] = []
    for case in cases:
        print(f"profile: {case.title}", flush=True)
        directory = RESULTS / "scratch" / f"profile-{case.name}"
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir(parents=True)
        made.append(profile(case, directory, programs, PROFILE_S))
    return made


def _write(machine: dict[str, str], found: Sequence[Verdict], pools: Pools, profiles: Sequence[Profile]) -> None:
    with_pictures = find_spec("matplotlib") is not None
    if with_pictures:
        from bench.pictures import draw

        draw(pools, PAGE.parent / "performance")
    PAGE.write_text(page(machine, "make bench", found, pools, profiles, with_pictures))


if __name__ == "__main__":
    sys.exit(main())
