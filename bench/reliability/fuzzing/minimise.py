"""Which of many inputs are worth keeping: the shortest first, each that takes a step of ours that is new."""

import sys
from collections.abc import Iterable
from pathlib import Path
from types import FrameType
from typing import Any

from bench.endurance.page import ROOT
from tests.fuzz.target import Target

OURS = tuple(f"{ROOT / name}/" for name in ("agent", "drivers", "simulators"))

Step = tuple[str, int, int]
"""In a file, from a line to the next one that runs."""


def minimised(target: Target, inputs: Iterable[bytes]) -> list[bytes]:
    """In the order of their lengths; what the good inputs reach needs no keeping."""
    seen: set[Step] = set()
    for meal in target.meals():
        seen |= _steps(target, meal)
    kept = []
    for given in sorted(set(inputs), key=lambda given: (len(given), given)):
        steps = _steps(target, given)
        if not steps <= seen:
            seen |= steps
            kept.append(given)
    return kept


def _steps(target: Target, given: bytes) -> set[Step]:
    """What this input does in our code."""
    steps: set[Step] = set()
    before = 0

    def local(frame: FrameType, event: str, _arg: Any) -> Any:
        nonlocal before
        if event == "line":
            steps.add((frame.f_code.co_filename, before, frame.f_lineno))
            before = frame.f_lineno
        return local

    def entered(frame: FrameType, _event: str, _arg: Any) -> Any:
        return local if frame.f_code.co_filename.startswith(OURS) else None

    sys.settrace(entered)
    try:
        target(given)
    finally:
        sys.settrace(None)
    return steps


if __name__ == "__main__":
    from tests.fuzz.kept import keep
    from tests.fuzz.targets import TARGETS

    name, folder = sys.argv[1:]
    count = keep(TARGETS[name], minimised(TARGETS[name], (path.read_bytes() for path in Path(folder).iterdir())))
    print(f"{name}: {count} inputs kept", flush=True)
