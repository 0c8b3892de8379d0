"""make clocks: every wrong clock that a board may have, in virtual time, as a part of docs/reliability.md."""

import argparse
import logging
import sys
import tempfile
import time
from pathlib import Path

from agent.clock.timeline import SMALL_S
from bench.endurance.claims import at_least, at_most, none_of
from bench.endurance.page import Result
from bench.endurance.progress import bar
from bench.machine import describe
from bench.reliability.page import concluded
from tests.site.clocks import CASES, PRESSES, Outcome, outcomes, table

CASES_LEAST = 40


def main() -> int:
    """Play the matrix; 3 when a claim fails."""
    argparse.ArgumentParser(description=__doc__).parse_args()
    logging.disable(logging.ERROR)
    begun_s = time.monotonic()
    found = []
    with bar("clocks") as shown:
        for number, outcome in enumerate(outcomes(), 1):
            found.append(outcome)
            shown.done(number / len(CASES), outcome.case.boot)
    with tempfile.TemporaryDirectory() as directory:
        machine = describe(Path(directory))
    result = result_of(found, {**machine, "took": f"{time.monotonic() - begun_s:.0f} s"})
    return concluded(result, whole=True)


def result_of(found: list[Outcome], machine: dict[str, str]) -> Result:
    """The claims, and the table itself."""
    complaints = [f"{one.case}: {said}" for one in found for said in one.complaints()]
    pressed = sum(len(one.told) // 2 for one in found)
    claims = [
        at_least("cases: boot clock × later event × restart × link", len(found), CASES_LEAST),
        none_of("cases in which order, number, clock word, time or floor was not as it has to be", complaints),
        at_least("presses of the alarm that arrived, once and in order", pressed, PRESSES * len(found)),
        at_most("worst time that is called `synchronised`", max(one.wrong_s for one in found), SMALL_S, " s"),
    ]
    told = (
        "Four presses of the one-key alarm in each case: before and after what happens to the clock, before and\n"
        "after a restart. A column shows what each says of its time when the platform has it."
    )
    return Result("clocks", "Wrong clocks", "make clocks", f"{told}\n\n{table(found)}", claims, machine, {})


if __name__ == "__main__":
    sys.exit(main())
