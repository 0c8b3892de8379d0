"""What to ask next on a line, as arithmetic: time is an argument, nothing waits.

Two kinds of work share the line. Alarm blocks take turns: each has a stride, the time it may go unasked when
the line is full, and whoever's turn comes first goes first (stride scheduling, Waldspurger 1995: a deadline
that moves on by the stride, so a block asked often never crowds another out). Everything else, probes of lost
units included, shares one turn of its own, so that however much of it is due, alarms wait for one such exchange
at most before it is their turn again.

Orders to outputs go first of all, but no more of them than ORDER_SHARE of the line: one that comes alone waits for
the exchange under way, the next one until the line has given that share to the one before. What a fire orders is
urgent: it waits for nothing but the exchange under way and other urgent orders, and the share is given afterwards.
"""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum

from drivers.blocks import Block
from drivers.reading import Reading

SHARE_OF_OTHERS = 0.1
ORDER_SHARE = 0.1  # written and read back in half a second at 9600 baud, and alarms are asked a tenth less often


class Duty(IntEnum):
    """Why a block is asked; among what is due of the others, the lower goes first."""

    ALARM = 0
    PROBE_OF_ALARM = 1
    NORMAL = 2
    BACKGROUND = 3
    PROBE = 4


@dataclass(slots=True)
class Job:
    """One block of one unit.

    `interval_s`: it is not asked more often than this. `stride_s`: how long it may go unasked on a full line.
    `cost_s`: how long one exchange holds the line. `due_s`: loop time before which it is not asked. `turn_s`: its
    place in the round, in the line's own time. `refusals`: how often in a row the unit refused it. `said`: what it
    read last. `output`: the point that it switches and reads back; empty for a poll. `urgent`: an order that does
    not wait for its share of the line. `held_s`: until when it waits for another output to be off.
    """

    unit: str
    block: Block
    interval_s: float
    stride_s: float = 1.0
    cost_s: float = 0.05
    due_s: float = 0.0
    turn_s: float = 0.0
    lost: bool = False
    refusals: int = 0
    said: Sequence[Reading] | None = None
    output: str = ""
    urgent: bool = False
    held_s: float = -math.inf

    @property
    def duty(self) -> Duty:
        """Its class now; it changes when its unit is lost or goes on refusing it."""
        if self.lost:
            return Duty.PROBE_OF_ALARM if self.block.alarm else Duty.PROBE
        if self.refusals > 1:  # once may be a unit that was busy
            return Duty.BACKGROUND
        return Duty.ALARM if self.block.alarm else Duty.NORMAL


@dataclass(frozen=True, slots=True)
class Wait:
    """Nothing may be asked before `until_s`."""

    until_s: float


