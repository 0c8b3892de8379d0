"""One run of a case: the subjects play it, the instruments note it."""

import contextlib
import time
from collections.abc import Sequence
from pathlib import Path

from bench.cases import DWELL_S, Case, Phase
from bench.errors import BenchError
from bench.native import Programs
from bench.process import cpu_s, peak_rss_mb
from bench.records import read_field, read_messages
from bench.reduce import Run, hear, phase_figures, returns_s, windows
from bench.stand import Stand


def measure(case: Case, subjects: Sequence[str], directory: Path, programs: Programs, seed: int) -> list[Run]:
    """Run the subjects through the case, side by side if there are several."""
    with contextlib.ExitStack() as stack:
        stands = [
            stack.enter_context(Stand(case, subject, directory / subject, programs, seed)) for subject in subjects
        ]
        spent = [_play(stands, phase) for phase in case.phases]
        _tell(stands, "mark end")
        peaks = [peak_rss_mb(stand.pid) for stand in stands]
    return [_reduce(stand, [cpu[n] for cpu in spent], peaks[n]) for n, stand in enumerate(stands)]


def _play(stands: Sequence[Stand], phase: Phase) -> list[float]:
    """Let a phase pass; returns the CPU seconds that each subject spent in it."""
    before = [cpu_s(stand.pid) for stand in stands]
    _tell(stands, f"mark {phase.name}")
    for order in phase.orders:
        _tell(stands, order)
    _tell(stands, f"flip {phase.flips_per_s:g} {DWELL_S:g}" if phase.flips_per_s else "still")
    time.sleep(phase.seconds)
    for stand in stands:
        stand.check()
    return [cpu_s(stand.pid) - spent for stand, spent in zip(stands, before, strict=True)]


def _tell(stands: Sequence[Stand], order: str) -> None:
    for stand in stands:
        stand.order(order)


def _reduce(stand: Stand, spent: Sequence[float], peak: float) -> Run:
    log = read_field(stand.field_log)
    if not log.exchanges:
        raise BenchError(f"{stand.case.name}: {stand.subject} has polled nothing; see {stand.directory}")
    with stand.heard.open() as lines:
        changes = hear(log, read_messages(lines), stand.case.medium)
    spans = windows(log, stand.case)
    phases = {
        phase.name: phase_figures(log, changes, spans[phase.name], cpu, stand.case.medium)
        for phase, cpu in zip(stand.case.phases, spent, strict=True)
    }
    start_s = (log.exchanges[0].asked_ns - stand.started_ns) / 1e9
    return Run(
        stand.case.name,
        stand.subject,
        start_s,
        peak,
        stand.computed_worst_s,
        stand.priority,
        phases,
        returns_s(log),
    )
