"""From a line's configuration to its jobs, and what that means in time; arithmetic only."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from agent.polling.health import LOST_SHARE, interval_s
from agent.polling.patience import MARGIN_S, Patience
from agent.polling.schedule import ORDER_SHARE, Job, Schedule, Wait
from agent.site import LinePlan, Unit
from drivers.blocks import (
    REQUEST_CHARACTERS,
    Block,
    block_time_s,
    plan_blocks,
    reply_time_s,
    request_time_s,
)
from drivers.stream import SerialPort

BLOCKING_SHARE = 4  # one read may hold the line for this part of its alarm-latency budget
LASTING_SLOWER = 1.5  # detectors may be asked so much less often than in a plain round, in favour of brief points
WRITE_CHARACTERS = 17  # request and reply of function 16 without its registers; no plain write has more
OTHERS_MOST = 0.5  # what is not an alarm never gets more of the line than this while alarms want it
# How long the schedule is run to see its worst: a dozen asks a job, in which the strides have come round; on very
# long lines less, since each pick looks at every job, and a start must not wait for that.
PICKS_EACH, PICKS_MOST, PICKS_LEAST_EACH = 12, 4000, 3


def line_character_s(plan: LinePlan) -> float:
    """Time of a character on this line; a socket has none that counts."""
    return plan.endpoint.character_s if isinstance(plan.endpoint, SerialPort) else 0.0


def blocks_of(unit: Unit, plan: LinePlan) -> tuple[Block, ...]:
    """The unit's reads, none holding the line longer than its share of the alarm-latency budget."""
    if unit.profile.protocol != "modbus":
        return ()
    wanted = unit.points or tuple(point.name for point in unit.profile.readable_points)
    return plan_blocks(
        unit.profile,
        wanted,
        max_block_s=plan.alarm_latency_budget_s / BLOCKING_SHARE,
        character_s=line_character_s(plan),
    )


def job_of(unit: Unit, plan: LinePlan, block: Block) -> Job:
    """A block as a job: alarm points at the unit's interval, the others at its slow one."""
    wanted_s = unit.interval_s if block.alarm else max(unit.interval_s, unit.slow_interval_s)
    turnaround_s = max(unit.profile.turnaround_s, unit.profile.turnaround_most_s)
    cost_s = block_time_s(block, line_character_s(plan), turnaround_s) + plan.extra_gap_s
    if (shake := unit.profile.handshake) is not None and shake.flag in block.points:  # and its flag is written off
        cost_s += WRITE_CHARACTERS * line_character_s(plan) + turnaround_s + plan.extra_gap_s
    return Job(unit.id, block, interval_s(unit, wanted_s), cost_s=cost_s)


def order_of(unit: Unit, plan: LinePlan, point: str) -> Job:
    """An output as a job: it is told or read back, whichever takes longer; due when somebody wants something."""
    character_s = line_character_s(plan)
    most_s = plan.alarm_latency_budget_s / BLOCKING_SHARE
    planned = plan_blocks(unit.profile, (point,), max_block_s=most_s, character_s=character_s)
    found = unit.profile.point(point)
    unread = Block(found.table, found.address, found.width, (point,))  # a momentary command cannot be read back
    block = replace(next((block for block in planned if point in block.points), unread), alarm=False)
    look = job_of(unit, plan, block)
    telling_s = (WRITE_CHARACTERS + 2 * found.width) * character_s
    looking_s = REQUEST_CHARACTERS * character_s + reply_time_s(block, character_s)
    return replace(look, output=point, due_s=math.inf, cost_s=look.cost_s + max(0.0, telling_s - looking_s))


def schedule_of(plan: LinePlan) -> Schedule:
    """The line's schedule, every alarm block with its stride."""
    jobs = [job_of(unit, plan, block) for unit in plan.units for block in blocks_of(unit, plan)]
    orders = [order_of(unit, plan, point) for unit in plan.units for point in sorted(unit.outputs)]
    share = share_of_others(jobs)
    left = 1.0 - share - (ORDER_SHARE if orders else 0.0)
    brief = {unit.id: unit.brief for unit in plan.units}
    alarms = [job for job in jobs if job.block.alarm]
    for job, stride_s in zip(alarms, strides(alarms, brief, left), strict=True):
        job.stride_s = stride_s
    return Schedule(jobs, share, orders)


def share_of_others(jobs: Sequence[Job]) -> float:
    """What the blocks without alarms want of the line, and the probes of lost units may take."""
    wanted = sum(job.cost_s / job.interval_s for job in jobs if not job.block.alarm)
    return min(OTHERS_MOST, wanted + LOST_SHARE)


