"""When records leave the disk for memory, and when they go back: as soon as the disk takes them again."""

import sqlite3
from contextlib import suppress
from pathlib import Path

from agent.outbox.damage import is_damage
from agent.outbox.opening import open_store
from agent.outbox.refuge import Refuge, Shift
from agent.outbox.room import Bounds
from agent.outbox.store import Store

LOOK_FIRST_S = 1.0  # until the disk is tried again; twice as long each time …
LOOK_MOST_S = 10.0  # … up to this


class Shelter:
    """Knows the way there and back; `bytes_most` 0: there is none. Time comes as an argument (loop time)."""

    def __init__(self, file: Path, bounds: Bounds, bytes_most: int) -> None:
        self.refuge: Refuge | None = None
        self._file, self._bounds, self._bytes_most = file, bounds, bytes_most
        self._wait_s = LOOK_FIRST_S
        self._look_s = 0.0

    @property
    def offered(self) -> bool:
        """There is one, and nobody is in it."""
        return bool(self._bytes_most) and self.refuge is None

    def wait_s(self, now_s: float) -> float | None:
        """How long until the disk should be tried again; None: nothing is in memory."""
        return None if self.refuge is None else max(0.0, self._look_s - now_s)

    def seek(self, disk: Store | None) -> Refuge:
        """In the storage thread: a store in memory."""
        return Refuge(disk, self._bytes_most)

    def entered(self, refuge: Refuge, now_s: float) -> None:
        """From now on records go there."""
        self.refuge = refuge
        self._wait_s = LOOK_FIRST_S
        self._look_s = now_s + self._wait_s

    def in_vain(self, now_s: float) -> None:
        """The disk still refuses."""
        self._wait_s = min(LOOK_MOST_S, 2 * self._wait_s)
        self._look_s = now_s + self._wait_s

    def leave(self, refuge: Refuge) -> tuple[Store, Shift]:
        """In the storage thread: everything moves to the disk; raises sqlite3.Error, OSError or ValueError."""
        disk = refuge.disk
        if disk is None or disk.closed:
            disk = refuge.disk = open_store(self._file, self._bounds)
        try:
            disk.check_presence()  # a card that was put in anew is another one under the same name
            shift = refuge.move_to(disk)
        except sqlite3.Error as error:
            if is_damage(error):
                with suppress(sqlite3.Error):
                    disk.close()  # the next time it is opened anew, and a damaged one set aside
            raise
        return disk, shift
