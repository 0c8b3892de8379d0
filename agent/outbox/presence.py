"""Whether the file that is open is still the one at its path: what is written into a deleted one is lost."""

from pathlib import Path

from agent.outbox.damage import LOGS, Deleted

Identity = tuple[int, int]


class Presence:
    """Knows the store's file and its log by device and inode."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._log = file.with_name(file.name + LOGS[0])
        self._known = _identity(file)
        self._known_log: Identity | None = None

    def check(self) -> None:
        """Raises Deleted when the file or its log is gone, or is another one."""
        if _identity(self._file) != self._known:
            raise Deleted(f"{self._file} was deleted while in use")
        if self._known_log is not None and _identity(self._log) != self._known_log:
            raise Deleted(f"{self._log} was deleted while in use")

    def note_log(self) -> None:
        """A transaction went through, so that there is a log; it stays the same one until the store is closed."""
        if self._known_log is None:
            self._known_log = _identity(self._log)


class Nowhere(Presence):
    """Of a store in memory, which nobody can delete."""

    def __init__(self) -> None:
        pass

    def check(self) -> None:
        """It is there."""

    def note_log(self) -> None:
        """It has none."""


def _identity(file: Path) -> Identity | None:
    try:
        found = file.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino
