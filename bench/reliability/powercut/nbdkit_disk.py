"""nbdkit's Python plugin: the volatile disk as a network block device (`nbdkit python nbdkit_disk.py …`)."""
# ruff: noqa: ARG001 (nbdkit says what each function is given)

import sys
import time
from pathlib import Path

import nbdkit  # type: ignore[import-not-found]

sys.path.insert(0, str(Path(__file__).parent))
from volatile import VolatileDisk  # type: ignore[import-not-found]

API_VERSION = 2
FLUSH_S = 0.01  # a card takes 5 to 30 ms; meanwhile nothing else is answered, and a cut finds the cache full

_settings: dict[str, str] = {}


def config(key: str, value: str) -> None:
    """`image` is the disk, `log` what is in its cache."""
    _settings[key] = value


def thread_model() -> int:
    """One request at a time."""
    return int(nbdkit.THREAD_MODEL_SERIALIZE_ALL_REQUESTS)


def open(readonly: bool) -> VolatileDisk:
    """A connection; there is only one, the machine's."""
    return VolatileDisk(Path(_settings["image"]), Path(_settings["log"]))


def close(disk: VolatileDisk) -> None:
    """The machine has gone."""
    disk.close()


def get_size(disk: VolatileDisk) -> int:
    """In bytes."""
    return int(disk.bytes)


def block_size(disk: VolatileDisk) -> tuple[int, int, int]:
    """Whole sectors only: least, usual, most."""
    return (512, 4096, 1 << 20)


def can_flush(disk: VolatileDisk) -> bool:
    """It has a cache."""
    return True


def can_fua(disk: VolatileDisk) -> int:
    """A write that must be on the disk at once becomes a write and a flush."""
    return int(nbdkit.FUA_EMULATE)


def pread(disk: VolatileDisk, buffer: bytearray, offset: int, flags: int) -> None:
    """Read."""
    buffer[:] = disk.read(len(buffer), offset)


def pwrite(disk: VolatileDisk, buffer: bytearray, offset: int, flags: int) -> None:
    """Write into the cache."""
    disk.write(bytes(buffer), offset)


def flush(disk: VolatileDisk, flags: int) -> None:
    """The cache goes to the disk."""
    time.sleep(FLUSH_S)
    disk.flush()
