"""What was to be reached, as data: each row is a figure of the pools and its bound."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from bench.cases import ALIVE, CASES, CHANGES, FLOOR, FOUR_DEAD, GATEWAY, ONE_DEAD, PLAIN, QUIET
from bench.pool import Pools

KEYS = next(case.keys for case in CASES if case.keys)
DETECTORS = tuple(unit for unit in range(1, 9) if unit not in KEYS)
RTU = tuple(case.name for case in CASES if case.medium.baud)
STEADY = tuple(case.name for case in CASES if not case.together)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a measurement shows beside the runs: `imports_ms` of CPU."""

    pools: Pools
    imports_ms: float

    def p99(self, case: str, subject: str, phase: str = CHANGES, units: tuple[int, ...] = ()) -> float:
        """Change → message in seconds."""
        return self.pools[case, subject].latencies(phase, units).p99

    def p99_ratio(self, case: str, other: str, units: tuple[int, ...] = ()) -> float:
        """The gateway's p99 ÷ another's."""
        return self.p99(case, GATEWAY, units=units) / self.p99(case, other, units=units)

    def cpu_ratio(self, case: str, phase: str) -> float:
        """The gateway's CPU for an exchange ÷ the plain loop's."""
        return self.pools[case, GATEWAY].cpu_us(phase) / self.pools[case, PLAIN].cpu_us(phase)


@dataclass(frozen=True, slots=True)
class Target:
    """A figure of at most `most`. `cases`: those it needs; `profile`: the one to look into when it is missed."""

    what: str
    most: float
    figure: Callable[[Outcome], float]
    cases: tuple[str, ...]
    unit: str = "×"
    profile: str = ""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A target and what was measured."""

    target: Target
    value: float

    @property
    def reached(self) -> bool:
        """NaN is not reached."""
        return self.value <= self.target.most


def _dead(phase: str) -> Callable[[Outcome], float]:
    return lambda o: o.p99("dead", GATEWAY, phase) / o.p99("dead", GATEWAY, ALIVE)


def _missed(outcome: Outcome) -> float:
    pools = [outcome.pools[case, GATEWAY] for case in STEADY if (case, GATEWAY) in outcome.pools]
    steady = sum(pool.latencies(CHANGES).missed for pool in pools)
    dead = outcome.pools["dead", GATEWAY]
    return steady + sum(dead.latencies(phase).missed for phase in (ALIVE, ONE_DEAD, FOUR_DEAD))


def _violations(outcome: Outcome) -> float:
    return sum(outcome.pools[case, GATEWAY].violations for case in RTU if (case, GATEWAY) in outcome.pools)


def _worst_share(outcome: Outcome) -> float:
    steady = [case for case in RTU if case in STEADY and (case, GATEWAY) in outcome.pools]
    return max(outcome.pools[case, GATEWAY].worst_share for case in steady)


def _strict(case: str) -> Callable[[Outcome], float]:
    return lambda o: o.p99(f"{case}-strict", GATEWAY) / o.p99(case, GATEWAY)


TARGETS = (
    Target("cycle ÷ ideal, 9600 baud, 8 units", 1.02,
           lambda o: o.pools["rtu9600", GATEWAY].cycle_ratio(CHANGES), ("rtu9600",), profile="rtu9600"),
    Target("cycle ÷ ideal, 115200 baud, 16 units", 1.06,
           lambda o: o.pools["rtu115200", GATEWAY].cycle_ratio(CHANGES), ("rtu115200",), profile="rtu115200"),
    Target("requests that broke the silent interval, all RTU runs", 0, _violations, ("rtu9600",), ""),
    Target("changes of living units that nobody heard of, all runs", 0, _missed, ("rtu9600", "dead"), ""),
    Target("slowest change → reply ÷ the worst case that `campusgw check` computes, all RTU runs", 1.0,
           _worst_share, ("rtu9600",)),
    Target("alarm latency p99 ÷ the C floor's, 9600 baud, 8 units", 1.05,
           lambda o: o.p99_ratio("rtu9600", FLOOR), ("rtu9600",), profile="rtu9600"),
    Target("p99 with strict units ÷ without, 9600 baud", 1.05, _strict("rtu9600"), ("rtu9600-strict",)),
    Target("p99 with strict units ÷ without, 115200 baud", 1.05, _strict("rtu115200"), ("rtu115200-strict",)),
    Target("two one-key units among six detectors: their p99 ÷ the C floor's", 0.6,
           lambda o: o.p99_ratio("keys", FLOOR, KEYS), ("keys",), profile="keys"),
    Target("the six detectors: their p99 ÷ the C floor's", 1.6,
           lambda o: o.p99_ratio("keys", FLOOR, DETECTORS), ("keys",), profile="keys"),
    Target("Modbus TCP, 20 units: p99 ÷ the C floor's", 1.5,
           lambda o: o.p99_ratio("tcp", FLOOR), ("tcp",), profile="tcp"),
    Target("Modbus TCP, 20 units: p99 ÷ the plain loop's", 1.0,
           lambda o: o.p99_ratio("tcp", PLAIN), ("tcp",), profile="tcp"),
    Target("1 of 8 dead: p99 of the others ÷ with all alive", 1.05, _dead(ONE_DEAD), ("dead",)),
    Target("4 of 8 dead: p99 of the others ÷ with all alive", 0.85, _dead(FOUR_DEAD), ("dead",)),
    Target("part of the line's time that 4 dead units take", 5.0,
           lambda o: o.pools["dead", GATEWAY].wasted(FOUR_DEAD) * 100, ("dead",), "%"),
    Target("4 units return: asked again within", 10.0,
           lambda o: o.pools["dead", GATEWAY].return_s, ("dead",), "s"),
    Target("CPU of an exchange ÷ the plain loop's, 20 changes/s, 9600 baud", 1.0,
           lambda o: o.cpu_ratio("rtu9600", CHANGES), ("rtu9600",), profile="rtu9600"),
    Target("CPU of an exchange ÷ the plain loop's, 20 changes/s, 115200 baud", 1.0,
           lambda o: o.cpu_ratio("rtu115200", CHANGES), ("rtu115200",), profile="rtu115200"),
    Target("CPU of an exchange ÷ the plain loop's, no changes, 9600 baud", 0.5,
           lambda o: o.cpu_ratio("rtu9600", QUIET), ("rtu9600",), profile="rtu9600"),
    Target("CPU of an exchange ÷ the plain loop's, no changes, 115200 baud", 0.5,
           lambda o: o.cpu_ratio("rtu115200", QUIET), ("rtu115200",), profile="rtu115200"),
    Target("peak RSS", 60.0,
           lambda o: max(pool.peak_rss_mb for (_, who), pool in o.pools.items() if who == GATEWAY), (), "MB"),
    Target("start to first request on the wire, 9600 baud, 128 devices", 2.0,
           lambda o: o.pools["rtu9600", GATEWAY].start_s, ("rtu9600",), "s"),
    Target("imports, CPU", 250.0, lambda o: o.imports_ms, (), "ms"),
)  # fmt: skip


def verdicts(outcome: Outcome) -> list[Verdict]:
    """Every target whose cases were run."""
    run = {case for case, _ in outcome.pools}
    return [Verdict(t, t.figure(outcome)) for t in TARGETS if run.issuperset(t.cases)]


def shown(value: float, unit: str) -> str:
    """A figure as people read it."""
    if math.isnan(value):
        return "?"
    if unit == "×":
        return f"{value:.3f}" if value < 2 else f"{value:.2f}"
    digits = {"s": 2, "%": 1}.get(unit, 0)
    return f"{value:.{digits}f} {unit}".rstrip()
