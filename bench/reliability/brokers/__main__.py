"""`make brokers`: every case of brokers and links, with the real gateway and mosquitto; about five minutes."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from bench.endurance.claims import Claim
from bench.endurance.page import Result, table
from bench.endurance.progress import bar
from bench.errors import BenchError, Missing
from bench.machine import describe
from bench.reliability.brokers.cases import CASES, Case
from bench.reliability.brokers.play import Played, play
from bench.reliability.page import write
from simulators.child import ChildFailed


def result(played: Sequence[Played], machine: dict[str, str], seed: int) -> Result:
    """As a part of the page."""
    told = [
        f"The gateway as its own process, Debian's mosquitto, {len(played)} cases; two buttons are pressed before,"
        " while and after each fault, and the reference platform must be told of every change, each once:",
        *(_row(one) for one in played),
    ]
    claims: list[Claim] = [claim for one in played for claim in one.claims()]
    return Result("brokers", "", f'make brokers ARGS="--seed {seed}"', "\n".join(told), claims, machine, {})


def _row(one: Played) -> str:
    return (
        f"- **{one.case.name}** ({one.case.done}; {one.case.lasts_s:g} s): {one.changes} changes, the last"
        f" {one.late_s:.1f} s after the end, {one.duplicates} duplicates dropped by the platform."
    )


async def _play_all(cases: Sequence[Case], seed: int) -> list[Played]:
    played = []
    with bar("brokers") as shown:
        for number, case in enumerate(cases):
            shown.done(number / len(cases), case.name)
            played.append(await play(case, seed))
    return played


def main() -> int:
    """0: all holds; 1: it did not run; 3: something does not hold."""
    parser = argparse.ArgumentParser("make brokers", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="of presses and lost packets")
    parser.add_argument("--case", choices=[case.name for case in CASES], help="only this one; prints only")
    args = parser.parse_args()
    cases = [case for case in CASES if args.case in (None, case.name)]
    with tempfile.TemporaryDirectory() as directory:
        machine = describe(Path(directory))
    try:
        played = asyncio.run(_play_all(cases, args.seed))
    except (BenchError, Missing, ChildFailed) as error:
        print(error, file=sys.stderr)
        return 1
    found = result(played, machine, args.seed)
    print(f"{found.told}\n\n{table(found.claims)}")
    if args.case is None:
        write(found)
    return 0 if found.holds else 3


if __name__ == "__main__":
    sys.exit(main())
