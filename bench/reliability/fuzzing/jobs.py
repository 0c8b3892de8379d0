"""Runs the engines as processes of their own, a few at a time, and reads from their words what they did."""

import asyncio
import os
import re
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from simulators.leash import leashed
from tests.fuzz.kept import all_of
from tests.fuzz.target import Target

Engine = Literal["guided", "structured"]
INPUT_S = 5
RSS_MB = 1024
GRACE_S = 60.0
FOUND = ("crash-", "timeout-", "oom-", "leak-")
DONE = re.compile(rb"^#(\d+)", re.M)
EXECUTED = re.compile(rb"^stat::number_of_executed_units:\s*(\d+)", re.M)
PEAK = re.compile(rb"^stat::peak_rss_mb:\s*(\d+)", re.M)
POLL_S = 0.5


@dataclass(frozen=True, slots=True)
class Job:
    """One engine at one target, in a directory of its own; no longer than `most_s`."""

    target: Target
    engine: Engine
    inputs: int
    most_s: int
    seed: int
    directory: Path

    @property
    def corpus(self) -> Path:
        """What the guided engine begins with, and keeps what it finds in."""
        return self.directory / "corpus"

    @property
    def log(self) -> Path:
        """What the engine says."""
        return self.directory / "log"

    def command(self) -> list[str]:
        """The process."""
        python = [sys.executable, "-m", f"bench.reliability.fuzzing.{self.engine}", self.target.name]
        if self.engine == "structured":
            return [*python, str(self.inputs), str(self.seed), str(self.directory)]
        limits = {
            "runs": self.inputs,
            "max_total_time": self.most_s,
            "max_len": self.target.longest,
            "timeout": INPUT_S,
            "rss_limit_mb": RSS_MB,
            "seed": self.seed,
            "print_final_stats": 1,
            "artifact_prefix": f"{self.directory}/",
        }
        return [*python, *(f"-{name}={value}" for name, value in limits.items()), str(self.corpus)]


@dataclass(slots=True)
class Outcome:
    """What came of a job."""

    job: Job
    inputs: int = 0
    peak_mb: int = 0
    failing: list[Path] = field(default_factory=list)
    code: int | None = None

    @property
    def broken(self) -> str:
        """Why it did not run, if so: it ended badly and left no input behind."""
        if self.code == 0 or self.failing:
            return ""
        return f"{self.job.target.name}, {self.job.engine}: exit {self.code}\n{self.tail()}"

    def tail(self) -> str:
        """What it said last."""
        return "\n".join(self.job.log.read_text(errors="replace").splitlines()[-40:])

    def look(self) -> None:
        """How far it is."""
        said = self.job.log.read_bytes() if self.job.log.exists() else b""
        done = EXECUTED.findall(said) or DONE.findall(said)
        self.inputs = int(done[-1]) if done else 0
        self.peak_mb = max((int(mb) for mb in PEAK.findall(said)), default=0)
        self.failing = sorted(p for p in self.job.directory.iterdir() if p.name.startswith(FOUND))


async def run(jobs: list[Job], at_once: int, told: Callable[[Mapping[str, int]], None]) -> list[Outcome]:
    """All of them; `told` hears now and then how many inputs each target has had."""
    free = asyncio.Semaphore(at_once)
    outcomes = [Outcome(job) for job in jobs]

    async def one(outcome: Outcome) -> None:
        async with free:
            await _play(outcome)

    running = [asyncio.create_task(one(outcome)) for outcome in outcomes]
    while not all(task.done() for task in running):
        await asyncio.wait(running, timeout=POLL_S)
        for outcome in outcomes:
            if outcome.code is None and outcome.job.directory.exists():
                outcome.look()
        told(inputs_of(outcomes))
    for task in running:
        task.result()
    return outcomes


def inputs_of(outcomes: list[Outcome]) -> dict[str, int]:
    """By target."""
    found: dict[str, int] = {}
    for outcome in outcomes:
        name = outcome.job.target.name
        found[name] = found.get(name, 0) + outcome.inputs
    return found


async def _play(outcome: Outcome) -> None:
    job = outcome.job
    job.corpus.mkdir(parents=True)
    for number, given in enumerate(all_of(job.target)):
        (job.corpus / f"{number:05d}").write_bytes(given)
    with job.log.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *leashed(job.command()),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            env={**os.environ, "TMPDIR": str(job.directory)},
        )
        try:
            async with asyncio.timeout(job.most_s + GRACE_S):
                outcome.code = await process.wait()
        except TimeoutError:
            process.kill()
            outcome.code = await process.wait()
    outcome.look()
