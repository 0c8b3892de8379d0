"""One target under hypothesis, in a process of its own: good inputs spoiled a little, and what fails made small.

`python -m bench.reliability.fuzzing.structured TARGET EXAMPLES SEED DIRECTORY` leaves an input that fails as a
file of the directory, as atheris does, and ends with 77 then.
"""

import hashlib
import logging
import resource
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType

from hypothesis import HealthCheck, Phase, given, seed, settings

from tests.fuzz.spoiled import spoiled
from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS

EXIT_FOUND = 77  # as libFuzzer's
INPUT_S = 5.0
MEMORY_BYTES = 4 * 1024**3  # of addresses; a process uses a tenth of them
STEP = 1000


class Hang(BaseException):
    """An input takes too long; no `except Exception` of a parser may swallow it."""


def play(target: Target, examples: int, start: int) -> bytes | None:
    """So many inputs; returns the smallest that fails, if one does, and prints why."""
    failing: list[bytes] = []
    done = 0

    @seed(start)
    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
    )
    @given(spoiled(target))
    def one(given: bytes) -> None:
        nonlocal done
        done += 1
        if done % STEP == 0:
            print(f"#{done}", flush=True)
        failing.append(given)
        _timed(target, given)
        failing.pop()

    try:
        one()
    except (Exception, Hang):  # noqa: BLE001 (whatever it is, it is what was looked for)
        traceback.print_exc()
        return failing[-1]
    finally:
        print(f"#{done}", flush=True)
    return None


def _timed(target: Target, given: bytes) -> None:
    signal.setitimer(signal.ITIMER_REAL, INPUT_S)
    try:
        target(given)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)


def _too_long(_number: int, _frame: FrameType | None) -> None:
    raise Hang(f"not done after {INPUT_S:g} s")


def main(name: str, examples: int, start: int, directory: Path) -> int:
    """0: nothing was found."""
    logging.disable(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    signal.signal(signal.SIGALRM, _too_long)
    failing = play(TARGETS[name], examples, start)
    if failing is None:
        return 0
    (directory / f"crash-{hashlib.sha1(failing).hexdigest()}").write_bytes(failing)
    return EXIT_FOUND


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), Path(sys.argv[4])))
