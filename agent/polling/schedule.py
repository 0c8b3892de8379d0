"""What to ask next on a line: earliest deadline first, as arithmetic."""

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from drivers.blocks import Block


@dataclass(slots=True)
class Job:
    """One block of one unit and when it is due (loop seconds)."""

    unit: str
    block: Block
    interval_s: float
    due_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing may be asked before `until_s`."""

    until_s: float


class Schedule:
    """The jobs of one line. A job that is late stays due, so an overloaded line turns into a fair round."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self.jobs = list(jobs)

    def next(self, now_s: float, ready_at: Callable[[str], float], idle_s: float = 1.0) -> Job | Wait:
        """The job with the earliest deadline whose unit may be asked, or how long to wait (at most `idle_s`)."""
        best: Job | None = None
        earliest = now_s + idle_s
        for job in self.jobs:
            may = max(job.due_s, ready_at(job.unit))
            if may > now_s:
                earliest = min(earliest, may)
            elif best is None or _before(job, best):
                best = job
        return best or Wait(earliest)

    def asked(self, job: Job, started_s: float) -> None:
        """The job's next deadline counts from when it was asked, so that delays do not pile up."""
        job.due_s = started_s + job.interval_s

    def postpone(self, unit: str, until_s: float) -> None:
        """Leave a unit alone until then; its first job is the probe, the others rest until `release`."""
        for position, job in enumerate(j for j in self.jobs if j.unit == unit):
            job.due_s = until_s if position == 0 else math.inf

    def release(self, unit: str, now_s: float) -> None:
        """A unit is back: everything of it is due at once."""
        for job in self.jobs:
            if job.unit == unit:
                job.due_s = min(job.due_s, now_s)


def _before(one: Job, other: Job) -> bool:
    if one.due_s != other.due_s:
        return one.due_s < other.due_s
    return one.block.alarm and not other.block.alarm
