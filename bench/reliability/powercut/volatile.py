"""A disk with a volatile write cache: what was written is on it only after a flush. Standard library only: nbdkit
runs it in its own Python.

What is in the cache also goes into a log beside the image, so that it is known after the disk was killed. Its
blocks may have reached the disk or not, in any order, whole or torn, as on a card that loses its power.
"""

import os
import random
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

SECTOR = 512  # what a disk writes whole or not at all
BLOCK = 4096
TORN = 0.5  # of the blocks that reach the disk
HEADER = struct.Struct("<QI")


class VolatileDisk:
    """Reads see every write; the image gets them with `flush`."""

    def __init__(self, image: Path, log: Path) -> None:
        self._image = os.open(image, os.O_RDWR)
        self._log = os.open(log, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
        self._sectors: dict[int, bytes] = {}
        self.bytes = os.fstat(self._image).st_size

    def read(self, count: int, offset: int) -> bytes:
        """What was written last, flushed or not; in whole sectors."""
        found = bytearray(os.pread(self._image, count, offset))
        first = offset // SECTOR
        for number in range(first, (offset + count) // SECTOR if self._sectors else first):
            if number in self._sectors:
                at = (number - first) * SECTOR
                found[at : at + SECTOR] = self._sectors[number]
        return bytes(found)

    def write(self, data: bytes, offset: int) -> None:
        """Into the cache; in whole sectors."""
        os.write(self._log, HEADER.pack(offset, len(data)) + data)
        for at in range(0, len(data), SECTOR):
            self._sectors[(offset + at) // SECTOR] = data[at : at + SECTOR]

    def flush(self) -> None:
        """Everything so far is on the disk on return. Killed in here, the log still tells of all of it."""
        for number, sector in self._sectors.items():
            os.pwrite(self._image, sector, number * SECTOR)
        self._sectors.clear()
        os.ftruncate(self._log, 0)
        os.lseek(self._log, 0, os.SEEK_SET)

    def close(self) -> None:
        """Give the files back; what was not flushed is lost."""
        os.close(self._image)
        os.close(self._log)


@dataclass(frozen=True, slots=True)
class Remains:
    """What a cut has made of the blocks in the cache."""

    blocks: int
    kept: int
    torn: int


def power_cut(image: Path, log: Path, dice: random.Random) -> Remains:
    """Half of the blocks in the cache reach the image, some of them torn; the rest never will."""
    blocks = list(_blocks(log.read_bytes()))
    kept = torn = 0
    with image.open("r+b") as disk:
        for offset, data in blocks:
            if dice.random() < 0.5:
                continue
            kept += 1
            tears = dice.random() < TORN
            torn += tears
            for at in range(0, len(data), SECTOR):
                if not tears or dice.random() < 0.5:
                    disk.seek(offset + at)
                    disk.write(data[at : at + SECTOR])
    log.unlink()
    return Remains(len(blocks), kept, torn)


def _blocks(log: bytes) -> Iterator[tuple[int, bytes]]:
    """Every block that was written, in the order of writing; a last write that is not whole was never accepted."""
    at = 0
    while at + HEADER.size <= len(log):
        offset, count = HEADER.unpack_from(log, at)
        at += HEADER.size
        data = log[at : at + count]
        at += count
        if len(data) == count:
            yield from ((offset + n, data[n : n + BLOCK]) for n in range(0, count, BLOCK))
