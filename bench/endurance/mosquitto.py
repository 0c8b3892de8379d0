"""Debian's mosquitto as a process of ours, which can be killed at any moment and started again."""

import asyncio
import os
import shutil
from pathlib import Path

from bench.errors import BenchError
from simulators.broker import HOST, free_port

START_S = 10.0
POLL_S = 0.02
# Nothing may wait in the broker when it is killed: what it has confirmed, it has handed on to the platform.
CONFIG = """listener {port} 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
max_inflight_messages 0
max_queued_messages 0
"""


def installed() -> str | None:
    """Debian keeps the broker where a plain user's PATH does not look."""
    return shutil.which("mosquitto", path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/usr/local/sbin")


class Mosquitto:
    """Always at the same port of loopback; `more` are further lines of its configuration."""

    def __init__(self, directory: Path, more: str = "") -> None:
        self.address = HOST, free_port(0)
        self._more = more
        self._config = directory / "mosquitto.conf"
        self._log = directory / "mosquitto.log"
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        """Start it and wait until it listens; raises BenchError."""
        program = installed()
        assert program is not None
        self._config.write_text(CONFIG.format(port=self.address[1]) + self._more)
        with self._log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                program, "-c", str(self._config), stdout=log, stderr=log
            )
        try:
            async with asyncio.timeout(START_S):
                while not await self._listens():
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            raise BenchError(f"mosquitto does not listen: {self._log.read_text()[-500:]}") from None

    async def kill(self) -> None:
        """kill -9."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection(*self.address)
        except OSError:
            return False
        writer.close()
        return True