class Schedule:
    """The jobs of one line, polls and orders to outputs.

    `share_of_others` is what is left to polls that are no alarms when all want the line.
    """

    def __init__(
        self, jobs: Iterable[Job], share_of_others: float = SHARE_OF_OTHERS, orders: Iterable[Job] = ()
    ) -> None:
        self.jobs = list(jobs)
        self.orders = list(orders)
        self.share_of_others = share_of_others
        self._turn_s = 0.0
        self._others_turn_s = 0.0
        self._orders_turn_s = 0.0
        _spread(self.jobs)

    def next(self, now_s: float, ready_at: Callable[[str], float], idle_s: float = 1.0) -> Job | Wait:
        """The job whose turn it is and whose unit may be asked, or how long to wait (at most `idle_s`)."""
        alarm: Job | None = None
        other: Job | None = None
        earliest = now_s + idle_s
        for job in self.jobs:
            if job.due_s > now_s:
                earliest = min(earliest, job.due_s)
                continue
            is_alarm = job.duty is Duty.ALARM
            best = alarm if is_alarm else other
            if best is not None and not _before(job, best):
                continue
            ready_s = ready_at(job.unit)  # asked only of one that would be chosen: this runs before every exchange
            if ready_s > now_s:
                earliest = min(earliest, ready_s)
            elif is_alarm:
                alarm = job
            else:
                other = job
        if self.orders:
            order, earliest = self._order(now_s, ready_at, earliest)
            if order is not None and (order.urgent or self._orders_turn_s <= self._turn_s or alarm is None):
                return order
        if alarm is None or other is None:
            return alarm or other or Wait(earliest)
        return other if max(self._others_turn_s, self._turn_s) < alarm.turn_s else alarm

    def _order(
        self, now_s: float, ready_at: Callable[[str], float], earliest_s: float
    ) -> tuple[Job | None, float]:
        """Of those whose unit may be asked an urgent one, else what has waited longest; else when one will be."""
        ready: Job | None = None
        for job in self.orders:
            if job.lost:
                continue
            due_s = max(job.due_s, ready_at(job.unit))
            if due_s > now_s:
                earliest_s = min(earliest_s, due_s)
            elif ready is None or (not job.urgent, job.due_s) < (not ready.urgent, ready.due_s):
                ready = job
        return ready, earliest_s

    def asked(self, job: Job, started_s: float) -> None:
        """Note that a job had its turn; delays do not pile up, since its next one counts from now."""
        if job.output:
            self._orders_turn_s = max(self._orders_turn_s, self._turn_s) + job.cost_s / ORDER_SHARE
            return
        job.due_s = started_s + job.interval_s
        if job.duty is not Duty.ALARM:
            self._others_turn_s = max(self._others_turn_s, self._turn_s) + job.cost_s / self.share_of_others
            return
        self._turn_s = max(self._turn_s, job.turn_s)
        job.turn_s = self._turn_s + job.stride_s

    def hurry(self, job: Job, now_s: float) -> None:
        """It is this job's turn as soon as its unit may be asked."""
        job.due_s = min(job.due_s, now_s)
        job.turn_s = min(job.turn_s, self._turn_s)

    def split(self, job: Job, parts: Iterable[Job]) -> None:
        """A block that its unit refuses as a whole is asked in parts from now on."""
        self.jobs.remove(job)
        self.jobs.extend(parts)

    def postpone(self, unit: str, until_s: float) -> None:
        """A unit is lost: its first job probes it at that time, the others rest until `release`."""
        for position, job in enumerate(job for job in self.jobs if job.unit == unit):
            job.lost = True
            job.due_s = until_s if position == 0 else math.inf
        for order in self._orders_to(unit):
            order.lost = True

    def release(self, unit: str, now_s: float) -> None:
        """A unit is back: everything of it is due at once, and is news whatever it says."""
        for job in self.jobs:
            if job.unit == unit:
                job.lost, job.said = False, None
                self.hurry(job, now_s)
        for order in self._orders_to(unit):
            order.lost = False
            if order.due_s < math.inf:  # else nobody wants anything of it
                order.due_s = max(min(order.due_s, now_s), order.held_s)

    def _orders_to(self, unit: str) -> Iterable[Job]:
        return (order for order in self.orders if order.unit == unit)


def _before(one: Job, other: Job) -> bool:
    """Of two alarm blocks the one whose turn comes first; of two others the more important one."""
    if one.duty is Duty.ALARM:
        return (one.turn_s, one.due_s) < (other.turn_s, other.due_s)
    return (one.duty, one.due_s) < (other.duty, other.due_s)


def _spread(jobs: list[Job]) -> None:
    """Jobs of one stride start evenly over it, and the rare ones halfway between the frequent ones."""
    groups: dict[float, list[Job]] = {}
    for job in jobs:
        if job.block.alarm:
            groups.setdefault(job.stride_s, []).append(job)
    for stride_s in sorted(groups):
        group = groups[stride_s]
        shift = 0.0 if stride_s == min(groups) else 0.5
        for place, job in enumerate(group):
            job.turn_s = stride_s * (place + shift) / len(group)
