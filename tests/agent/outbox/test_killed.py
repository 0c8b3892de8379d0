"""A process that is killed at any instant has kept everything that it said it kept."""

import os
import random
import signal
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

import pytest

from agent.records import Lane
from tests.agent.outbox.bench import everything, opened

KILLS = int(os.environ.get("CAMPUSGW_KILLS", "30"))
LONGEST_S = 0.12
ROOT = Path(__file__).parents[3]


def run_and_kill(directory: Path, first: int, after_s: float) -> dict[int, list[int]]:
    """What each writer of the child said was kept, up to the instant of the kill."""
    command = [sys.executable, str(Path(__file__).with_name("appender.py")), str(directory), str(first)]
    child = subprocess.Popen(command, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)})
    assert child.stdout is not None
    assert child.stdout.readline() == b"ready\n"
    time.sleep(after_s)
    child.send_signal(signal.SIGKILL)
    said: dict[int, list[int]] = defaultdict(list)
    for line in child.stdout.read().splitlines():
        writer, n = line.split()
        said[int(writer)].append(int(n))
    child.stdout.close()
    child.wait()
    return said


@pytest.mark.asyncio
async def test_every_accepted_record_is_there_after_a_kill_at_any_instant(tmp_path: Path) -> None:
    chance = random.Random(20261124)
    said: dict[int, list[int]] = defaultdict(list)
    for kill in range(KILLS):
        first = kill * 100_000
        for writer, numbers in run_and_kill(tmp_path, first, chance.uniform(0, LONGEST_S)).items():
            said[writer] += numbers
        async with opened(tmp_path) as outbox:
            stored = await everything(outbox)
            states = outbox.states()
            depths = await outbox.depths()
        alarms = [s for s in stored if s.record.lane is Lane.ALARM]
        for writer in range(4):
            mine = [s.record.data["n"] for s in alarms if s.record.subject == f"device-{writer}"]
            extra = set(mine) - set(said[writer])
            assert set(said[writer]) <= set(mine), "accepted, and gone"
            assert len(mine) == len(set(mine)), "once each"
            assert len(extra) <= kill + 1, "at most one was stored but not yet told, each time"
            assert states.get(f"device-{writer}") == (str(mine[-1]) if mine else None), "event and state together"
        assert [s.sequence for s in stored if s.record.lane is Lane.ALARM] == sorted(s.sequence for s in alarms)
        assert all(d.accepted == d.count + d.confirmed + d.dropped for d in depths.values())
    assert sum(map(len, said.values())) > KILLS, "the children did work"