def strides(alarms: Sequence[Job], brief: dict[str, frozenset[str]], share: float) -> list[float]:
    """How long each alarm block may go unasked when together they fill `share` of the line.

    A block that wants to be asked less often than its fair turn leaves the rest to the others.
    """
    found: dict[int, float] = {}
    while len(found) < len(alarms):
        free = [n for n in range(len(alarms)) if n not in found]
        left = share - sum(alarms[n].cost_s / found[n] for n in found)
        fair = _fair([(alarms[n].cost_s, _is_brief(alarms[n], brief)) for n in free], left)
        content = {n: alarms[n].interval_s for n, s in zip(free, fair, strict=True) if alarms[n].interval_s > s}
        if not content:
            found.update(zip(free, fair, strict=True))
        found.update(content)
    return [found[n] for n in range(len(alarms))]


def _is_brief(job: Job, brief: dict[str, frozenset[str]]) -> bool:
    return any(point in brief.get(job.unit, ()) for point in job.block.points)


def _fair(rows: Sequence[tuple[float, bool]], share: float) -> list[float]:
    """A plain round for all; where some points are brief, the lasting ones give way by LASTING_SLOWER."""
    round_s = sum(cost_s for cost_s, _ in rows) / share
    brief_s = sum(cost_s for cost_s, is_brief in rows if is_brief)
    lasting_s = sum(cost_s for cost_s, is_brief in rows if not is_brief)
    if not brief_s or not lasting_s:
        return [round_s] * len(rows)
    slower_s = LASTING_SLOWER * round_s
    faster_s = brief_s / (share - lasting_s / slower_s)
    return [faster_s if is_brief else slower_s for _, is_brief in rows]


def patience_of(unit: Unit, plan: LinePlan) -> Patience:
    """Bounds for the unit's timeouts, from its profile's turnarounds and its longest reply on this wire."""
    character_s, profile = line_character_s(plan), unit.profile
    replies = [reply_time_s(block, character_s) for block in blocks_of(unit, plan)]
    reply_s = max(replies, default=0.0) + MARGIN_S
    return Patience(
        floor_s=max(profile.turnaround_s, profile.turnaround_most_s) + reply_s,
        brisk_s=profile.turnaround_s + reply_s,
        ceiling_s=unit.timeout_s,
        request_s=request_time_s(character_s) + plan.extra_gap_s,
    )


@dataclass(frozen=True, slots=True)
class Latency:
    """The worst case of one alarm block: from the change in the field to the reply on the wire."""

    unit: str
    points: tuple[str, ...]
    worst_s: float


@dataclass(frozen=True, slots=True)
class LineTimes:
    """A line's round of all its blocks, how much of its time they want, and its alarm latencies.

    Everything holds while the units answer within their profiles' worst turnaround; each request without an
    answer adds its unit's timeout at most, and lost units together LOST_SHARE of the line.
    """

    cycle_s: float
    load: float
    alarms: tuple[Latency, ...]

    @property
    def worst(self) -> Latency | None:
        """The slowest alarm block."""
        return max(self.alarms, key=lambda latency: latency.worst_s, default=None)


def line_times(plan: LinePlan) -> LineTimes:
    """What the schedule does to each alarm block when everything else is always due, found by running it.

    That includes orders to the outputs that the gateway switches of its own accord.
    """
    schedule = schedule_of(plan)
    jobs = schedule.jobs
    cycle_s = sum(job.cost_s for job in jobs)
    load = sum(job.cost_s / job.interval_s for job in jobs)
    longest_s = max((job.cost_s for job in (*jobs, *schedule.orders)), default=0.0)
    orders = [replace(order, due_s=0.0) for order in schedule.orders]
    gaps = worst_gaps([replace(job) for job in jobs], schedule.share_of_others, orders)
    alarms = tuple(
        Latency(job.unit, job.block.points, gap_s + longest_s + job.cost_s)
        for job, gap_s in zip(jobs, gaps, strict=True)
        if job.block.alarm
    )
    return LineTimes(cycle_s, min(1.0, load), alarms)


def worst_gaps(jobs: list[Job], share_of_others: float, orders: Sequence[Job] = ()) -> list[float]:
    """The longest time between two asks of each job; what is not an alarm wants the line all the time."""
    for job in jobs:
        job.interval_s = job.interval_s if job.block.alarm else 0.0
    schedule = Schedule(jobs, share_of_others, orders)
    now_s, asked_s, worst_s = 0.0, [0.0] * len(jobs), [0.0] * len(jobs)
    place = {id(job): n for n, job in enumerate(jobs)}
    for _ in range(max(PICKS_LEAST_EACH * len(jobs), min(PICKS_EACH * len(jobs), PICKS_MOST))):
        step = schedule.next(now_s, lambda _unit: 0.0)
        if isinstance(step, Wait):
            now_s = step.until_s
            continue
        if (n := place.get(id(step))) is not None:
            worst_s[n], asked_s[n] = max(worst_s[n], now_s - asked_s[n]), now_s
        schedule.asked(step, now_s)
        now_s += step.cost_s
    return worst_s
