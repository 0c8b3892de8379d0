"""The measurement as a page to read: docs/performance.md."""

import math
from collections.abc import Iterable, Mapping, Sequence

from bench.cases import (
    ALIVE,
    BACKOFF,
    CASES,
    CHANGES,
    FLOOR,
    FOUR_DEAD,
    GATEWAY,
    ONE_DEAD,
    PLAIN,
    QUIET,
    REPLY_TIMEOUT_S,
)
from bench.machine import was_busy
from bench.pool import Latencies, Pool, Pools
from bench.profiling import Profile
from bench.targets import DETECTORS, KEYS, Verdict, shown

SUBJECTS = {
    GATEWAY: "gateway",
    FLOOR: "C floor",
    BACKOFF: "C floor, 5 s back-off",
    PLAIN: "plain loop",
}
TITLES = {case.name: case.title for case in CASES}
SOURCE = "<!-- made by `make bench`; do not edit -->"
BUSY = (
    "**Others were using the machine meanwhile** (load before, below): what is missed here may be reached"
    " on a quiet one. Measure again before you believe or doubt a figure."
)
PROFILE_INTRO = (
    "The cases that miss a target, with changes: the gateway's CPU time for each exchange. What the event loop's"
    " thread spends is shared out by cProfile on the CPU clock, which overrates functions that are called often."
)

Row = Sequence[str]


