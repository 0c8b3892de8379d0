"""Debian's mosquitto as a process of ours: killed, frozen or stopped at any moment, and started again."""

import asyncio
import os
import shutil
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

from bench.errors import BenchError, Missing
from bench.waiting import comes
from simulators.broker import HOST, free_port

START_S = 10.0
LOOK_S = 0.01
END_S = 10.0
# Nothing may wait in the broker when it is killed: what it has confirmed, it has handed on to the platform.
AT_ONCE = ("max_inflight_messages 0", "max_queued_messages 0")
LASTING = ("persistence true", "autosave_interval 1")


def installed() -> str | None:
    """Debian keeps the broker where a plain user's PATH does not look."""
    return shutil.which("mosquitto", path=os.environ.get("PATH", os.defpath) + ":/usr/sbin:/usr/local/sbin")


class Mosquitto:
    """One broker, at one address of loopback for all its lives.

    `settings` are lines of its configuration, `listener` those that stand below its listener. `socket` is a way
    in that no fault of the network touches; `before` is put before the command, to start it on another host.
    """

    def __init__(
        self,
        directory: Path,
        *settings: str,
        address: tuple[str, int] | None = None,
        listener: Sequence[str] = (),
        socket: Path | None = None,
        anonymous: bool = True,
        before: Sequence[str] = (),
    ) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.address = address or (HOST, free_port(0))
        self._socket = socket
        self._log = directory / "mosquitto.log"
        file = directory / "mosquitto.conf"
        self._before, self._arguments = before, ("-c", str(file))
        host, port = self.address
        lines = [
            f"allow_anonymous {'true' if anonymous else 'false'}",
            "set_tcp_nodelay true",
            f"persistence_location {directory}/",
            "user root" if os.geteuid() == 0 else "",
            *settings,
            f"listener {port} {host}",
            *listener,
            f"listener 0 {socket}" if socket is not None else "",
        ]
        file.write_text("\n".join(lines) + "\n")
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        """Where it listens."""
        return self.address[1]

    async def start(self) -> None:
        """Start it and wait until it listens; raises Missing, BenchError."""
        self._launch()
        if not await comes(self._listens, START_S, every_s=LOOK_S):
            raise BenchError(f"mosquitto does not listen: {self._log.read_text()[-500:]}")

    def freeze(self) -> None:
        """The links stay, and nobody answers."""
        self.signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """It goes on as if nothing had been."""
        self.signal(signal.SIGCONT)

    def stop(self) -> None:
        """A good end: sessions and retained messages are saved."""
        self.thaw()  # who is stopped hears no SIGTERM
        self.signal(signal.SIGTERM)
        self._gone()

    def kill(self) -> None:
        """kill -9, also of one that is frozen."""
        self.signal(signal.SIGKILL)
        self._gone()

    def signal(self, number: int) -> None:
        """To the broker, if it runs."""
        if self._process is not None:
            self._process.send_signal(number)

    def _launch(self) -> None:
        if (program := installed()) is None:
            raise Missing("mosquitto is not here: apt install mosquitto mosquitto-clients")
        if self._socket is not None:
            self._socket.unlink(missing_ok=True)  # a killed one leaves it
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([*self._before, program, *self._arguments], stdout=log, stderr=log)

    def _gone(self) -> None:
        if self._process is not None:
            self._process.wait(END_S)
            self._process = None

    async def _listens(self) -> bool:
        try:
            if self._socket is not None:
                _, writer = await asyncio.open_unix_connection(str(self._socket))
            else:
                _, writer = await asyncio.open_connection(*self.address)
        except OSError:
            return False
        writer.close()
        return True
