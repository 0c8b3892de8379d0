"""A private mosquitto on a loopback port, with its own configuration and directory, ended by its pid."""

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from tests.waiting import unused_port

STARTS_WITHIN_S = 10.0


def installed() -> str | None:
    """Debian keeps the broker where a plain user's PATH does not look."""
    return shutil.which("mosquitto", path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/usr/local/sbin")


class Mosquitto:
    """One broker that can be started, killed, stopped and started again on the same port."""

    def __init__(
        self, directory: Path, *settings: str, listener: Sequence[str] = (), anonymous: bool = True
    ) -> None:
        self.port = unused_port()
        self.directory = directory
        self._process: subprocess.Popen[bytes] | None = None
        directory.mkdir(parents=True, exist_ok=True)
        self._file = directory / "mosquitto.conf"
        lines = [
            f"allow_anonymous {'true' if anonymous else 'false'}",
            "persistence true",
            f"persistence_location {directory}/",
            "log_dest stderr",
            "user root" if os.geteuid() == 0 else "",
            *settings,
            f"listener {self.port} 127.0.0.1",
            *listener,
        ]
        self._file.write_text("\n".join(lines) + "\n")

    async def start(self) -> None:
        """Returns when it accepts connections."""
        program = installed()
        assert program is not None
        log = (self.directory / "log").open("ab")
        self._process = subprocess.Popen(  # noqa: ASYNC220
            [program, "-c", str(self._file)], stderr=log, stdout=log
        )
        log.close()
        async with asyncio.timeout(STARTS_WITHIN_S):
            while not await self._accepts():
                assert self._process.poll() is None, (self.directory / "log").read_text()
                await asyncio.sleep(0.02)

    def freeze(self) -> None:
        """The link stays, and nobody answers."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """A good end: sessions and retained messages are saved."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def _end(self, how: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(how)
            self._process.wait(10)
        self._process = None

    async def _accepts(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True
