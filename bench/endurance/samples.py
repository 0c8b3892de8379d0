"""What a running gateway's process has at hand, sample by sample."""

import asyncio
from dataclasses import dataclass, field
from pathlib import Path

from bench.endurance.fit import Points
from bench.endurance.stage import Stage
from bench.process import cpu_s, status_kb

SAMPLE_S = 2.0


@dataclass
class Samples:
    """Every figure over time, from the beginning of the run."""

    began_s: float
    rows: dict[str, list[tuple[float, float]]] = field(default_factory=dict)

    def put(self, at_s: float, figures: dict[str, float]) -> None:
        """One sample of each."""
        for name, value in figures.items():
            self.rows.setdefault(name, []).append((at_s - self.began_s, value))

    @property
    def span_s(self) -> float:
        """From the beginning to the last sample."""
        return max(points[-1][0] for points in self.rows.values())

    async def keep(self, site: Stage) -> None:
        """A sample every SAMPLE_S, until cancelled."""
        while True:
            self.put(asyncio.get_running_loop().time(), await take(site))
            await asyncio.sleep(SAMPLE_S)

    def after(self, warm_s: float, name: str) -> Points:
        """What came after the warm-up."""
        return [point for point in self.rows[name] if point[0] >= warm_s]

    def most(self, name: str) -> float:
        """The highest ever."""
        return max(value for _, value in self.rows[name])


async def take(site: Stage) -> dict[str, float]:
    """One sample: the kernel's view of the process, its own, and its outbox."""
    pid, lanes = site.gateway.pid, await site.outbox()
    status = Path(f"/proc/{pid}/status").read_text()
    own = site.gateway.last_gauge()
    return {
        "tasks": own["tasks"],
        "waiters": own["waiters"],
        "Python objects": own["objects"],
        "Python blocks": own["blocks"],
        "board": own["board"],
        "fullest inbox, bytes": own["inbox_bytes"],
        "descriptors": len(list(Path(f"/proc/{pid}/fd").iterdir())),
        "threads": status_kb(status, "Threads"),
        "RSS, MB": status_kb(status, "VmRSS") * 1024 / 1e6,
        "CPU, s": cpu_s(pid),
        "outbox depth": sum(lane["depth"] for lane in lanes.values()),
    }
