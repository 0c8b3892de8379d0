"""Opens a store whatever state its file is in: one that is of no use is set aside, salvaged, and begun anew.

The new one is made beside the old, which gives way only when it is whole: a kill in between costs nothing.
"""

import os
import sqlite3
from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from agent.outbox.damage import (
    DAMAGED,
    NEWER,
    Deleted,
    Newer,
    aside_path,
    is_surroundings,
    move,
    remove,
    set_aside,
)
from agent.outbox.presence import Presence
from agent.outbox.room import Bounds
from agent.outbox.schema import connect
from agent.outbox.store import Store
from agent.outbox.takeover import take_over


def open_store(file: Path, bounds: Bounds) -> Store:
    """Open the store, or set a damaged one aside and begin anew; raises sqlite3.Error or OSError."""
    file.parent.mkdir(parents=True, exist_ok=True)
    _tidy_up(file)
    try:
        return _opened(file, bounds)
    except Newer:
        _begin_anew(file, None, {}, "written by a newer version")
        _change_places(file, NEWER)
    except (sqlite3.Error, ValueError, KeyError) as error:
        if is_surroundings(error):
            raise  # setting aside would not help
        _salvage(file, {})
    return _opened(file, bounds)


def replace_store(file: Path, bounds: Bounds, broken: Store, error: BaseException) -> Store:
    """A new store for one that broke in use; its states are still known. Can be tried again when it fails."""
    file.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(error, Deleted) and not broken.closed:
        _begin_anew(file, broken.database, broken.kept_states, "deleted while in use")
        broken.close()  # before the new one has its place: SQLite deletes the log by its name
        _change_places(file, DAMAGED)
    else:
        broken.close()
        _salvage(file, broken.kept_states)
    return _opened(file, bounds)


def _opened(file: Path, bounds: Bounds) -> Store:
    database = connect(file)
    try:
        return Store(database, bounds, Presence(file))
    except (sqlite3.Error, ValueError, KeyError):
        database.close()
        raise


def _salvage(file: Path, states: Mapping[str, str]) -> None:
    if not file.exists():
        _begin_anew(file, None, states, "damaged and then deleted")
    else:
        with closing(sqlite3.connect(file)) as damaged:
            _begin_anew(file, damaged, states, "damaged")
    _change_places(file, DAMAGED)


def _begin_anew(file: Path, before: sqlite3.Connection | None, states: Mapping[str, str], why: str) -> None:
    """Make the new store beside the old one."""
    beside = _beside(file)
    remove(beside)
    what = NEWER if before is None else DAMAGED
    aside = str(aside_path(file, what)) if file.exists() else ""
    made = False
    try:
        with closing(connect(beside)) as database:
            take_over(database, before, states, {"file": aside, "why": why})
        made = True
    finally:
        if not made:  # a full disk: what the old one holds is there for the next attempt
            remove(beside)


def _change_places(file: Path, what: str) -> None:
    """The old one steps aside; on disk before anything is written into the new one."""
    if file.exists():
        set_aside(file, what)
    remove(file)
    move(_beside(file), file)
    _flush_names(file.parent)


def _tidy_up(file: Path) -> None:
    """A kill while places were changed: the new one is whole once the old one has stepped aside."""
    beside = _beside(file)
    if not beside.exists():
        return
    if file.exists():
        remove(beside)
    else:
        remove(file)  # the old one's log
        move(beside, file)
        _flush_names(file.parent)


def _flush_names(directory: Path) -> None:
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _beside(file: Path) -> Path:
    return file.with_name(f"{file.name}.new")
