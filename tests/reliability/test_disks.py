"""Disks that fail under the real gateway, as `make disks` plays them, in a mount namespace of its own."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from bench.mosquitto import installed
from bench.reliability.disk.volume import TOOLS

ROOT = Path(__file__).parent.parent.parent
WITHIN_S = 100.0
CANNOT_RUN = 1

pytestmark = [pytest.mark.mosquitto, pytest.mark.timeout(WITHIN_S + 10)]


@pytest.mark.parametrize(
    "case", ["full", "turned read-only", "deleted", "noise", "no right", "in the store's place"]
)
def test_live_alarms_go_out_whatever_the_disk_does_and_it_mends_by_itself(case: str) -> None:
    if os.geteuid() != 0:
        pytest.skip("not here: root, to mount a small disk")
    if not installed() or (lacking := [tool for tool in TOOLS if not shutil.which(tool)]):
        pytest.skip(f"not here: {', '.join(lacking) if installed() else 'mosquitto'}")
    command = [sys.executable, "-m", "bench.reliability.disks", "--quiet", "--case", case]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=WITHIN_S, check=False)
    if done.returncode == CANNOT_RUN and "mounted as a disk" in done.stderr:
        pytest.skip(done.stderr.strip())
    assert done.returncode == 0, done.stdout + done.stderr
