"""A part of `make cuts`: every single operation fails once, of the store below SQLite and of the whole gateway."""

import logging
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

from bench.endurance.claims import Claim, at_least, none_of
from bench.endurance.progress import Told
from bench.reliability.cutting.refusals import refusals
from bench.reliability.nth.all import cases, complaints
from bench.reliability.nth.tap import KINDS

REFUSED_LEAST = 500
FAILED_LEAST = 2000
TOGETHER = 16  # cases that one process takes at a time


def refused_calls(every: int = 1) -> Iterator[Claim]:
    """The store's own file layer: create, read, write, truncate, sync, delete, rename."""
    found = list(refusals(every))
    yield at_least(
        "calls of SQLite's file layer that were refused, once or from then on", len(found), REFUSED_LEAST
    )
    yield none_of("runs after which the store was not whole", [f"{what}: {why}" for what, why in found if why])


def failed_operations(told: Told, jobs: int) -> Iterator[Claim]:
    """The whole gateway in virtual time: each operation that enters through Host fails, and each hangs."""
    every = list(cases())
    words: list[str] = []
    with ProcessPoolExecutor(jobs, initializer=_silence) as pool:
        for number, found in enumerate(pool.map(complaints, every, chunksize=TOGETHER), 1):
            words += found
            told(number / len(every), f"{number} operations failed or hung, {len(words)} complaints")
    kinds = ", ".join(KINDS)
    what = f"operations of the gateway that failed or hung, each in a day of its own ({kinds})"
    yield at_least(what, len(every), FAILED_LEAST)
    yield none_of("alarms lost, days that hung, faults of which nobody was told", words)


def _silence() -> None:
    logging.disable(logging.CRITICAL)
