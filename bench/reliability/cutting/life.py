"""The life of one store on a disk that loses its power again and again: everything it does, and what it keeps."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from agent.errors import StorageError
from agent.outbox.outbox import FILE, Outbox
from agent.records import Instant, Lane, Record, Stored
from bench.reliability.cutting.as_sqlite3 import Connection
from bench.reliability.cutting.damage import an_index_page
from bench.reliability.cutting.first_version import DEVICE, write_first_version
from bench.reliability.cutting.mounted import mounted, unplugged
from bench.reliability.cutting.outside import WINDOW_S, Inside, Outside
from bench.reliability.cutting.volume import Volume, nothing
from simulators.clock import run_virtual
from simulators.twin import EPOCH_S, Disk

ROOM = 64 * 1024 * 1024
DEVICES = ("panic-gate", "smoke-3f-east", "barrier-south")
BEGINNING: Mapping[Lane, int] = dict.fromkeys(Lane, 0)
INSTANTS = (8, 60, 300, 1500)  # operations until the power fails, at most
SALVAGE = 60  # about so many does a salvage take
DAMAGED = 0.1  # so often a page is spoilt while the power is off, so that a salvage is cut too
OLD = 0.2  # so often the life begins with a store of the first version
CHECKPOINTS = (4, 20, 1000)  # pages in the log before it is taken over into the file


@dataclass(frozen=True, slots=True)
class Complaint:
    """A promise that was not kept, found by the start after that cut."""

    seed: int
    cut: int
    words: str

    def __str__(self) -> str:
        return f"seed {self.seed}, after cut {self.cut}: {self.words}"


@dataclass
class Life:
    """One seed; `complaints` stays empty, or the store has broken a promise."""

    seed: int
    directory: Path
    instead: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.dice = random.Random(self.seed)
        self.volume = Volume(self.directory, self.dice)
        self.outside = Outside()
        self.complaints: list[Complaint] = []
        self.attempts = 0
        self.starts = 0
        self.salvages = 0
        self.migrations = 0
        self._orderly = False
        self._spoilt = False
        self._aside = ""

    def run(self, cuts: int) -> None:
        """Start, work, lose the power, so many times; at the end one start in peace."""
        with mounted(self.volume, self.instead) as made:
            if self.dice.random() < OLD:
                self._inherit()
                unplugged(self.volume, made)
                self.volume.power_on()
            while self.volume.cuts < cuts:
                self._boot(made, peaceful=False)
            self._boot(made, peaceful=True)

    def _inherit(self) -> None:
        """A store of the first version is there already, closed in order."""
        numbers = [self.outside.number() for _ in range(self.dice.randint(1, 400))]
        self.outside.ask(DEVICE, numbers)
        names = write_first_version(self.directory / FILE, numbers, self.dice)
        self._complain(self.outside.kept(DEVICE, numbers, list(names)))
        self.migrations += 1

    # --- one boot -----------------------------------------------------------------------------------

    def _boot(self, made: list[Connection], *, peaceful: bool) -> None:
        self._orderly = False
        most = SALVAGE if self._spoilt else self.dice.choice(INSTANTS)
        self.volume.cut_after(0 if peaceful else self.dice.randint(1, most))
        run_virtual(self._live(made), self.dice.getrandbits(32))
        unplugged(self.volume, made)
        self.volume.power_on()
        if self.dice.random() < DAMAGED and (page := an_index_page(self.directory / FILE)):
            self.volume.scribble(FILE, page.offset, self.dice.randbytes(page.size))
            self._spoilt = True
            self.salvages += 1

    async def _live(self, made: list[Connection]) -> None:
        self.volume.died = self._died
        self._one_by_one = asyncio.Lock()  # what is confirmed, and what is wanted again: in a known order
        outbox = await self._open(made)
        if outbox is not None:
            try:
                await self._be_used(outbox, _its(made))
            except StorageError as error:
                self._complain_unless_dead(f"refused: {error}")
        self._power_fails()

    async def _be_used(self, outbox: Outbox, connection: Connection) -> None:
        await self._look(outbox, connection)
        await self._work(outbox)
        if self.dice.random() < 0.5:
            await outbox.aclose()
            self._orderly = not self.volume.dead

    def _power_fails(self) -> None:
        if self._orderly:
            self.outside.closed()
        self.volume.pull_the_plug()
        self.volume.died = nothing

    def _died(self) -> None:
        """What is measured later, nobody can have kept."""
        self.outside.power_fails(_now_s())

    async def _open(self, made: list[Connection]) -> Outbox | None:
        """None: the power failed meanwhile."""
        boot_id = f"{self.dice.getrandbits(128):032x}"
        disk = Disk(self.dice)
        self.attempts += 1
        try:
            outbox = await Outbox.open(
                self.directory, max_bytes=ROOM, boot_id=boot_id, offload=disk.offload, telemetry_batch_s=WINDOW_S
            )
        except StorageError as error:
            self._complain_unless_dead(f"start: {error}")
            return None
        if self.volume.dead:
            return None
        self.starts += 1
        _its(made).execute(f"PRAGMA wal_autocheckpoint={self.dice.choice(CHECKPOINTS)}")
        return outbox

    async def _look(self, outbox: Outbox, connection: Connection) -> None:
        """In peace, before anything else is done."""
        with self.volume.undisturbed():
            (check,) = connection.execute("PRAGMA quick_check(1)").fetchone()
            stored = await outbox.next(BEGINNING, ROOM)
            inside = Inside(outbox.store_id, stored, outbox.states(), await outbox.depths(), check)
        self._complain(self.outside.complaints(inside))
        if outbox.set_aside not in ("", self._aside) and not self._spoilt and self.outside.owed:
            self._complain(["aside: a sound store was set aside"])
        self._aside = outbox.set_aside  # an empty one from a cut in the first moments may be; said until reported
        self._spoilt = self._spoilt and bool(outbox.set_aside)  # said until the next append has reported it

    def _complain_unless_dead(self, words: str) -> None:
        if not self.volume.dead:
            self._complain([words])

    def _complain(self, said: Iterable[str]) -> None:
        self.complaints += [Complaint(self.seed, self.volume.cuts, words) for words in said]

    # --- its work -----------------------------------------------------------------------------------

    async def _work(self, outbox: Outbox) -> None:
        until_s = _now_s() + self.dice.uniform(0.2, 12.0)
        async with asyncio.TaskGroup() as group:
            for device in DEVICES:
                group.create_task(self._again(until_s, 0.4, partial(self._append, outbox, device)))
            group.create_task(self._again(until_s, 0.8, partial(self._measure, outbox)))
            group.create_task(self._again(until_s, 1.0, partial(self._deliver, outbox)))
            group.create_task(self._again(until_s, 4.0, partial(self._ask_again, outbox)))

    async def _again(self, until_s: float, pause_s: float, once: Callable[[], Awaitable[None]]) -> None:
        while _now_s() < until_s and not self.volume.dead:
            try:
                await once()
            except StorageError as error:
                self._complain_unless_dead(f"refused: {error}")
            await asyncio.sleep(self.dice.uniform(0.0, pause_s))

    async def _append(self, outbox: Outbox, device: str) -> None:
        """An alarm, sometimes an event with it, and the state that they lead to."""
        numbers = [self.outside.number() for _ in range(self.dice.choice((1, 1, 1, 2, 5)))]
        lanes = [Lane.ALARM, *(self.dice.choice((Lane.ALARM, Lane.EVENT)) for _ in numbers[1:])]
        records = [self._record(lane, device, n) for lane, n in zip(lanes, numbers, strict=True)]
        self.outside.ask(device, numbers)
        sequences = await outbox.append(records, {device: str(numbers[-1])})
        names = [(outbox.store_id, sequence) for sequence in sequences]
        self._complain(self.outside.kept(device, numbers, names))

    async def _measure(self, outbox: Outbox) -> None:
        numbers = [self.outside.number() for _ in range(self.dice.randint(1, 6))]
        self.outside.measured.update((n, _now_s()) for n in numbers)
        await outbox.telemetry([self._record(Lane.TELEMETRY, "server-room", n) for n in numbers])

    async def _deliver(self, outbox: Outbox) -> None:
        """Some of what waits arrives, and is confirmed a little later."""
        waiting = await outbox.next(BEGINNING, 32)
        arrived = [stored for stored in waiting if self.dice.random() < 0.6]
        await asyncio.sleep(self.dice.uniform(0.0, 0.3))
        async with self._one_by_one:
            for stored in arrived:
                self._complain(self.outside.arrive(stored))
            if self.dice.random() < 0.5:
                await outbox.confirm(arrived)
            else:
                await self._confirm_spans(outbox, arrived)

    async def _confirm_spans(self, outbox: Outbox, arrived: Sequence[Stored]) -> None:
        """The platform's own word for alarms and events, the broker's for telemetry."""
        kept = [one.sequence for one in arrived if one.series == outbox.store_id]
        await outbox.confirm_spans(outbox.store_id, [(sequence, sequence) for sequence in kept])
        await outbox.confirm([one for one in arrived if one.series != outbox.store_id])

    async def _ask_again(self, outbox: Outbox) -> None:
        """The platform wants a span once more; what the store says it will send again, it owes again."""
        newest = max((n for series, n in self.outside.names if series == outbox.store_id), default=0)
        first = self.dice.randint(1, newest + 1)
        last = first + self.dice.randint(0, 5)
        async with self._one_by_one:
            replayed = await outbox.replay(outbox.store_id, first, last)
            gone = {sequence for a, b in replayed.gone for sequence in range(a, b + 1)}
            self.outside.again(
                (outbox.store_id, sequence) for sequence in range(first, last + 1) if sequence not in gone
            )

    def _record(self, lane: Lane, subject: str, number: int) -> Record:
        data = {"n": number, "pad": "x" * self.dice.choice((0, 0, 200, 5000))}
        return Record(lane, lane.channel, subject, data, Instant(_now_s(), EPOCH_S + _now_s(), "synchronised"))


def _its(made: list[Connection]) -> Connection:
    """The store's own, and none that has only looked into a damaged file."""
    return next(connection for connection in reversed(made) if not connection.closed)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
