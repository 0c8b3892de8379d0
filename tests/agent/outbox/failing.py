"""A connection whose n-th call fails, as on a full or dying disk."""

import sqlite3
from typing import Any

from agent.outbox.outbox import Outbox


class Failing:
    """Stands before the real connection; `fail_in` calls from now it raises, once or for good."""

    def __init__(self, database: sqlite3.Connection) -> None:
        self._database = database
        self.fail_in: int | None = None
        self.for_good = False
        self.failures = 0

    @property
    def in_transaction(self) -> bool:
        return self._database.in_transaction

    def execute(self, *args: Any) -> sqlite3.Cursor:
        self._perhaps(args[0])
        return self._database.execute(*args)

    def executemany(self, *args: Any) -> sqlite3.Cursor:
        self._perhaps(args[0])
        return self._database.executemany(*args)

    def close(self) -> None:
        self._database.close()

    def heal(self) -> None:
        self.fail_in, self.for_good = None, False

    def _perhaps(self, statement: str) -> None:
        if self.fail_in is None:
            return
        self.fail_in -= 1
        if self.fail_in > 0:
            return
        self.fail_in = 1 if self.for_good else None
        self.failures += 1
        error = sqlite3.OperationalError(f"database or disk is full (at {statement.split()[0]})")
        error.sqlite_errorcode = sqlite3.SQLITE_FULL
        raise error


def failing(outbox: Outbox) -> Failing:
    """Put a failing connection into an open outbox."""
    outbox._keeper.store.database = Failing(outbox._keeper.store.database)  # type: ignore[assignment]
    return outbox._keeper.store.database  # type: ignore[return-value]
