"""Where the gateway spends its CPU in a case: profiled.py runs it, the result is told in shares."""

import os
import pstats
import signal
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar, cast

from bench.cases import CHANGES, DWELL_S, PROFILED, Case
from bench.errors import BenchError
from bench.native import Programs
from bench.process import cpu_s, thread_cpu_s
from bench.records import read_field
from bench.stand import Stand

SHOWN = 16
DUMP_S = 10.0
# The first that fits a file names the room in which its time is spent.
ROOMS = (
    ("drivers/modbus", "drivers/modbus"),
    ("drivers", "drivers/"),
    ("agent/polling", "agent/polling"),
    ("agent/alarms", "agent/alarms"),
    ("agent/outbox", "agent/outbox"),
    ("agent/uplink", "agent/uplink"),
    ("agent/service", "agent/service"),
    ("aiomqtt and paho", "aiomqtt"),
    ("aiomqtt and paho", "paho"),
    ("asyncio", "asyncio"),
    ("asyncio", "selectors.py"),
    ("json", "json/"),
    ("storage thread's door", "concurrent/"),
)

Key = TypeVar("Key")
Function = tuple[str, int, str]  # file ("~": written in C), line, name
Stats = Mapping[Function, tuple[int, int, float, float, Mapping[Function, tuple[int, int, float, float]]]]


@dataclass(frozen=True, slots=True)
class Profile:
    """Shares of the CPU time of the event loop's thread; `others_us` is what the other threads spend an exchange.

    `hottest`: function, its own share (with what it calls in C), its share with everything that it calls.
    """

    case: str
    others_us: float
    rooms: tuple[tuple[str, float], ...]
    hottest: tuple[tuple[str, float, float], ...]


def profile(case: Case, directory: Path, programs: Programs, seconds: float) -> Profile:
    """Run the gateway through the case's changes under the profiler."""
    flips = next(phase.flips_per_s for phase in case.phases if phase.name == CHANGES)
    with Stand(case, PROFILED, directory / PROFILED, programs, seed=1) as stand:
        time.sleep(case.phases[0].seconds)
        stand.order(f"flip {flips:g} {DWELL_S:g}")
        stand.order("mark begin")
        before_s = _others_s(stand.pid)
        os.kill(stand.pid, signal.SIGUSR1)
        time.sleep(seconds)
        others_s = _others_s(stand.pid) - before_s
        stand.order("mark end")
        os.kill(stand.pid, signal.SIGUSR2)
        stats = _written(stand.directory / "profile")
    return shares(case.name, others_s * 1e6 / _asked(stand.field_log), stats)


def _others_s(pid: int) -> float:
    """CPU time of every thread but the event loop's, which the profiler makes slower than it is."""
    return cpu_s(pid) - thread_cpu_s(pid)


def _asked(path: Path) -> int:
    """How many requests the field saw between the two marks."""
    log = read_field(path)
    begin_ns, end_ns = (at_ns for at_ns, order in log.marks if order.startswith("mark"))
    return max(1, sum(begin_ns <= exchange.asked_ns < end_ns for exchange in log.exchanges))


def _written(path: Path) -> Stats:
    """The profiler's result, once it is all there."""
    deadline_s = time.monotonic() + DUMP_S
    while time.monotonic() < deadline_s:
        try:
            return cast(Stats, cast(Any, pstats.Stats(str(path))).stats)
        except (FileNotFoundError, EOFError, ValueError, TypeError):
            time.sleep(0.05)
    raise BenchError(f"the profiler has written nothing to {path}")


def shares(case: str, others_us: float, stats: Stats) -> Profile:
    """From cProfile's table to shares; what is written in C counts for who calls it."""
    own_s: dict[Function, float] = defaultdict(float)
    for function, (_, _, seconds, _, callers) in stats.items():
        if function[0] == "~" and callers:
            for caller, (_, _, part_s, _) in callers.items():
                own_s[caller] += part_s
        else:
            own_s[function] += seconds
    total_s = sum(own_s.values())
    rooms: dict[str, float] = defaultdict(float)
    for function, seconds in own_s.items():
        rooms[_room(function[0])] += seconds / total_s
    hottest = [(_name(f), seconds / total_s, stats[f][3] / total_s) for f, seconds in _largest(own_s)[:SHOWN]]
    return Profile(case, others_us, tuple(_largest(rooms)), tuple(hottest))


def _largest(amounts: Mapping[Key, float]) -> list[tuple[Key, float]]:
    return sorted(amounts.items(), key=lambda item: -item[1])


def _name(function: Function) -> str:
    return f"{'/'.join(_tail(function[0]))}:{function[2]}"


def _tail(file: str) -> Sequence[str]:
    """The path from the package on: enough to find it, nothing of this machine."""
    parts = Path(file).parts
    for start in ("site-packages", "agent", "drivers"):
        if start in parts:
            return parts[parts.index(start) + (start == "site-packages") :]
    return parts[-2:]


def _room(file: str) -> str:
    path = "/".join(_tail(file))
    return next((room for room, part in ROOMS if part in path), "Python's library")
