"""A pseudo-terminal as a serial port: the near end has a name to open, the far end is ours."""

import asyncio
import contextlib
import os
import tty
from pathlib import Path


class Pty:
    """One serial port that looks like an adapter; `link` is a stable name for it, as udev would make."""

    def __init__(self, link: Path | None = None) -> None:
        self.far, near = os.openpty()
        tty.setraw(near)
        self.path = os.ttyname(near)
        os.close(near)
        os.set_blocking(self.far, False)
        if link is not None:
            link.unlink(missing_ok=True)
            link.symlink_to(self.path)

    def say(self, content: bytes) -> None:
        """The far side puts bytes on the wire."""
        assert os.write(self.far, content) == len(content)

    async def hear(self, count: int) -> bytes:
        """Take exactly `count` bytes that the near side has sent."""
        heard = b""
        while len(heard) < count:
            with contextlib.suppress(BlockingIOError, OSError):  # EIO while nobody has the port open
                heard += os.read(self.far, count - len(heard))
            await asyncio.sleep(0)
        return heard

    def vanish(self) -> None:
        """The adapter is pulled out."""
        if self.far >= 0:
            os.close(self.far)
        self.far = -1
