"""What can happen to a disk: how it begins, how it ends, and what the platform is told."""

import os
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from bench.reliability.disk.volume import Volume

STORE = "outbox.sqlite"
NOISE_BYTES = 200_000
IN_MEMORY, RECOVERED, SET_ASIDE = "storage.in_memory", "storage.recovered", "outbox.set_aside"


@dataclass(frozen=True, slots=True)
class Disk:
    """The volume, and the directory on it in which the gateway keeps its records."""

    volume: Volume
    state: Path

    @property
    def store(self) -> Path:
        """The one file."""
        return self.state / STORE


Act = Callable[[Disk], None]


def _nothing(_disk: Disk) -> None:
    """It mends itself."""


@dataclass(frozen=True, slots=True)
class Case:
    """`at_start`: it is so when the gateway starts. `told` are the events that must arrive.

    Where the store is not the `same_store` any more, what waited may come again under another name. Of what is
    not `promised` only a start is asked for: a card that loses what it said was written.
    """

    name: str
    begin: Act
    end: Act = _nothing
    told: tuple[str, ...] = (IN_MEMORY, RECOVERED)
    at_start: bool = False
    same_store: bool = True
    promised: bool = True


def _delete_file(disk: Disk) -> None:
    for file in disk.state.glob(f"{STORE}*"):
        file.unlink()


def _delete_directory(disk: Disk) -> None:
    shutil.rmtree(disk.state)


def _noise(disk: Disk) -> None:
    """Its log too: SQLite would read all of it back from there."""
    _delete_file(disk)
    dice = random.Random(4)
    disk.store.write_bytes(dice.randbytes(NOISE_BYTES))


def _cut_log(disk: Disk) -> None:
    """Half of the log is lost, as by a card that lied about what it had written."""
    log = disk.store.with_name(f"{STORE}-wal")
    os.truncate(log, log.stat().st_size // 2)


def _directory_instead(disk: Disk) -> None:
    _delete_file(disk)
    disk.store.mkdir()


def _no_directory_instead(disk: Disk) -> None:
    disk.store.rmdir()


def _take_rights(disk: Disk) -> None:
    disk.state.chmod(0o555)
    for file in disk.state.glob(f"{STORE}*"):
        file.chmod(0o000)


def _give_rights(disk: Disk) -> None:
    disk.state.chmod(0o755)
    for file in disk.state.glob(f"{STORE}*"):
        file.chmod(0o644)


def _on_volume(act: Callable[[Volume], None]) -> Act:
    return lambda disk: act(disk.volume)


CASES = (
    Case("full", _on_volume(Volume.fill), _on_volume(Volume.clear)),
    Case("full at the start", _on_volume(Volume.fill), _on_volume(Volume.clear), at_start=True),
    Case("turned read-only by an error", _on_volume(Volume.fail), _on_volume(Volume.repair)),
    Case("read-only at the start", _on_volume(Volume.lock), _on_volume(Volume.unlock), at_start=True),
    Case("the store is deleted", _delete_file, told=(SET_ASIDE,), same_store=False),
    Case("its directory is deleted", _delete_directory, told=(SET_ASIDE,), same_store=False),
    Case("no right to read or write, at the start", _take_rights, _give_rights, at_start=True),
    Case("noise instead of a store, at the start", _noise, told=(SET_ASIDE,), at_start=True, same_store=False),
    Case("half of the log is lost, at the start", _cut_log, told=(), at_start=True, promised=False),
    Case(
        "a directory in the store's place",
        _directory_instead,
        _no_directory_instead,
        at_start=True,
        same_store=False,
    ),
)
