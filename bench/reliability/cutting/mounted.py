"""Puts a Volume under the store: `sqlite3.connect` and the few calls of `os` that move files go through it."""

import contextlib
import os
import sqlite3
import sys
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

from bench.reliability.cutting.as_sqlite3 import Connection, connector
from bench.reliability.cutting.vfs import CutVfs
from bench.reliability.cutting.volume import Volume


@contextlib.contextmanager
def mounted(volume: Volume, instead: Mapping[str, str] | None = None) -> Iterator[list[Connection]]:
    """While the block runs; yields every connection that was made. `instead` replaces statements, for controls."""
    vfs = CutVfs(volume)
    made: list[Connection] = []
    moves = {"rename": _rename(volume), "replace": _rename(volume), "unlink": _unlink(volume)}
    with contextlib.ExitStack() as stack:
        stack.callback(vfs.unregister)
        stack.callback(unplugged, volume, made)
        stack.enter_context(patch.object(sqlite3, "connect", connector(vfs.name, instead or {}, made)))
        for hook in ("excepthook", "unraisablehook"):
            stack.enter_context(patch.object(sys, hook, _passed_over))
        for name, call in {**moves, "remove": moves["unlink"], "fsync": _fsync(volume)}.items():
            stack.enter_context(patch.object(os, name, call))
        yield made


def unplugged(volume: Volume, made: list[Connection]) -> None:
    """Close what a program without power has left open."""
    volume.pull_the_plug()
    for connection in made:
        with contextlib.suppress(sqlite3.Error):
            connection.close()
    made.clear()


def _passed_over(*_what: Any) -> None:
    """apsw tells there what SQLite does not mind, as a close without power."""


def _rename(volume: Volume) -> Callable[..., None]:
    real = os.rename

    def rename(old: Any, new: Any, **named: Any) -> None:
        if (name := _name(volume, old)) and volume.knows(name):
            volume.step("rename", name)
            volume.rename(name, Path(new).name)
        real(old, new, **named)

    return rename


def _unlink(volume: Volume) -> Callable[..., None]:
    real = os.unlink

    def unlink(path: Any, **named: Any) -> None:
        if (name := _name(volume, path)) and volume.knows(name):
            volume.step("delete", name)
            volume.delete(name)
        real(path, **named)

    return unlink


def _fsync(volume: Volume) -> Callable[[int], None]:
    real = os.fsync

    def fsync(descriptor: int) -> None:
        if os.path.samestat(os.fstat(descriptor), os.stat(volume.directory)):
            volume.step("sync directory")
            volume.sync_directory()
        else:
            real(descriptor)

    return fsync


def _name(volume: Volume, path: Any) -> str:
    """The file's name if it lies on the volume, else empty."""
    return Path(path).name if Path(path).parent == volume.directory else ""
