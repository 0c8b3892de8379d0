"""A store that is of no more use: told apart from a full disk, and moved out of the way."""

import sqlite3
from pathlib import Path

LOGS = ("-wal", "-shm")  # what SQLite keeps beside a database
DAMAGED, NEWER = "damaged", "newer"
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


class Deleted(sqlite3.DatabaseError):
    """The file is no longer at its path: what the open one still knows goes into a new one."""


class Newer(sqlite3.DatabaseError):
    """Written by a later version of the gateway: set it aside, and leave it alone."""


def is_damage(error: BaseException) -> bool:
    """Whether the file itself is broken, or gone."""
    return isinstance(error, Deleted) or _code(error) in _DAMAGE


def is_surroundings(error: BaseException) -> bool:
    """Whether another file would fare no better: disk full, read-only, locked by somebody."""
    return _code(error) in _SURROUNDINGS


def aside_path(file: Path, what: str) -> Path:
    """Where `set_aside` will move a store next."""
    n = max((_number(old) for old in _aside_files(file, what)), default=0) + 1
    return file.with_name(f"{file.name}.{what}-{n}")


def set_aside(file: Path, what: str) -> None:
    """Move a store and its log out of the way.

    Of damaged ones only the last few are kept; one of a newer version stays until a person takes it away.
    """
    aside = aside_path(file, what)
    move(file, aside)
    for old in _aside_files(file, DAMAGED):
        if what == DAMAGED and _number(old) <= _number(aside) - KEPT_ASIDE:
            remove(old)


def move(file: Path, to: Path) -> None:
    """Rename a store with its log."""
    for suffix in ("", *LOGS):
        part = file.with_name(file.name + suffix)
        if part.exists():
            part.rename(to.with_name(to.name + suffix))


def remove(file: Path) -> None:
    """Delete a store with its log."""
    for suffix in ("", *LOGS):
        file.with_name(file.name + suffix).unlink(missing_ok=True)


def _code(error: BaseException) -> int | None:
    code = getattr(error, "sqlite_errorcode", None)
    return code & 0xFF if isinstance(code, int) else None


def _aside_files(file: Path, what: str) -> list[Path]:
    return [p for p in file.parent.glob(f"{file.name}.{what}-*") if p.suffix.rpartition("-")[2].isdigit()]


def _number(aside: Path) -> int:
    return int(aside.name.rpartition("-")[2])
