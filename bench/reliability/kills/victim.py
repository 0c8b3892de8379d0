"""The gateway's process, which is killed at any instant of its life and started again."""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Sequence
from pathlib import Path

from bench.stats import median
from drivers.errors import GatewayError
from simulators.child import Child

STARTS_WITHIN_S = 20.0
DATAGRAM_BYTES = 4096
AGENT = ("-m", "agent")
USUAL_START_S = 0.5  # before any start has been seen


class NotStarted(GatewayError):
    """A life ended by itself, or was not ready in time: nothing worse can happen to a gateway."""


class Victim:
    """Runs the real command, hears its READY=1 as a service manager does, and kills it. One process at a time."""

    def __init__(
        self, config: Path, directory: Path, command: Sequence[str] = AGENT, before: Sequence[str] = ()
    ) -> None:
        self.log = directory / "gateway.log"
        self.starts_s: list[float] = []  # from the start of a process to its READY=1
        self._arguments = [*command, "run", "--config", str(config)]
        self._directory, self._before = directory, before
        self._child: Child | None = None
        self._life: asyncio.Task[int] | None = None
        self._ready = asyncio.Event()
        self._began_s = 0.0
        self._manager: socket.socket | None = None

    @property
    def usual_start_s(self) -> float:
        """How long a start takes here."""
        return median(self.starts_s) if self.starts_s else USUAL_START_S

    @property
    def is_ready(self) -> bool:
        """It has said so."""
        return self._ready.is_set()

    async def start(self) -> None:
        """Start it, and wait for nothing."""
        environment = {"NOTIFY_SOCKET": str(self._listen())}
        self._began_s = asyncio.get_running_loop().time()
        self._child = Child("gateway", self._arguments, self._directory, environment, self._before)
        await self._child.start()
        self._life = asyncio.create_task(self._child.gone())

    async def ready(self) -> None:
        """Wait until it says that it is ready; raises NotStarted."""
        await self.lives(STARTS_WITHIN_S, until=self._ready)
        if not self._ready.is_set():
            raise NotStarted(self._said(f"not ready after {STARTS_WITHIN_S:g} s"))

    async def lives(self, for_s: float, until: asyncio.Event | None = None) -> None:
        """Let it live so long, or until that happens; raises NotStarted when it ends by itself."""
        assert self._life is not None
        happens = asyncio.create_task(until.wait()) if until is not None else None
        waiting = {self._life, happens} if happens is not None else {self._life}
        await asyncio.wait(waiting, timeout=for_s, return_when=asyncio.FIRST_COMPLETED)
        if happens is not None:
            happens.cancel()
        if self._life.done():
            raise NotStarted(self._said(f"ended by itself with exit code {self._life.result()}"))

    async def ends(self, within_s: float) -> None:
        """Ask it to stop, and give it so long."""
        assert self._child is not None
        assert self._life is not None
        self._child.signal(signal.SIGTERM)
        await asyncio.wait({self._life}, timeout=within_s)

    async def kill(self) -> bool:
        """kill -9, and wait until it is gone; False when it had ended before."""
        if self._child is None or self._life is None:
            return False
        self._child.signal(signal.SIGKILL)
        killed = await self._life == -signal.SIGKILL
        self._hang_up()
        return killed

    async def stop(self) -> None:
        """A good end."""
        if self._child is not None:
            await self._child.stop()
            self._hang_up()

    async def gone(self) -> int:
        """Wait until the present process has ended; its exit code."""
        assert self._life is not None
        return await asyncio.shield(self._life)

    def _said(self, what: str) -> str:
        assert self._child is not None
        return self._child.said(what)

    # --- as a service manager ---------------------------------------------------------------------------

    def _listen(self) -> Path:
        """A socket for each life, so that the word of one is never heard for the next."""
        self._hang_up()
        self._ready = asyncio.Event()
        path = self._directory / "notify.sock"
        path.unlink(missing_ok=True)
        self._manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
        self._manager.bind(str(path))
        asyncio.get_running_loop().add_reader(self._manager, self._notified, self._manager, self._ready)
        return path

    def _notified(self, manager: socket.socket, ready: asyncio.Event) -> None:
        with contextlib.suppress(BlockingIOError):
            if b"READY=1" in manager.recv(DATAGRAM_BYTES) and not ready.is_set():
                self.starts_s.append(asyncio.get_running_loop().time() - self._began_s)
                ready.set()

    def _hang_up(self) -> None:
        if self._manager is not None:
            asyncio.get_running_loop().remove_reader(self._manager)
            self._manager.close()
            self._manager = None
