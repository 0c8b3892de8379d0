"""apsw's connections as the store knows them: what `sqlite3` returns and raises, and nothing else of it."""

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, NoReturn, TypeVar

import apsw

T = TypeVar("T")
ERRORS = {
    apsw.SQLITE_CORRUPT: sqlite3.DatabaseError,
    apsw.SQLITE_NOTADB: sqlite3.DatabaseError,
    apsw.SQLITE_CONSTRAINT: sqlite3.IntegrityError,
    apsw.SQLITE_MISUSE: sqlite3.ProgrammingError,
}


class Rows:
    """A cursor: rows one by one, or all that are left."""

    def __init__(self, cursor: apsw.Cursor, changed: int) -> None:
        self._cursor = cursor
        self.rowcount = changed

    def __iter__(self) -> Iterator[Any]:
        while (row := self.fetchone()) is not None:
            yield row

    def fetchone(self) -> Any:
        """The next row, or None."""
        return _as_sqlite3(lambda: next(self._cursor, None))

    def fetchall(self) -> list[Any]:
        """All that are left."""
        return list(self)

    def close(self) -> None:
        """No more rows are wanted."""
        _as_sqlite3(self._cursor.close)


class Connection:
    """As `sqlite3.connect` would return; `instead` replaces whole statements, for controls."""

    def __init__(self, file: str, vfs: str, instead: Mapping[str, str]) -> None:
        self.text_factory: Any = str
        self.closed = False
        self._instead = instead
        self._real = _as_sqlite3(lambda: apsw.Connection(file, vfs=vfs))
        self.execute("PRAGMA locking_mode=EXCLUSIVE")  # a VFS in Python has no shared memory

    @property
    def in_transaction(self) -> bool:
        """A transaction is open."""
        return _as_sqlite3(lambda: self._real.in_transaction)

    def execute(self, statement: str, values: Iterable[Any] = ()) -> Rows:
        """Run one statement up to its first row."""
        said = self._instead.get(statement, statement)
        cursor = _as_sqlite3(lambda: self._real.cursor().execute(said, tuple(values)))
        return Rows(cursor, self._real.changes())

    def executemany(self, statement: str, rows: Iterable[Iterable[Any]]) -> Rows:
        """The same statement with many values."""
        before = self._real.total_changes()
        cursor = _as_sqlite3(lambda: self._real.cursor().executemany(statement, [tuple(row) for row in rows]))
        return Rows(cursor, self._real.total_changes() - before)

    def executescript(self, script: str) -> Rows:
        """Many statements; whatever rows they have are left out."""
        return Rows(_as_sqlite3(lambda: iter_out(self._real.cursor().execute(script))), 0)

    def close(self) -> None:
        """Close; without power that is all that happens."""
        self.closed = True
        _as_sqlite3(self._real.close)


def connector(vfs: str, instead: Mapping[str, str], made: list[Connection]) -> Callable[..., Connection]:
    """What takes the place of `sqlite3.connect`; every connection is noted in `made`."""

    def connect(file: str | Path, **_named: Any) -> Connection:
        made.append(Connection(str(file), vfs, instead))
        return made[-1]

    return connect


def iter_out(cursor: apsw.Cursor) -> apsw.Cursor:
    """apsw stops at the first row of a script; `sqlite3` does not."""
    for _ in cursor:
        pass
    return cursor


def _as_sqlite3(call: Callable[[], T]) -> T:
    try:
        return call()
    except apsw.Error as error:
        _raise(error)


def _raise(error: apsw.Error) -> NoReturn:
    code = getattr(error, "extendedresult", apsw.SQLITE_ERROR)
    found = ERRORS.get(code & 0xFF, sqlite3.OperationalError)(str(error) or type(error).__name__)
    found.sqlite_errorcode = code
    raise found from error
