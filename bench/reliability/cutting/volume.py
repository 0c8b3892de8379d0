"""A directory on a disk with a volatile cache: what is written is seen at once, and lasts only once it is synced.

The files are real, so that whoever looks at them sees what a running system would see. Beside them stands what the
disk would still have after a power cut.
"""

import contextlib
import errno
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

SECTOR = 512  # written whole or not at all
KEPT = 0.5  # the chance that a write which nobody synced has reached the disk all the same
TORN = 0.5  # and that of those not every sector has
CHANGING = ("create", "write", "truncate", "sync", "delete", "rename", "sync directory")

Fault = Callable[[str, str], None]
"""Told what is about to happen, and to which file; may raise OSError."""


@dataclass(frozen=True, slots=True)
class _Write:
    offset: int
    data: bytes

    def sectors(self) -> Iterator["_Write"]:
        """The same, as the disk takes it."""
        begin, end = self.offset, self.offset + len(self.data)
        while begin < end:
            stop = min(end, (begin // SECTOR + 1) * SECTOR)
            yield _Write(begin, self.data[begin - self.offset : stop - self.offset])
            begin = stop

    def apply(self, content: bytearray, dice: random.Random | None = None) -> None:
        """A hole before it holds zeros, or whatever lay there."""
        if (hole := self.offset - len(content)) > 0:
            content.extend(dice.randbytes(hole) if dice is not None and dice.random() < 0.5 else bytes(hole))
        content[self.offset : self.offset + len(self.data)] = self.data


@dataclass(frozen=True, slots=True)
class _Truncate:
    size: int

    def sectors(self) -> Iterator["_Truncate"]:
        """A size changes at once."""
        yield self

    def apply(self, content: bytearray, _dice: random.Random | None = None) -> None:
        """Shorter; SQLite never makes a file longer this way."""
        del content[self.size :]


@dataclass(slots=True, eq=False)
class Inode:
    """A file's content: what would outlast a cut for certain, and what was done to it since it was last synced."""

    durable: bytearray = field(default_factory=bytearray)
    unsynced: list[_Write | _Truncate] = field(default_factory=list)

    def sync(self) -> None:
        """All of it lasts."""
        for change in self.unsynced:
            change.apply(self.durable)
        self.unsynced.clear()

    def cut(self, dice: random.Random) -> None:
        """Of what nobody synced, some has reached the disk: in whatever order, so any selection of it."""
        for change in self.unsynced:
            if dice.random() >= KEPT:
                continue
            torn = dice.random() < TORN
            for piece in change.sectors():
                if not torn or dice.random() < 0.5:
                    piece.apply(self.durable, dice)
        self.unsynced.clear()


class Volume:
    """One flat directory; all that changes it is told here first, by the VFS and by `os`.

    Names that nobody synced are kept in order, as a journalling file system does: of the last of them, any number
    may be missing after a cut.
    """

    def __init__(self, directory: Path, dice: random.Random) -> None:
        self.directory = directory
        self.cuts = 0
        self.dead = False
        self.fault: Fault = _no_fault
        self.died: Callable[[], None] = nothing  # called at the moment in which the power fails
        self.done: list[str] = []  # every operation since the last cut, for whoever repeats one
        self._dice = dice
        self._left = 0  # operations until the power fails; 0: it does not
        self._durable: dict[str, Inode] = {}
        self._names: dict[str, Inode] = {}
        self._moves: list[Mapping[str, Inode | None]] = []

    # --- power --------------------------------------------------------------------------------------

    def cut_after(self, operations: int) -> None:
        """The power fails before the next operation but so many."""
        self._left = operations

    def pull_the_plug(self) -> None:
        """The power fails now: whatever the program still does changes nothing."""
        if not self.dead:
            self.dead = True
            self.died()

    def power_on(self) -> None:
        """What lies on the disk after the cut; the program starts on that."""
        for move in self._moves[: self._dice.randrange(len(self._moves) + 1)]:
            _apply(move, self._durable)
        for inode in self._durable.values():
            inode.cut(self._dice)
        self._names, self._moves, self._left = {}, [], 0
        for file in self.directory.iterdir():
            file.unlink()
        for name, inode in self._durable.items():
            (self.directory / name).write_bytes(inode.durable)
        self._names = dict(self._durable)
        self.done.clear()
        self.cuts += 1
        self.dead = False

    def scribble(self, name: str, offset: int, data: bytes) -> None:
        """The card has forgotten what it held there."""
        inode = self._names[name]
        inode.durable[offset : offset + len(data)] = data
        (self.directory / name).write_bytes(inode.durable)

    @contextlib.contextmanager
    def undisturbed(self) -> Iterator[None]:
        """Meanwhile the power does not fail."""
        left, self._left = self._left, 0
        yield
        self._left = left

    # --- what is done to it -------------------------------------------------------------------------

    def step(self, what: str, name: str = "") -> None:
        """Before each operation; raises OSError when it fails, or when there is no power any more."""
        if self._left and what in CHANGING:
            self._left -= 1
            if not self._left:
                self.pull_the_plug()
        if self.dead and what in CHANGING:
            raise OSError(errno.EIO, "no power")
        self.fault(what, name)
        self.done.append(f"{what} {name}")

    def opened(self, name: str) -> Inode:
        """The file of that name, new if there is none."""
        if name not in self._names:
            self._move({name: Inode()})
        return self._names[name]

    def knows(self, name: str) -> bool:
        """There is a file of that name."""
        return name in self._names

    def write(self, inode: Inode, offset: int, data: bytes) -> None:
        """Seen at once, and lost with the power."""
        inode.unsynced.append(_Write(offset, bytes(data)))

    def truncate(self, inode: Inode, size: int) -> None:
        """Seen at once, and undone with the power."""
        inode.unsynced.append(_Truncate(size))

    def delete(self, name: str) -> None:
        """The name is gone; whether for good is another question."""
        self._move({name: None})

    def rename(self, old: str, new: str) -> None:
        """Both names at once."""
        self._move({old: None, new: self._names[old]})

    def sync_directory(self) -> None:
        """Every name lasts."""
        for move in self._moves:
            _apply(move, self._durable)
        self._moves.clear()

    def _move(self, move: Mapping[str, Inode | None]) -> None:
        _apply(move, self._names)
        self._moves.append(move)


def _apply(move: Mapping[str, Inode | None], names: dict[str, Inode]) -> None:
    for name, inode in move.items():
        if inode is None:
            names.pop(name, None)
        else:
            names[name] = inode


def nothing() -> None:
    """For those who need not be told."""


def _no_fault(_what: str, _name: str) -> None:
    pass
