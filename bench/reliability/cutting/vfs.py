"""SQLite's own file layer, with a Volume standing between it and the disk (apsw: a VFS written in Python)."""

import errno
from pathlib import Path
from typing import Any

import apsw

from bench.reliability.cutting.volume import Inode, Volume

BASE = "unix"
NEW_LOG = apsw.SQLITE_OPEN_WAL | apsw.SQLITE_OPEN_MAIN_JOURNAL
CODES = {
    "create": apsw.SQLITE_CANTOPEN,
    "open": apsw.SQLITE_CANTOPEN,
    "read": apsw.SQLITE_IOERR_READ,
    "write": apsw.SQLITE_IOERR_WRITE,
    "truncate": apsw.SQLITE_IOERR_TRUNCATE,
    "sync": apsw.SQLITE_IOERR_FSYNC,
    "sync directory": apsw.SQLITE_IOERR_DIR_FSYNC,
    "delete": apsw.SQLITE_IOERR_DELETE,
}


class CutVfs(apsw.VFS):
    """Everything that SQLite does to a file of the volume goes through the volume first."""

    def __init__(self, volume: Volume) -> None:
        self.name = f"cut-{id(volume)}"
        self._volume = volume
        super().__init__(self.name, BASE)

    def xOpen(self, name: Any, flags: list[int]) -> apsw.VFSFile:  # noqa: N802
        """Files without a name are SQLite's own scratch paper: nobody wants them back."""
        path = Path(name.filename() if isinstance(name, apsw.URIFilename) else name or "")
        if path.parent != self._volume.directory:
            return apsw.VFSFile(BASE, name, flags)
        new = not self._volume.knows(path.name)
        tell(self._volume, "create" if new else "open", path.name)
        return CutFile(self._volume, name, flags, path.name, new=new)

    def xDelete(self, filename: str, syncdir: bool) -> None:  # noqa: N802
        """As for any file, the name is gone for good only when the directory is synced."""
        name = Path(filename).name
        tell(self._volume, "delete", name)
        super().xDelete(filename, False)
        self._volume.delete(name)
        if syncdir:
            tell(self._volume, "sync directory")
            self._volume.sync_directory()


class CutFile(apsw.VFSFile):
    """An open file: reads see what was written, syncs make it last."""

    def __init__(self, volume: Volume, path: Any, flags: list[int], name: str, *, new: bool) -> None:
        super().__init__(BASE, path, flags)
        self._volume, self._name = volume, name
        self._inode: Inode = volume.opened(name)
        self._directory_unsynced = new and bool(flags[0] & NEW_LOG)

    def xRead(self, amount: int, offset: int) -> bytes:  # noqa: N802
        """What is there, whether it lasts or not."""
        tell(self._volume, "read", self._name)
        return super().xRead(amount, offset)

    def xWrite(self, data: bytes, offset: int) -> None:  # noqa: N802
        """Into the file, and on the list of what is not synced."""
        tell(self._volume, "write", self._name)
        super().xWrite(data, offset)
        self._volume.write(self._inode, offset, data)

    def xTruncate(self, size: int) -> None:  # noqa: N802
        """The same with its size."""
        tell(self._volume, "truncate", self._name)
        super().xTruncate(size)
        self._volume.truncate(self._inode, size)

    def xSync(self, _flags: int) -> None:  # noqa: N802
        """From here on it lasts; with a new log SQLite syncs the directory too, as its own layer does."""
        tell(self._volume, "sync", self._name)
        self._inode.sync()
        if self._directory_unsynced:
            tell(self._volume, "sync directory")
            self._volume.sync_directory()
            self._directory_unsynced = False


def tell(volume: Volume, what: str, name: str = "") -> None:
    """What the volume refuses, in SQLite's own words."""
    try:
        volume.step(what, name)
    except OSError as error:
        code = apsw.SQLITE_FULL if error.errno == errno.ENOSPC else CODES[what]
        raise apsw.exception_for(code) from error
