"""A simulated serial port: a pseudo-terminal under a stable name, with the far side of the line behind it."""

import asyncio
import contextlib
import errno
import os
import tty
from collections.abc import Awaitable, Callable
from pathlib import Path

from drivers.errors import GatewayError, LineError
from drivers.inbox import Inbox
from drivers.stream import ByteStream

READ_BYTES = 4096
TERMINALS = Path("/dev/pts")

FarSide = Callable[[ByteStream], Awaitable[None]]


class PortRefused(GatewayError):
    """A simulated port cannot be put where it should be: say so, nothing else was touched."""


class FarSides:
    """The far sides that speak at present."""

    def __init__(self) -> None:
        self._speaking: set[asyncio.Task[None]] = set()
        self._failed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def speak(self, far: FarSide, stream: ByteStream, name: str) -> None:
        """Let a far side speak until its medium is gone."""
        task = asyncio.get_running_loop().create_task(_until_gone(far, stream), name=f"far side of {name}")
        self._speaking.add(task)
        task.add_done_callback(self._ended)

    async def failed(self) -> None:
        """Wait until one fails, which is a fault of the simulation, and fail with it."""
        await asyncio.shield(self._failed)

    async def end(self) -> None:
        """Silence all of them."""
        for task in list(self._speaking):
            task.cancel()
        await asyncio.gather(*self._speaking, return_exceptions=True)
        self._failed.cancel()

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._speaking.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None and not self._failed.done():
            self._failed.set_exception(error)


async def _until_gone(far: FarSide, stream: ByteStream) -> None:
    with contextlib.suppress(LineError):
        await far(stream)


class PtyStream:
    """The far end of a pseudo-terminal; what is said while nobody listens is lost, as on a wire."""

    def __init__(self, ours: int, name: str) -> None:
        self._ours = ours
        self._name = name
        self._inbox = Inbox()
        os.set_blocking(ours, False)
        asyncio.get_running_loop().add_reader(ours, self._readable)

    async def send(self, data: bytes) -> None:
        """Put all of `data` on the wire; a receiver whose buffer is full loses the rest."""
        self._inbox.check()
        with contextlib.suppress(BlockingIOError):
            os.write(self._ours, data)

    async def receive(self, until_s: float | None = None) -> bytes:
        """Wait for at least one byte, until `until_s` at most, and return all that has come."""
        return await self._inbox.take(until_s)

    async def aclose(self) -> None:
        """The adapter is gone: whoever has the port open sees a hang-up."""
        self.end("closed")

    def end(self, why: str) -> None:
        """Close at once; a far side that listens learns it."""
        self._inbox.end(f"{self._name}: {why}")
        if self._ours >= 0:
            asyncio.get_running_loop().remove_reader(self._ours)
            os.close(self._ours)
            self._ours = -1

    def _readable(self) -> None:
        try:
            self._inbox.put(os.read(self._ours, READ_BYTES))
        except BlockingIOError:
            return
        except OSError as error:
            self.end(str(error))


class PtyPort:
    """One port: `vanish()` pulls the adapter out, `restore()` puts it back under another /dev/pts name."""

    def __init__(self, link: Path, far: FarSide, far_sides: FarSides) -> None:
        self.link = link
        self.terminal = ""
        self._far = far
        self._far_sides = far_sides
        self._stream: PtyStream | None = None
        self._theirs = -1
        self._made: list[Path] = []

    @property
    def name(self) -> str:
        """How whoever opens the port calls it."""
        return str(self.link)

    async def restore(self) -> None:
        """Put the port there; raises PortRefused when its name cannot be had."""
        if self._stream is not None:
            return
        ours, self._theirs = _open_terminal(other_than=self.terminal)
        self.terminal = os.ttyname(self._theirs)
        try:
            self._make_room()
            _point(self.link, self.terminal)
        except OSError as error:
            self._clear_room()
            os.close(ours)
            os.close(self._theirs)
            raise PortRefused(f"{self.link}: {error.strerror or error}") from error
        self._stream = PtyStream(ours, self.name)
        self._far_sides.speak(self._far, self._stream, self.name)

    async def vanish(self) -> None:
        """Take it away, its name too; whoever has it open sees a hang-up."""
        if self._stream is None:
            return
        self._stream.end("the adapter is gone")
        self._stream = None
        os.close(self._theirs)
        self.link.unlink(missing_ok=True)
        self._clear_room()

    def _make_room(self) -> None:
        """The directories in which its name stands, and a note of those that were not there."""
        missing = [path for path in self.link.parents if not path.exists()]
        for path in reversed(missing):
            path.mkdir(exist_ok=True)
            self._made.append(path)

    def _clear_room(self) -> None:
        """Nothing that was made stays; a directory in which somebody has put something is theirs now."""
        while self._made:
            with contextlib.suppress(OSError):
                self._made.pop().rmdir()


def _open_terminal(other_than: str) -> tuple[int, int]:
    """A raw pseudo-terminal whose name is new; both ends stay open, so that closing the port ends nothing."""
    ours, theirs = os.openpty()
    if os.ttyname(theirs) == other_than:
        kept = ours, theirs
        ours, theirs = os.openpty()
        for end in kept:
            os.close(end)
    tty.setraw(theirs)
    return ours, theirs


def _point(link: Path, terminal: str) -> None:
    """Let the link name the terminal; a link that an earlier run left may be replaced, nothing else."""
    if link.readlink().parent != TERMINALS if link.is_symlink() else link.exists():
        raise OSError(errno.EEXIST, "there is something else of that name")
    fresh = link.with_name(f".{link.name}.new")
    fresh.unlink(missing_ok=True)
    fresh.symlink_to(terminal)
    fresh.replace(link)
