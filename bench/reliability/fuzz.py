"""`make fuzz`: ten million inputs to everything that reads bytes from outside; does any of them do harm?"""

import argparse
import asyncio
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.endurance.claims import Claim, at_least, at_most, none_of
from bench.endurance.page import ROOT, Result
from bench.endurance.progress import Told, bar
from bench.machine import describe
from bench.reliability.fuzzing.jobs import RSS_MB, Job, Outcome, inputs_of, run
from bench.reliability.page import concluded
from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS

INPUTS = 10_000_000
LEAST = 100_000  # of each target
STRUCTURED = 0.02  # of all: hypothesis makes a thousand a second where atheris makes twenty
MOST_S = 1800  # of a job
AT_ONCE = 2
KEPT = ROOT / "bench" / "results" / "fuzz"
MEMORY = Path("/dev/shm")
AGAIN = ".venv/bin/python -m bench.reliability.fuzz --again {target} {file}"


def planned(targets: Sequence[Target], inputs: int, seed: int, directory: Path) -> list[Job]:
    """Each target gets its share from both engines, no less than is fair; the slow ones begin."""
    shares = sum(target.share for target in targets)
    jobs = []
    for target in sorted(targets, key=lambda target: target.share):
        least = min(LEAST, inputs // len(targets))
        whole = max(least, round(inputs * target.share / shares))
        structured = max(1, round(inputs * STRUCTURED / len(targets)))
        guided = max(1, whole - structured)
        room = directory / target.name
        jobs.append(Job(target, "guided", guided, MOST_S, seed, room / "guided"))
        jobs.append(Job(target, "structured", structured, MOST_S, seed, room / "structured"))
    return jobs


def fuzz(targets: Sequence[Target], inputs: int, seed: int, directory: Path, told: Told) -> list[Outcome]:
    """The whole run."""
    jobs = planned(targets, inputs, seed, directory)
    wanted = sum(job.inputs for job in jobs)

    def shown(done: dict[str, int]) -> None:
        total = sum(done.values())
        told(min(1.0, total / wanted), f"{total:,} inputs")

    return asyncio.run(run(jobs, AT_ONCE, shown))  # type: ignore[arg-type]


def claims(outcomes: list[Outcome], inputs: int) -> Iterator[Claim]:
    """What is held against which bound."""
    done = inputs_of(outcomes)
    yield at_least("inputs", sum(done.values()), inputs)
    for what, words in (("crash-", "errors that no parser promises"), ("timeout-", "hangs (5 s for one input)")):
        yield none_of(words, _failing(outcomes, what))
    yield none_of(f"inputs that took more than {RSS_MB} MB", _failing(outcomes, "oom-"))
    yield at_most("most memory of a process, MB", max(o.peak_mb for o in outcomes), RSS_MB)
    for name, count in done.items():
        yield at_least(f"inputs to `{name}`", count, min(LEAST, inputs // len(done)))


def _failing(outcomes: list[Outcome], what: str) -> list[str]:
    return [
        f"{o.job.target.name} {path.name}" for o in outcomes for path in o.failing if path.name.startswith(what)
    ]


def keep_failing(outcomes: list[Outcome]) -> None:
    """Inputs that do harm outlive the run, each with the command that repeats it."""
    for outcome in outcomes:
        for path in outcome.failing:
            kept = KEPT / outcome.job.target.name / path.name
            kept.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, kept)
            again = AGAIN.format(target=outcome.job.target.name, file=kept.relative_to(ROOT))
            print(f"{outcome.tail()}\nagain: {again}", flush=True)


def keep_corpus(outcomes: list[Outcome]) -> None:
    """What the guided engine has found is minimised, and becomes the corpus of the tests."""
    for job in (outcome.job for outcome in outcomes if outcome.job.engine == "guided"):
        minimise = [sys.executable, "-m", "bench.reliability.fuzzing.minimise", job.target.name, str(job.corpus)]
        subprocess.run(minimise, check=True)


def result(outcomes: list[Outcome], machine: dict[str, str], inputs: int, seed: int, took_s: float) -> Result:
    """As a part of the page."""
    done = sum(inputs_of(outcomes).values())
    by_hypothesis = sum(o.inputs for o in outcomes if o.job.engine == "structured")
    fed, minutes = len(inputs_of(outcomes)), took_s / 60
    told = (
        f"{done:,} inputs to {fed} readers of bytes from outside in {minutes:,.0f} minutes. atheris follows the"
        " code that an input reaches and goes on from what reached something new; where a checksum guards what"
        f" lies behind, half of its inputs are sealed again. {by_hypothesis:,} of the inputs are by hypothesis,"
        " which spoils good ones (transcripts of panels, the examples of the documentation, shipped files). A"
        " reader may only answer with its own documented error."
    )
    command = f'make fuzz ARGS="--inputs {inputs} --seed {seed}"'
    return Result("fuzz", "", command, told, list(claims(outcomes, inputs)), machine, {})


def main() -> int:
    """0: all holds; 1: it did not run; 3: something does not hold."""
    parser = argparse.ArgumentParser("make fuzz", description=__doc__)
    parser.add_argument("--inputs", type=int, default=INPUTS, help=f"how many (default {INPUTS})")
    parser.add_argument("--seed", type=int, default=1, help="of both engines")
    parser.add_argument("--only", nargs="*", choices=TARGETS, metavar="TARGET", help="these targets")
    parser.add_argument("--keep-corpus", action="store_true", help="renew tests/fuzz/corpus")
    parser.add_argument("--again", nargs=2, metavar=("TARGET", "FILE"), help="one input again, and nothing else")
    args = parser.parse_args()
    if args.again:
        TARGETS[args.again[0]](Path(args.again[1]).read_bytes())
        print("nothing happens")
        return 0
    chosen = [TARGETS[name] for name in args.only or TARGETS]
    with tempfile.TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as directory:
        machine = describe(Path(directory))
        began_s = time.monotonic()
        with bar("fuzz") as shown:
            outcomes = fuzz(chosen, args.inputs, args.seed, Path(directory), shown.done)
        took_s = time.monotonic() - began_s
        keep_failing(outcomes)
        if broken := [outcome.broken for outcome in outcomes if outcome.broken]:
            print("\n".join(broken), file=sys.stderr)
            return 1
        if args.keep_corpus:
            keep_corpus(outcomes)
        found = result(outcomes, machine, args.inputs, args.seed, took_s)
    return concluded(found, whole=args.inputs >= INPUTS and not args.only)


if __name__ == "__main__":
    sys.exit(main())
