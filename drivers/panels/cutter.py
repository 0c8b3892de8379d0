"""Cuts a stream of bytes into sound frames; whatever is none is counted, passed over, and looked into again."""

from collections.abc import Callable
from typing import Literal

from drivers.counters import UnitCounters

Fault = Literal["crc", "short", "garbage"]
Verdict = int | Fault | None
Measure = Callable[[bytes, int], Verdict]
"""What begins at this start byte: a sound frame of so many bytes, something wrong, or (None) too little yet."""


def noise_of(counters: UnitCounters) -> int:
    """How often something came that was no sound frame."""
    return counters.garbage + counters.crc + counters.short


class Cutter:
    """Frames that begin with one `start` byte. Pure: no I/O, no clock; bounded by what `measure` waits for."""

    def __init__(self, start: int, measure: Measure, counters: UnitCounters) -> None:
        self._start = start
        self._measure = measure
        self._counters = counters
        self._rest = b""
        self._noisy = False

    @property
    def pending(self) -> bool:
        """Something has begun that is not complete."""
        return bool(self._rest)

    def feed(self, chunk: bytes) -> list[bytes]:
        """Take bytes in; returns the frames that are complete now."""
        return self._cut(self._rest + chunk, last=False)

    def pause(self) -> list[bytes]:
        """The line fell silent: what has begun will not be completed, but frames may lie inside it."""
        return self._cut(self._rest, last=True)

    def _cut(self, heard: bytes, *, last: bool) -> list[bytes]:
        frames: list[bytes] = []
        at = self._seek(heard, 0)
        while at < len(heard):
            verdict = self._measure(heard, at)
            if verdict is None and not last:
                break
            if isinstance(verdict, int):
                frames.append(heard[at : at + verdict])
                self._noisy = False
                at = self._seek(heard, at + verdict)
            else:
                self._count(verdict or "short")
                at = self._seek(heard, at + 1)
        self._rest = heard[at:]
        return frames

    def _seek(self, heard: bytes, at: int) -> int:
        found = heard.find(self._start, at)
        to = len(heard) if found < 0 else found
        if to > at:
            self._count("garbage")
        return to

    def _count(self, fault: Fault) -> None:
        """A stretch of noise counts once, a frame with a wrong checksum each time."""
        if not self._noisy or fault == "crc":
            setattr(self._counters, fault, getattr(self._counters, fault) + 1)
        self._noisy = True
