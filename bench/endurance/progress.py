"""A bar with the time that is left; a line now and then where there is no terminal."""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

LINE_EVERY_S = 60.0

Told = Callable[[float, str], None]


class Bar:
    """`done` is told a share from 0 to 1 and, in words, what goes on."""

    def __init__(self, progress: Progress, what: str) -> None:
        self._progress = progress
        self._task = progress.add_task(what, total=1.0)
        self._what = what
        self._began_s = self._said_s = time.monotonic()

    def done(self, share: float, words: str = "") -> None:
        """So much is done."""
        self._progress.update(self._task, completed=share, description=f"{self._what} {words}".rstrip())
        now_s = time.monotonic()
        if not sys.stdout.isatty() and now_s - self._said_s > LINE_EVERY_S:
            self._said_s = now_s
            left_s = (now_s - self._began_s) * (1 / share - 1) if share else 0.0
            print(f"{self._what}: {share:.0%}, about {left_s:.0f} s left; {words}", flush=True)


@contextmanager
def bar(what: str) -> Iterator[Bar]:
    """Shown while the block runs."""
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(), TextColumn("left"))
    with Progress(*columns, TimeRemainingColumn(), disable=not sys.stdout.isatty()) as progress:
        yield Bar(progress, what)
