"""A small disk of our own, in a mount namespace that nobody else sees: it can be filled, and turned read-only."""

import ctypes
import os
import shutil
import subprocess
from pathlib import Path

from bench.errors import BenchError, Missing

CLONE_NEWNS = 0x00020000  # linux/sched.h
MS_REC, MS_PRIVATE = 0x4000, 0x40000  # linux/mount.h
SIZE = 16 * 1024 * 1024
BLOCK = 64 * 1024
TOOLS = ("mount", "umount", "mkfs.ext4", "e2fsck", "setpriv")


def own_mounts() -> None:
    """From now on what this process mounts is seen by it and its children only; raises Missing."""
    if os.geteuid() != 0:
        raise Missing("root is needed, to mount a small disk")
    if lacking := [tool for tool in TOOLS if shutil.which(tool) is None]:
        raise Missing(f"{', '.join(lacking)}: apt install mount e2fsprogs util-linux")
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unshare(CLONE_NEWNS) or libc.mount(None, b"/", None, MS_REC | MS_PRIVATE, None):
        raise Missing(f"no mount namespace of one's own: {os.strerror(ctypes.get_errno())}")


class Volume:
    """ext4 in a file, mounted at `at`; it ends with the process's namespace, or by `take_away`."""

    def __init__(self, image: Path, at: Path) -> None:
        self.at = at
        self._image = image
        self._filler = at / "filler"

    def make(self) -> None:
        """Raises Missing where the kernel has no loop devices or no ext4."""
        with self._image.open("wb") as file:
            file.truncate(SIZE)
        _run("mkfs.ext4", "-q", "-m", "0", str(self._image))
        self.at.mkdir(parents=True, exist_ok=True)
        try:
            self._mount()
        except BenchError as error:
            raise Missing(f"a file cannot be mounted as a disk here: {error}") from error

    def fill(self) -> None:
        """To the last byte, by somebody else."""
        size = BLOCK
        with self._filler.open("ab", buffering=0) as file:
            while size:
                try:
                    file.write(b"\0" * size)
                except OSError:
                    size //= 2

    def clear(self) -> None:
        """That somebody has tidied up."""
        self._filler.unlink()

    def fail(self) -> None:
        """What the kernel does after an error of the medium: read-only, files that are open included."""
        _run("mount", "-o", "remount,abort", str(self.at))

    def repair(self) -> None:
        """A person has put in another card with what was on this one; who has old files open keeps dead ones."""
        self.take_away()
        card = self._image.with_name(f"{self._image.name}.copy")
        shutil.copyfile(self._image, card)
        self._image = card
        _run("e2fsck", "-fy", str(card), good=(0, 1))  # 1: errors were corrected
        self._mount()

    def lock(self) -> None:
        """Mounted read-only from the beginning, as after a boot with a damaged card."""
        _run("mount", "-o", "remount,ro", str(self.at))

    def unlock(self) -> None:
        """Writable after all."""
        _run("mount", "-o", "remount,rw", str(self.at))

    def take_away(self) -> None:
        """Unmount it, whoever still uses it."""
        _run("umount", "-l", str(self.at))

    def _mount(self) -> None:
        _run("mount", "-o", "loop", str(self._image), str(self.at))


def _run(*command: str, good: tuple[int, ...] = (0,)) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    if done.returncode not in good:
        raise BenchError(f"{' '.join(command)}: {done.stderr.strip()}")
