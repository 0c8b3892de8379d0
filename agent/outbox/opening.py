"""Opens a store whatever state its file is in: a damaged one is set aside, salvaged, and begun anew."""

import sqlite3
from collections.abc import Mapping
from pathlib import Path

from agent.outbox.damage import is_surroundings, put_back, salvaged_records, salvaged_states, set_aside
from agent.outbox.schema import connect
from agent.outbox.store import Store


def open_store(file: Path, max_bytes: int) -> Store:
    """Open the store, or set a damaged one aside and begin anew; raises sqlite3.Error or OSError."""
    try:
        return _opened(file, max_bytes)
    except (sqlite3.Error, ValueError) as error:
        if is_surroundings(error):
            raise  # setting aside would not help
    return _anew(file, max_bytes, {})


def _opened(file: Path, max_bytes: int) -> Store:
    database = connect(file)
    try:
        return Store(database, max_bytes)
    except (sqlite3.Error, ValueError):
        database.close()
        raise


def _anew(file: Path, max_bytes: int, states: Mapping[str, str]) -> Store:
    aside = set_aside(file)
    made = False
    try:
        store = _salvaged(file, max_bytes, states, aside)
        made = True
    finally:
        if not made:  # a full disk: what the damaged one holds is there for the next attempt
            put_back(aside, file)
    return store


def _salvaged(file: Path, max_bytes: int, states: Mapping[str, str], aside: Path) -> Store:
    database = connect(file)
    try:
        store = Store(database, max_bytes)
        store.take_over(salvaged_records(aside), {**salvaged_states(aside), **states}, str(aside))
    except (sqlite3.Error, OSError):
        database.close()
        raise
    return store


def replace_store(broken: Store, file: Path, max_bytes: int) -> Store:
    """A new store for one that broke in use; its states are still known. Can be tried again when it fails."""
    broken.close()
    return _anew(file, max_bytes, broken.kept_states)