def page(
    machine: Mapping[str, str],
    command: str,
    verdicts: Sequence[Verdict],
    pools: Pools,
    profiles: Sequence[Profile],
    pictures: bool,
) -> str:
    """The whole page."""
    priority = next(iter(pools.values())).runs[0].priority
    rounds = max(len(pool.runs) for pool in pools.values())
    parts = [
        SOURCE,
        "# Performance",
        _intro(command, rounds, priority),
        *([BUSY] if was_busy(machine) else []),
        "## What was to be reached",
        target_table(verdicts),
        "## Change in the field → message at the subscriber",
        *(["![latency distributions](performance/latency.svg)"] if pictures else []),
        latency_table(pools),
        "## The line",
        _line_table(pools),
        "## Dead units",
        *(["![the slowest change in each half second](performance/dead.svg)"] if pictures else []),
        _dead_table(pools),
        "## What it costs",
        _cost_table(pools),
        *_profile_part(profiles, pools),
        "## Measured on",
        _table(("what", "which"), machine.items()),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _intro(command: str, rounds: int, priority: str) -> str:
    return (
        f"Made by `{command}`: {rounds} round{'s' * (rounds != 1)}, the subjects in turn; latencies are pooled,"
        " rates are medians of the rounds. How it is measured stands in [bench/README.md](../bench/README.md)."
        " The *C floor* is the least that does the job (libmodbus and libmosquitto, no store, no alarm logic, t3.5"
        " kept by hand); the *plain loop* is pymodbus and aiomqtt without more. Both give a unit"
        f" {REPLY_TIMEOUT_S * 1000:g} ms to answer. Field and subscriber ran with {priority} priority."
        " Compare ratios, not milliseconds, with another machine."
    )


def target_table(verdicts: Iterable[Verdict]) -> str:
    """Each target, what was measured, and whether that is enough."""
    rows = [
        (v.target.what, f"≤ {shown(v.target.most, v.target.unit)}", shown(v.value, v.target.unit),
         "yes" if v.reached else "**no**")
        for v in verdicts
    ]  # fmt: skip
    return _table(("what", "to reach", "measured", "reached"), rows)


def latency_table(pools: Pools) -> str:
    """Percentiles of every case and subject."""
    rows: list[Row] = []
    for case, subject, pool in _steady(pools):
        if case == "keys":
            rows.append(_latency_row("the one-key units", subject, pool.latencies(CHANGES, KEYS)))
            rows.append(_latency_row("the detectors", subject, pool.latencies(CHANGES, DETECTORS)))
        else:
            rows.append(_latency_row(TITLES[case], subject, pool.latencies(CHANGES), pool.after_wire(CHANGES)))
    head = (
        "field",
        "subject",
        "changes",
        "missed",
        "p50 ms",
        "p99 ms",
        "max ms",
        "after the wire: p50 ms",
        "p99 ms",
    )
    return _table(head, rows)


def _latency_row(field: str, subject: str, all_in: Latencies, after: Latencies | None = None) -> Row:
    own = [_ms(all_in.p50), _ms(all_in.p99), _ms(all_in.most)]
    rest = [_ms(after.p50), _ms(after.p99)] if after else ["", ""]
    return (field, SUBJECTS[subject], str(all_in.count + all_in.missed), str(all_in.missed), *own, *rest)


def _line_table(pools: Pools) -> str:
    rows = [
        (TITLES[case], SUBJECTS[subject], f"{pool.exchanges_per_s(CHANGES):.0f}", _ratio(case, pool),
         _late(case, pool), f"{pool.violations} of {pool.exchanges}")
        for case, subject, pool in _steady(pools)
    ]  # fmt: skip
    head = ("field", "subject", "exchanges/s", "cycle ÷ ideal", "idle beyond t3.5, mean µs", "silences broken")
    return _table(head, rows)


def _ratio(case: str, pool: Pool) -> str:
    return "" if case == "tcp" else f"{pool.cycle_ratio(CHANGES):.3f}"


def _late(case: str, pool: Pool) -> str:
    return "" if case == "tcp" else f"{pool.late_us(CHANGES):.0f}"


def _dead_table(pools: Pools) -> str:
    rows = [_dead_row(subject, pool) for (case, subject), pool in pools.items() if case == "dead"]
    head = ("subject", "all alive: p99 ms", "1 of 8 dead: p99 ms", "÷ alive", "missed", "4 of 8 dead: p99 ms",
            "÷ alive", "missed", "line's time for the dead", "asked again after, s")  # fmt: skip
    return _table(head, rows)


def _dead_row(subject: str, pool: Pool) -> Row:
    alive, one, four = (pool.latencies(phase) for phase in (ALIVE, ONE_DEAD, FOUR_DEAD))
    cells = [SUBJECTS[subject], _ms(alive.p99)]
    for dead in (one, four):
        cells += [_ms(dead.p99), f"{dead.p99 / alive.p99:.2f}", str(dead.missed)]
    return (*cells, f"{pool.wasted(FOUR_DEAD) * 100:.1f} %", f"{pool.return_s:.1f}")


def _cost_table(pools: Pools) -> str:
    rows = []
    for case, subject, pool in _steady(pools):
        quiet = f"{pool.cpu_us(QUIET):.0f}" if QUIET in pool.runs[0].phases else ""
        rows.append((TITLES[case], SUBJECTS[subject], f"{pool.cpu_us(CHANGES):.0f}", quiet,
                     f"{pool.peak_rss_mb:.1f}", f"{pool.start_s:.2f}"))  # fmt: skip
    head = (
        "field",
        "subject",
        "CPU µs an exchange, with changes",
        "without",
        "peak RSS MB",
        "start to first poll s",
    )
    return _table(head, rows)


def _profile_part(profiles: Sequence[Profile], pools: Pools) -> list[str]:
    """Where the gateway spends its CPU in the cases that miss a target."""
    if not profiles:
        return []
    parts = ["## Where the time goes", PROFILE_INTRO]
    for profile in profiles:
        cpu_us = pools[profile.case, GATEWAY].cpu_us(CHANGES)
        loop_us = cpu_us - profile.others_us
        rooms = ", ".join(f"{name} {share * loop_us:.0f}" for name, share in profile.rooms if share >= 0.01)
        hottest = [
            (f"`{name}`", f"{own * loop_us:.0f}", f"{total * loop_us:.0f}") for name, own, total in profile.hottest
        ]
        other = f"other threads {profile.others_us:.0f}"
        parts += [
            f"**{TITLES[profile.case]}**: {cpu_us:.0f} µs, of which {other}, {rooms}.",
            _table(("function", "own µs, with C", "with what it calls"), hottest),
        ]
    return parts


def _steady(pools: Pools) -> list[tuple[str, str, Pool]]:
    order: dict[str, int] = {case.name: n for n, case in enumerate(CASES)}
    keys = sorted(pools, key=lambda key: order[key[0]])
    return [(case, subject, pools[case, subject]) for case, subject in keys if case != "dead"]


def _ms(seconds: float) -> str:
    return "-" if math.isnan(seconds) else f"{seconds * 1e3:.1f}"


def _table(head: Row, rows: Iterable[Row]) -> str:
    lines = [_line(head), _line(["---"] * len(head)), *(_line(row) for row in rows)]
    return "\n".join(lines)


def _line(cells: Iterable[str]) -> str:
    return "| " + " | ".join(cells) + " |"
