"""A damaged store: told apart from a full disk, set aside, and read as far as it can be read."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from agent.outbox.rows import COLUMNS

NO_SEQUENCE = 2**63 - 1  # past every row
LOGS = ("-wal", "-shm")  # what SQLite keeps beside a database
KEPT_ASIDE = 3  # damaged files; each may be as large as the store, and the disk is small
_DAMAGE = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})
_SURROUNDINGS = frozenset(
    {
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_READONLY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_PERM,
        sqlite3.SQLITE_NOMEM,
    }
)

Row = Sequence[Any]


def is_damage(error: BaseException) -> bool:
    """Whether the file itself is broken."""
    return _code(error) in _DAMAGE


def is_surroundings(error: BaseException) -> bool:
    """Whether another file would fare no better: disk full, read-only, locked by somebody."""
    return _code(error) in _SURROUNDINGS


def set_aside(file: Path) -> Path:
    """Move a damaged store and its log out of the way; returns where it is now."""
    n = max((_number(old) for old in _aside_files(file)), default=0) + 1
    aside = file.with_name(f"{file.name}.damaged-{n}")
    file.rename(aside)
    for suffix in LOGS:
        log = file.with_name(file.name + suffix)
        if log.exists():
            log.rename(aside.with_name(aside.name + suffix))
    for old in _aside_files(file):
        if _number(old) <= n - KEPT_ASIDE:
            _remove(old)
    return aside


def put_back(aside: Path, file: Path) -> None:
    """Undo `set_aside`, when nothing could be put in its place."""
    _remove(file)
    for suffix in ("", *LOGS):
        kept = aside.with_name(aside.name + suffix)
        if kept.exists():
            kept.rename(file.with_name(file.name + suffix))


def salvaged_records(aside: Path) -> Iterator[Row]:
    """Upwards to the first damage, then what can be read down from the newest: it matters most."""
    with closing(sqlite3.connect(aside)) as database:
        last = 0
        try:
            for row in database.execute(f"SELECT {COLUMNS} FROM records ORDER BY sequence"):
                last = row[0]
                yield row
            return
        except (sqlite3.Error, UnicodeDecodeError):
            low = _lowest_from_the_end(database, last)
        try:
            query = f"SELECT {COLUMNS} FROM records WHERE sequence>=? ORDER BY sequence"
            yield from database.execute(query, (low,))
        except (sqlite3.Error, UnicodeDecodeError):
            return  # that is all there is


def salvaged_states(aside: Path) -> dict[str, str]:
    """The alarm states, if they can be read."""
    try:
        with closing(sqlite3.connect(aside)) as database:
            return {str(key): str(value) for key, value in database.execute("SELECT key, value FROM states")}
    except (sqlite3.Error, UnicodeDecodeError):
        return {}


def _lowest_from_the_end(database: sqlite3.Connection, last: int) -> int:
    low = NO_SEQUENCE
    try:
        for (sequence,) in database.execute(
            "SELECT sequence FROM records WHERE sequence>? ORDER BY sequence DESC", (last,)
        ):
            low = sequence
    except sqlite3.Error:
        pass  # down to the damage
    return low


def _code(error: BaseException) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None


def _aside_files(file: Path) -> list[Path]:
    return [p for p in file.parent.glob(f"{file.name}.damaged-*") if p.suffix.rpartition("-")[2].isdigit()]


def _number(aside: Path) -> int:
    return int(aside.name.rpartition("-")[2])


def _remove(file: Path) -> None:
    for suffix in ("", *LOGS):
        file.with_name(file.name + suffix).unlink(missing_ok=True)
