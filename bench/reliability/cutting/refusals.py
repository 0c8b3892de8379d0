"""Whichever call the disk refuses below SQLite, for every n: nothing accepted is lost, and all works again."""

import asyncio
import errno
import itertools
import random
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from agent.errors import StorageError
from agent.outbox.outbox import FILE, Outbox
from agent.records import Instant, Lane, Record
from bench.reliability.cutting.as_sqlite3 import Connection
from bench.reliability.cutting.damage import an_index_page
from bench.reliability.cutting.life import BEGINNING, ROOM
from bench.reliability.cutting.mounted import mounted, unplugged
from bench.reliability.cutting.outside import WINDOW_S, Inside, Outside
from bench.reliability.cutting.volume import Volume
from simulators.clock import run_virtual
from simulators.twin import EPOCH_S, Disk

T = TypeVar("T")
ERRORS = (errno.EIO, errno.ENOSPC)
TRIES = 8  # a call that is refused for good is refused so often, then the disk is mended
AGAIN_S = 1.0
DEVICE = "panic-gate"


@dataclass
class Refusing:
    """The n-th call is refused, once or until it is mended."""

    nth: int
    error: int
    for_good: bool
    count: int = 0
    struck: bool = False

    def __call__(self, what: str, name: str) -> None:
        """Stands where the volume asks whether something may happen."""
        self.count += 1
        if self.count == self.nth or (self.for_good and self.struck):
            self.struck = True
            raise OSError(self.error, f"{what} {name} is refused")

    def mend(self) -> None:
        """From now on the disk takes everything."""
        self.for_good, self.nth = False, 0


@dataclass
class Trial:
    """One n; three boots, the second over a damaged file, so that its salvage is refused as well."""

    refusing: Refusing
    directory: Path

    def __post_init__(self) -> None:
        self.volume = Volume(self.directory, random.Random(1))
        self.volume.fault = self.refusing
        self.outside = Outside()
        self.complaints: list[str] = []

    def run(self) -> list[str]:
        """What did not hold."""
        with mounted(self.volume) as made:
            for boot in ("first", "second"):
                run_virtual(self._live(boot), 1)
                unplugged(self.volume, made)
                self.volume.dead = False
                if page := an_index_page(self.directory / FILE):
                    self.volume.scribble(FILE, page.offset, bytes(page.size))
            self.refusing.mend()
            run_virtual(self._look(made), 1)
        return self.complaints

    async def _live(self, boot: str) -> None:
        disk = Disk(random.Random(1))
        outbox = await self._insist(lambda: self._open(boot, disk))
        await self._insist(lambda: self._append(outbox, 3))
        await outbox.telemetry([self._record(Lane.TELEMETRY, n) for n in self._measured(5)])
        await self._insist(lambda: self._append(outbox, 1))
        arrived = (await self._insist(lambda: outbox.next(BEGINNING, ROOM)))[:2]
        for stored in arrived:
            self.complaints += self.outside.arrive(stored)
        await outbox.confirm(arrived)
        await asyncio.sleep(3 * WINDOW_S)
        await self._insist(lambda: self._append(outbox, 2))
        await outbox.aclose()
        self.outside.closed() if not self.refusing.struck else self.outside.power_fails(_now_s() - 2 * WINDOW_S)

    async def _look(self, made: list[Connection]) -> None:
        outbox = await self._open("last", Disk(random.Random(1)))
        connection = next(one for one in reversed(made) if not one.closed)
        (check,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        stored = await outbox.next(BEGINNING, ROOM)
        inside = Inside(outbox.store_id, stored, outbox.states(), await outbox.depths(), check)
        self.complaints += self.outside.complaints(inside)
        await outbox.aclose()

    async def _open(self, boot: str, disk: Disk) -> Outbox:
        return await Outbox.open(
            self.directory, max_bytes=ROOM, boot_id=boot, offload=disk.offload, telemetry_batch_s=WINDOW_S
        )

    async def _append(self, outbox: Outbox, count: int) -> None:
        numbers = [self.outside.number() for _ in range(count)]
        self.outside.ask(DEVICE, numbers)
        given = await outbox.append([self._record(Lane.ALARM, n) for n in numbers], {DEVICE: str(numbers[-1])})
        self.complaints += self.outside.kept(DEVICE, numbers, [(outbox.store_id, one) for one in given])

    async def _insist(self, once: Callable[[], Awaitable[T]]) -> T:
        """As the pipe and the service manager do: again after a while, until the disk is mended."""
        for tried in itertools.count(1):
            try:
                return await once()
            except StorageError:
                await asyncio.sleep(AGAIN_S)
            if tried == TRIES:
                self.refusing.mend()
            if tried > 2 * TRIES:
                raise AssertionError("it does not work again though the disk is mended")
        raise AssertionError("never")

    def _measured(self, count: int) -> list[int]:
        numbers = [self.outside.number() for _ in range(count)]
        self.outside.measured.update((n, _now_s()) for n in numbers)
        return numbers

    def _record(self, lane: Lane, number: int) -> Record:
        at = Instant(_now_s(), EPOCH_S + _now_s(), "synchronised")
        return Record(lane, lane.channel, DEVICE, {"n": number}, at)


def refusals(every: int = 1) -> Iterator[tuple[str, list[str]]]:
    """Each n from 1 until a run is clean, or each so many-th, in every manner: which it was, what did not hold."""
    for error, for_good in itertools.product(ERRORS, (False, True)):
        for nth in itertools.count(1, every):
            refusing = Refusing(nth, error, for_good)
            with tempfile.TemporaryDirectory(prefix="campusgw-refused-") as directory:
                complaints = Trial(refusing, Path(directory)).run()
            if not refusing.struck:
                break
            manner = "from then on" if for_good else "once"
            yield f"call {nth}, {errno.errorcode[error]} {manner}", complaints


def _now_s() -> float:
    return asyncio.get_running_loop().time()
