"""The runs of all rounds put together, by case and subject, and their way into a file and back."""

import json
import math
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.cases import CHANGES
from bench.reduce import Heard, PhaseFigures, Run
from bench.stats import median, percentile


@dataclass(frozen=True, slots=True)
class Latencies:
    """Change → message in seconds."""

    p50: float
    p99: float
    most: float
    count: int
    missed: int


@dataclass(frozen=True, slots=True)
class Pool:
    """All rounds of one subject in one case: latencies are pooled, rates are medians of the rounds."""

    runs: tuple[Run, ...]

    def phases(self, name: str) -> list[PhaseFigures]:
        """The phase in each round."""
        return [run.phases[name] for run in self.runs]

    def changes(self, name: str, units: Collection[int] = ()) -> list[Heard]:
        """What was heard in a phase, of all units or of some."""
        return [c for phase in self.phases(name) for c in phase.changes if not units or c.unit in units]

    def latencies(self, name: str, units: Collection[int] = ()) -> Latencies:
        """Change → message."""
        return summary([c.message_s for c in self.changes(name, units)])

    def after_wire(self, name: str) -> Latencies:
        """Reply on the wire → message: what the subject and the broker add."""
        return summary([
            c.message_s - c.reply_s
            for c in self.changes(name)
            if c.message_s is not None and c.reply_s is not None
        ])  # fmt: skip

    def cycle_ratio(self, name: str) -> float:
        """Time of a cycle ÷ the least time that it can take."""
        return median([phase.cycle_ratio for phase in self.phases(name)])

    def late_us(self, name: str) -> float:
        """How much longer than t3.5 the line stood idle."""
        return median([phase.late_us for phase in self.phases(name)])

    def exchanges_per_s(self, name: str) -> float:
        """Requests a second."""
        return median([phase.exchanges / phase.seconds for phase in self.phases(name)])

    def cpu_us(self, name: str) -> float:
        """CPU time of the whole subject for each exchange."""
        return median([phase.cpu_s / phase.exchanges * 1e6 for phase in self.phases(name) if phase.exchanges])

    def wasted(self, name: str) -> float:
        """The part of the line's time that unanswered requests took; the worst round."""
        return max(phase.wasted for phase in self.phases(name))

    @property
    def violations(self) -> int:
        """Requests that broke the silence, in every phase."""
        return sum(phase.violations for run in self.runs for phase in run.phases.values())

    @property
    def exchanges(self) -> int:
        """Requests in every phase."""
        return sum(phase.exchanges for run in self.runs for phase in run.phases.values())

    @property
    def peak_rss_mb(self) -> float:
        """The most that any round needed."""
        return max(run.peak_rss_mb for run in self.runs)

    @property
    def start_s(self) -> float:
        """From the start of the process to the first request on the wire."""
        return median([run.start_s for run in self.runs])

    @property
    def worst_share(self) -> float:
        """The slowest reply that carried a change ÷ the worst case that the subject had computed."""
        own = [(run.worst_s, c.reply_s) for run in self.runs for c in run.phases[CHANGES].changes]
        return max((reply_s / worst_s for worst_s, reply_s in own if reply_s is not None), default=math.nan)

    @property
    def return_s(self) -> float:
        """The longest that a returned unit waited to be asked again."""
        return max((s for run in self.runs for s in run.returns_s), default=math.nan)


Pools = dict[tuple[str, str], Pool]


def summary(values: Sequence[float | None]) -> Latencies:
    """Percentiles of what arrived, and how many did not."""
    told = [value for value in values if value is not None]
    p50, p99 = percentile(told, 50), percentile(told, 99)
    return Latencies(p50, p99, max(told, default=math.nan), len(told), len(values) - len(told))


def pooled(runs: Iterable[Run]) -> Pools:
    """Group the runs of all rounds."""
    groups: dict[tuple[str, str], list[Run]] = {}
    for run in runs:
        groups.setdefault((run.case, run.subject), []).append(run)
    return {key: Pool(tuple(own)) for key, own in groups.items()}


def save(path: Path, machine: dict[str, str], imports_ms: float, runs: Sequence[Run]) -> None:
    """Everything that was measured, as JSON."""
    content = {"machine": machine, "imports_ms": imports_ms, "runs": [asdict(run) for run in runs]}
    path.write_text(json.dumps(content))


def load(path: Path) -> tuple[dict[str, str], float, list[Run]]:
    """What `save` has written."""
    content = json.loads(path.read_text())
    return content["machine"], content["imports_ms"], [_run(row) for row in content["runs"]]


def _run(row: dict[str, object]) -> Run:
    phases = row.pop("phases")
    assert isinstance(phases, dict)
    return Run(phases={name: _phase(phase) for name, phase in phases.items()}, **row)  # type: ignore[arg-type]


def _phase(row: dict[str, object]) -> PhaseFigures:
    changes = row.pop("changes")
    assert isinstance(changes, list)
    return PhaseFigures(changes=[Heard(**change) for change in changes], **row)  # type: ignore[arg-type]
