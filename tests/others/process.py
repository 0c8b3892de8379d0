"""The whole gateway as a process of its own: `python -m agent run`."""

import asyncio
import contextlib
import os
import signal
import sys
from pathlib import Path
from typing import Any

from agent.cli.ask import NotAnswered, ask
from drivers.stream import SerialPort
from tests.others.servers import Far
from tests.waiting import ended, until

REPOSITORY = Path(__file__).parent.parent.parent

CONFIG = """\
gateway: {{id: gw-1, site: "4301020001", region: "430102", name: 示例小学门卫室}}
uplink:
  brokers: [{{host: 127.0.0.1, port: {broker}}}]
  heartbeat_s: 1
  backoff_first_s: 0.05
  backoff_most_s: 0.2
storage: {{directory: {directory}/state}}
control_socket: {directory}/control.sock
lines:
  - id: line-1
    type: {kind}
    {endpoint}
    units:
      - {{id: gate-io, profile: waveshare_io8_relay8, address: 1, points: [di2, di3]}}
devices:
  - id: panic-gate
    kind: one_key_alarm
    name: 门卫室一键报警
    location: 南门门卫室
    points: {{pressed: gate-io.di2}}
    settings: {{lost_off_delay_s: 0.1}}
"""
PRESSED = 1  # the address of di2, which stands off in every server


class Gateway:
    """Configured for one server and one broker; its log is in `directory`."""

    def __init__(self, directory: Path, far: Far, broker_port: int) -> None:
        self._directory = directory
        self._config = directory / "gateway.yaml"
        endpoint = far.endpoint
        where = (
            f"port: {endpoint.path}\n    baud: {endpoint.baud}"
            if isinstance(endpoint, SerialPort)
            else f"host: {endpoint.host}\n    tcp_port: {endpoint.port}"
        )
        kind = far.medium if far.medium == "rtu_over_tcp" else f"modbus_{far.medium}"
        text = CONFIG.format(broker=broker_port, directory=directory, kind=kind, endpoint=where)
        self._config.write_text(text)
        self._process: asyncio.subprocess.Process | None = None

    def configure(self, find: str, put: str) -> None:
        """Change the configuration, before it starts."""
        text = self._config.read_text()
        assert find in text
        self._config.write_text(text.replace(find, put, 1))

    async def command(self, *words: str) -> str:
        """What campusgw says to this."""
        socket = ["--socket", str(self._directory / "control.sock")]
        process = await asyncio.create_subprocess_exec(
            *[sys.executable, "-m", "agent", *words, *socket],
            env={**os.environ, "PYTHONPATH": str(REPOSITORY), "LANG": "C.UTF-8"},
            stdout=asyncio.subprocess.PIPE,
        )
        said, _ = await process.communicate()
        return said.decode()

    async def start(self) -> None:
        """Start, and wait until it can be asked."""
        command = [sys.executable, "-m", "agent", "run", "--config", str(self._config)]
        with (self._directory / "gateway.log").open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *command, cwd=self._directory, env={**os.environ, "PYTHONPATH": str(REPOSITORY)}, stderr=log
            )
        await until(self.status, "the gateway to answer")

    async def kill(self) -> None:
        """Like a power cut, except for the disk."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGKILL)
            await ended(self._process)

    async def stop(self) -> int:
        """Ask it to end; returns its exit code."""
        assert self._process is not None
        self._process.send_signal(signal.SIGTERM)
        return await ended(self._process)

    def status(self) -> dict[str, Any]:
        """What it says of itself; empty while nobody answers."""
        with contextlib.suppress(NotAnswered):
            return ask(self._directory / "control.sock", "status")
        return {}

    def connected(self) -> bool:
        """Whether it has a session to the broker."""
        status = self.status()
        return bool(status) and bool(status["uplink"]["connected"])

    def hears_its_unit(self) -> bool:
        """Whether the one unit on its line is good."""
        status = self.status()
        return bool(status) and status["heartbeat"]["lines"]["line-1"]["good"] == 1

    def waiting(self) -> int:
        """How many alarms it keeps that the broker does not have."""
        status = self.status()
        return int(status["heartbeat"]["outbox"]["alarm"]["depth"]) if status else 0

    def log(self) -> str:
        """What it wrote, over all its lives."""
        return (self._directory / "gateway.log").read_text()
