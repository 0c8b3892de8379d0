"""From a line's configuration to its jobs, and what that means in time; arithmetic only."""

from dataclasses import dataclass

from agent.polling.health import interval_s
from agent.polling.schedule import Job
from agent.site import LinePlan, Unit
from drivers.blocks import Block, block_time_s, plan_blocks
from drivers.stream import SerialPort

BLOCKING_SHARE = 4  # one read may hold the line for this part of its alarm-latency budget


def line_character_s(plan: LinePlan) -> float:
    """Time of a character on this line; a socket has none that counts."""
    return plan.endpoint.character_s if isinstance(plan.endpoint, SerialPort) else 0.0


def blocks_of(unit: Unit, plan: LinePlan) -> tuple[Block, ...]:
    """The unit's reads, none holding the line longer than its share of the alarm-latency budget."""
    wanted = unit.points or tuple(point.name for point in unit.profile.readable_points)
    return plan_blocks(
        unit.profile,
        wanted,
        max_block_s=plan.alarm_latency_budget_s / BLOCKING_SHARE,
        character_s=line_character_s(plan),
    )


def jobs_of(unit: Unit, plan: LinePlan) -> list[Job]:
    """The unit's blocks as jobs: alarm points at the unit's interval, the others at its slow one."""
    return [Job(unit.id, block, interval_s(unit, _wanted_s(unit, block))) for block in blocks_of(unit, plan)]


def _wanted_s(unit: Unit, block: Block) -> float:
    return unit.interval_s if block.alarm else max(unit.interval_s, unit.slow_interval_s)


@dataclass(frozen=True, slots=True)
class Latency:
    """The worst case of one alarm block: from the change in the field to the reply on the wire."""

    unit: str
    points: tuple[str, ...]
    worst_s: float


@dataclass(frozen=True, slots=True)
class LineTimes:
    """A line's round of all its blocks, how much of its time they want, and its alarm latencies."""

    cycle_s: float
    load: float
    alarms: tuple[Latency, ...]

    @property
    def worst(self) -> Latency | None:
        """The slowest alarm block."""
        return max(self.alarms, key=lambda latency: latency.worst_s, default=None)


def line_times(plan: LinePlan) -> LineTimes:
    """The bound for every alarm block: its interval or one full round, whichever is longer, and its own read.

    Earliest deadline first gives every block at most one turn in between, also on an overloaded line.
    """
    character_s = line_character_s(plan)
    rows = [
        (unit, job, block_time_s(job.block, character_s, unit.profile.turnaround_s) + plan.extra_gap_s)
        for unit in plan.units
        for job in jobs_of(unit, plan)
    ]
    cycle_s = sum(own_s for _, _, own_s in rows)
    load = sum(own_s / job.interval_s for _, job, own_s in rows)
    alarms = tuple(
        Latency(unit.id, job.block.points, max(job.interval_s, cycle_s) + own_s)
        for unit, job, own_s in rows
        if job.block.alarm
    )
    return LineTimes(cycle_s, load, alarms)
