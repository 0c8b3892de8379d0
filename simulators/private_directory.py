"""A directory of one's own that is gone afterwards; what a killed owner left goes when the next one starts."""

import contextlib
import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from drivers.errors import GatewayError


class NoDirectory(GatewayError):
    """There is no room for one: say so, nothing has begun."""


@contextlib.contextmanager
def private_directory(prefix: str, place: Path) -> Iterator[Path]:
    """A fresh one in `place`, locked while we live: nobody takes it for left behind. Raises NoDirectory."""
    _clear_left(prefix, place)
    try:
        path, lock = _fresh(prefix, place)
    except OSError as error:
        raise NoDirectory(f"{place}: {error.strerror or error}") from error
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)
        os.close(lock)


def _fresh(prefix: str, place: Path) -> tuple[Path, int]:
    """Another that starts just now may clear it between its making and its lock: then make another."""
    while True:
        path = Path(tempfile.mkdtemp(prefix=prefix, dir=place))
        if (lock := _locked(path)) is not None:
            return path, lock


def _clear_left(prefix: str, place: Path) -> None:
    """Remove what nobody holds any more; somebody else's is left alone."""
    for path in place.glob(f"{prefix}*"):
        with contextlib.suppress(OSError):
            ours = not path.is_symlink() and path.is_dir() and path.stat().st_uid == os.geteuid()
            if ours and (lock := _locked(path)) is not None:
                shutil.rmtree(path, ignore_errors=True)
                os.close(lock)


def _locked(path: Path) -> int | None:
    """Its lock, which the kernel takes back at its owner's end; None while somebody has it, or it is gone."""
    try:
        lock = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    except OSError:
        return None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(lock), path.stat()):
            return lock
    except (BlockingIOError, FileNotFoundError):
        pass
    except OSError:
        os.close(lock)
        raise
    os.close(lock)
    return None
