"""Two real network interfaces to a real broker: one is taken down while alarms flow, and none is lost."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from agent.config.ways import SECOND_WAY_S
from tests.mosquitto import installed

ROOT = Path(__file__).parents[3]
PORT = 1883
pytestmark = pytest.mark.mosquitto


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)


@pytest.fixture
def namespaces() -> Iterator[tuple[str, str]]:
    """The gateway's and the platform's, with three cables between them."""
    if os.geteuid() != 0 or shutil.which("ip") is None or installed() is None:
        pytest.skip("needs root, ip (apt install iproute2) and mosquitto")
    ours, theirs = (f"campusgw-{side}-{os.getpid()}" for side in ("gw", "far"))
    with ExitStack() as stack:
        for name in (ours, theirs):
            ip("netns", "add", name)
            stack.callback(ip, "netns", "del", name)
            ip("-n", name, "link", "set", "lo", "up")
        for number, way in enumerate("abc", start=1):
            near, far = f"way-{way}", f"far-{way}"
            ip("-n", ours, "link", "add", near, "type", "veth", "peer", "name", far, "netns", theirs)
            for name, end, last in ((ours, near, 1), (theirs, far, 2)):
                ip("-n", name, "addr", "add", f"10.83.{number}.{last}/24", "dev", end)
                ip("-n", name, "link", "set", end, "up")
        yield ours, theirs


def test_an_interface_that_goes_down_costs_no_alarm_and_less_than_ten_seconds(
    namespaces: tuple[str, str], tmp_path: Path
) -> None:
    ours, theirs = namespaces
    config = tmp_path / "mosquitto.conf"
    config.write_text(f"allow_anonymous true\nuser root\nlistener {PORT} 0.0.0.0\n")
    with subprocess.Popen(["ip", "netns", "exec", theirs, str(installed()), "-c", str(config)]) as broker:
        try:
            program = [sys.executable, "-m", "tests.agent.uplink.two_networks", str(tmp_path / "state"), str(PORT)]
            done = subprocess.run(
                ["ip", "netns", "exec", ours, *program], cwd=ROOT, capture_output=True, text=True, timeout=90
            )
        finally:
            broker.terminate()
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    assert (said["lost"], said["path"]) == (0, "backup")
    assert 0 < said["slowest_s"] <= SECOND_WAY_S
    assert "network" in said["why"] or "no confirmation" in said["why"]
