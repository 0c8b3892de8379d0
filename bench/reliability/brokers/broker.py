"""Debian's mosquitto with a way in that no fault touches: the platform listens at its Unix socket."""

import asyncio
import os
import shutil
import signal
from collections.abc import Sequence
from pathlib import Path

from bench.errors import BenchError

START_S = 10.0
POLL_S = 0.02


def installed() -> str | None:
    """Debian keeps the broker where a plain user's PATH does not look."""
    return shutil.which("mosquitto", path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/usr/local/sbin")


class Mosquitto:
    """One broker, at one address for the gateway and at one socket for the platform, for all its lives.

    `listener` are settings below the gateway's one; `before` is put before the command, to start it on another
    host.
    """

    def __init__(
        self,
        directory: Path,
        address: tuple[str, int],
        *,
        listener: Sequence[str] = (),
        before: Sequence[str] = (),
    ) -> None:
        self.address = address
        self.socket = directory / "mosquitto.sock"
        self.state = directory / "mosquitto.db"
        self._before = before
        self._file = directory / "mosquitto.conf"
        self._log = directory / "mosquitto.log"
        self._process: asyncio.subprocess.Process | None = None
        self._rules = directory / "acl"
        self.allow("topic readwrite #", "user gw", "topic readwrite #")
        host, port = address
        lines = [
            "allow_anonymous true",
            "persistence true",
            f"persistence_location {directory}/",
            "autosave_interval 1",
            "autosave_on_changes true",  # after each change: what a kill may cost is then one message
            "max_queued_messages 0",
            "set_tcp_nodelay true",
            "user root" if os.geteuid() == 0 else "",
            f"acl_file {self._rules}",
            f"listener 0 {self.socket}",
            f"listener {port} {host}",
            *listener,
        ]
        self._file.write_text("\n".join(lines) + "\n")

    async def start(self) -> None:
        """Start it and wait until it listens; raises BenchError."""
        self.socket.unlink(missing_ok=True)
        if (program := installed()) is None:
            raise BenchError("mosquitto is not here (apt install mosquitto mosquitto-clients)")
        with self._log.open("ab") as log:
            command = [*self._before, program, "-c", str(self._file)]
            self._process = await asyncio.create_subprocess_exec(*command, stdout=log, stderr=log)
        try:
            async with asyncio.timeout(START_S):
                while not await self._listens():
                    await asyncio.sleep(POLL_S)
        except TimeoutError:
            raise BenchError(f"mosquitto does not listen: {self._log.read_text()[-500:]}") from None

    async def kill(self) -> None:
        """kill -9."""
        if self._process is not None and self._process.returncode is None:
            self._process.kill()  # also one that was stopped
            await self._process.wait()

    def forget(self) -> None:
        """What it kept on disk is gone: sessions, retained messages, all that waited for somebody."""
        self.state.unlink(missing_ok=True)

    def allow(self, *rules: str) -> None:
        """Write the ACL, and let a broker that runs read it again."""
        self._rules.write_text("\n".join(rules) + "\n")
        self._rules.chmod(0o600)
        self.send_signal(signal.SIGHUP)

    def send_signal(self, number: int) -> None:
        """To the broker, if it runs."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_unix_connection(str(self.socket))
        except OSError:
            return False
        writer.close()
        return True
