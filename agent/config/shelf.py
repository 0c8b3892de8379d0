"""Shelves of files that a configuration names: a school's own before those that are shipped."""

import sys
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Generic, TypeVar

T = TypeVar("T")


def shipped(name: str) -> Path:
    """`configs/<name>` beside the packages, or where the wheel installs it."""
    beside = Path(__file__).parents[2] / "configs" / name
    return beside if beside.is_dir() else Path(sys.prefix) / "share" / "campusgw" / "configs" / name


class Shelf(Generic[T]):
    """Every file of some directories by its id, read when it is first asked for; the first directory wins."""

    def __init__(self, read: Callable[[Path], tuple[T, bytes]], *directories: Path) -> None:
        self._file_of: dict[str, Path] = {}
        for directory in reversed(directories):
            self._file_of |= {path.stem: path for path in sorted(directory.glob("*.yaml"))}
        self._read_file = read
        self._read: dict[str, tuple[T, bytes]] = {}

    def names(self) -> Collection[str]:
        """Every id."""
        return self._file_of.keys()

    def content(self, name: str) -> bytes:
        """The bytes of its file as it was read; raises ConfigError."""
        return self._stored(name)[1]

    def _stored(self, name: str) -> tuple[T, bytes]:
        if name not in self._read:
            self._read[name] = self._read_file(self._file_of[name])
        return self._read[name]
