"""Where the gateway spends its CPU: py-spy looks at it from outside while it runs through a case."""

import re
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.cases import CHANGES, DWELL_S, GATEWAY, Case
from bench.native import Programs
from bench.stand import Stand

RATE_HZ = 400
SHOWN = 14
# Leaves in which a thread waits. They are sampled when it has been woken and the processor is not there yet.
WAITING = {"SelectSelector.select", "EpollSelector.select", "_worker", "Condition.wait", "Event.wait"}
FRAME = re.compile(r"^(?P<function>.+?) \((?P<file>[^()]+?)(?::\d+)?\)$")
# The first that fits a file names the room in which its time is spent.
ROOMS = (
    ("drivers/modbus", "drivers/modbus"),
    ("drivers", "drivers/"),
    ("agent/polling", "agent/polling"),
    ("agent/alarms", "agent/alarms"),
    ("agent/outbox", "agent/outbox"),
    ("agent/uplink", "agent/uplink"),
    ("agent/service", "agent/service"),
    ("agent", "agent/"),
    ("aiomqtt, paho", "aiomqtt"),
    ("aiomqtt, paho", "paho"),
    ("json", "json/"),
    ("asyncio", "asyncio"),
    ("asyncio", "selectors.py"),
    ("threads and futures", "concurrent/"),
    ("threads and futures", "futures/"),
    ("threads and futures", "threading.py"),
)


@dataclass(frozen=True, slots=True)
class Profile:
    """Shares of the samples: by room, and the functions with most (own, with what they call)."""

    case: str
    samples: int
    rooms: tuple[tuple[str, float], ...]
    hottest: tuple[tuple[str, float, float], ...]


def profile(case: Case, directory: Path, programs: Programs, seconds: float) -> Profile | None:
    """Run the gateway through a case under py-spy; None where py-spy is not here or may not look."""
    spy = shutil.which("py-spy", path=str(Path(sys.executable).parent)) or shutil.which("py-spy")
    if spy is None:
        return None
    stacks = directory / "stacks.txt"
    flips = next(phase.flips_per_s for phase in case.phases if phase.name == CHANGES)
    with Stand(case, GATEWAY, directory / "profiled", programs, seed=1) as stand:
        time.sleep(case.phases[0].seconds)
        stand.order(f"flip {flips:g} {DWELL_S:g}")
        words = [spy, "record", "--pid", str(stand.pid), "--duration", str(round(seconds)), "--rate", str(RATE_HZ),
                 "--nonblocking", "--format", "raw", "--output", str(stacks)]  # fmt: skip
        done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode or not stacks.exists():
        print(f"no profile of {case.name}: {done.stderr.strip()[-300:]}")
        return None
    return read_stacks(case.name, stacks.read_text().splitlines())


def read_stacks(case: str, lines: Iterable[str]) -> Profile:
    """From collapsed stacks, `outer;…;inner COUNT`, to shares."""
    rooms: Counter[str] = Counter()
    own: Counter[str] = Counter()
    total: Counter[str] = Counter()
    for line in lines:
        stack, _, count = line.rpartition(" ")
        frames = [frame for text in stack.split(";") if (frame := FRAME.match(text))]
        if not frames or frames[-1]["function"] in WAITING:
            continue
        names = [_name(frame) for frame in frames]
        rooms[_room(frames[-1]["file"])] += int(count)
        own[names[-1]] += int(count)
        total.update(dict.fromkeys(names, int(count)))
    samples = sum(rooms.values())
    return Profile(case, samples, _shares(rooms, samples), _hottest(own, total, samples))


def _shares(rooms: Counter[str], samples: int) -> tuple[tuple[str, float], ...]:
    return tuple((room, count / samples) for room, count in rooms.most_common() if count / samples >= 0.01)


def _hottest(own: Counter[str], total: Counter[str], samples: int) -> tuple[tuple[str, float, float], ...]:
    return tuple((name, count / samples, total[name] / samples) for name, count in own.most_common(SHOWN))


def _name(frame: re.Match[str]) -> str:
    return f"{'/'.join(_tail(frame['file']))}:{frame['function']}"


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
