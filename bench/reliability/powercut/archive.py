"""A directory as the archive that the kernel unpacks into its memory at the start (cpio, newc); all is root's."""

import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

MAGIC = "070701"
END = "TRAILER!!!"


def write_archive(directory: Path, into: BinaryIO) -> None:
    """Everything below the directory, in the order of names, so that the same input gives the same bytes."""
    number = 0
    for number, path in enumerate(_below(directory), 1):
        found = path.lstat()
        into.write(_member(str(path.relative_to(directory)), found.st_mode, _content(path, found), number))
    into.write(_member(END, 0, b"", number + 1))


def _below(directory: Path) -> Iterator[Path]:
    for entry in sorted(os.scandir(directory), key=lambda entry: entry.name):
        yield Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            yield from _below(Path(entry.path))


def _content(path: Path, found: os.stat_result) -> bytes:
    if stat.S_ISLNK(found.st_mode):
        return os.fsencode(path.readlink())
    return path.read_bytes() if stat.S_ISREG(found.st_mode) else b""


def _member(name: str, mode: int, content: bytes, number: int) -> bytes:
    """inode, mode, owner, group, links, time, size, devices, length of the name, no checksum."""
    encoded = os.fsencode(name) + b"\0"
    fields = (number, mode, 0, 0, 1, 0, len(content), 0, 0, 0, 0, len(encoded), 0)
    head = MAGIC.encode() + b"".join(b"%08X" % field for field in fields) + encoded
    return _padded(head) + _padded(content)


def _padded(part: bytes) -> bytes:
    return part + bytes(-len(part) % 4)
