"""A Notifier panel's printer: it prints, whether or not anybody reads."""

import asyncio
from collections import deque

from drivers.panels.notifier_lines import ADDRESS
from drivers.stream import ByteStream
from simulators.panels.panel import Board, at_the_wire

COLUMNS = 80
TIME = "02:57P 012010 Wed"
WORDS = {
    "fire": ("ALARM: SMOKE(PHOTO)", ""),
    "prealarm": ("PREALM SMOKE(PHOTO)", ""),
    "fault": ("TROUBL MONITOR", "CLR TB MONITOR"),
    "supervisory": ("ACTIVE TRACK SUPERV", "CLR ACT TRACK SUPERV"),
    "activated": ("ACTIVE MONITOR", "CLR ACT MONITOR"),
    "disabled": ("DISABL MONITOR", ""),
}


class NotifierPrinter:
    """An NFS-320 with its printer port; what is printed while no wire is there is lost."""

    def __init__(self) -> None:
        self.plugged = True
        self.board = Board(WORDS, form=ADDRESS, example="1D014")
        self._paper: deque[str] = deque()
        self._printing = asyncio.Event()
        self._connected = 0

    async def run(self, stream: ByteStream) -> None:
        """Print until the wire is gone."""
        self._connected += 1
        self._paper.clear()
        try:
            await at_the_wire(self._hear(stream), self._print(stream))
        finally:
            self._connected -= 1

    def say(self, address: str, condition: str, active: bool = True, text: str = "") -> None:
        """One line for what began or ended; an end that this panel prints no line for comes with its reset."""
        if self.board.put(address, condition, active, text) and (word := WORDS[condition][0 if active else 1]):
            self._line(word, text, address)

    def reset(self) -> None:
        """SYSTEM RESET, a clear line for what it ended, then what is still there, or SYSTEM NORMAL."""
        self._line("SYSTEM RESET")
        for address, condition in self.board.reset():
            if word := WORDS[condition][1]:
                self._line(word, "", address)
        for (address, condition), text in self.board.lit.items():
            self._line(WORDS[condition][0], text, address)
        if not self.board.lit:
            self._line("SYSTEM NORMAL")

    def _line(self, word: str, label: str = "", address: str = "") -> None:
        if self.plugged and self._connected:
            left = f"{word}   {label}" if label else word
            self._paper.append(f"{left[: COLUMNS - 28]:<{COLUMNS - 28}}   {TIME} {address}\r\n")
            self._printing.set()

    async def _hear(self, stream: ByteStream) -> None:
        while True:
            await stream.receive()

    async def _print(self, stream: ByteStream) -> None:
        while True:
            await self._printing.wait()
            self._printing.clear()
            while self._paper:
                await stream.send(self._paper.popleft().encode("gb18030"))
