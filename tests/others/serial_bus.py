"""A bus of pseudo-terminals: what one end says, all others hear, as on RS-485."""

import asyncio
import contextlib
import os
import tty
from random import Random

PIECE_S = 0.0005


class SerialBus:
    """`names` are ports that programs can open; needs the running event loop to carry the bytes.

    With `chop` what one end says arrives in pieces, half a millisecond apart.
    """

    def __init__(self, ends: int = 2, chop: Random | None = None) -> None:
        self._chop = chop
        self._free_s = 0.0
        pairs = [os.openpty() for _ in range(ends)]
        self._masters = [master for master, _ in pairs]
        self._held = [near for _, near in pairs]  # held open: a port without a program is silent, not gone
        self.names = [os.ttyname(near) for near in self._held]
        for master, near in pairs:
            tty.setraw(near)
            os.set_blocking(master, False)
            asyncio.get_running_loop().add_reader(master, self._carry, master)

    def _carry(self, source: int) -> None:
        content = os.read(source, 4096)
        if self._chop is None:
            self._pass_on(source, content)
            return
        loop = asyncio.get_running_loop()
        while content:
            size = self._chop.randint(1, 4)
            self._free_s = max(loop.time(), self._free_s) + PIECE_S
            loop.call_at(self._free_s, self._pass_on, source, content[:size])
            content = content[size:]

    def _pass_on(self, source: int, content: bytes) -> None:
        for master in self._masters:
            if master != source:
                with contextlib.suppress(BlockingIOError):  # nobody reads there: a wire keeps nothing
                    os.write(master, content)

    def close(self) -> None:
        """All ports are pulled out."""
        for master, near in zip(self._masters, self._held, strict=True):
            asyncio.get_running_loop().remove_reader(master)
            os.close(master)
            os.close(near)
        self._masters, self._held = [], []
