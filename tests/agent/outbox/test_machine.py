"""Whatever is done to an outbox, in whatever order: a simple model knows what must be in it."""

import asyncio
import shutil
import tempfile
from collections import defaultdict
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from agent.errors import StorageError
from agent.outbox.outbox import FILE, Outbox
from agent.records import Lane, Stored
from tests.agent.outbox.bench import everything, inline, noise, record
from tests.agent.outbox.failing import Failing, failing

BOUND, HISTORY = 12_000, 3_000
KEPT = (Lane.ALARM, Lane.EVENT)
LANES = st.lists(st.sampled_from(KEPT), min_size=1, max_size=8)
SIZES = st.sampled_from([0, 200, 900])


class OutboxMachine(RuleBasedStateMachine):
    """The model: numbers by lane in the order in which they were accepted; which are confirmed, and which lost."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="campusgw-outbox-"))
        self.runner = asyncio.Runner()
        self.n = 0
        self.accepted: dict[Lane, list[int]] = defaultdict(list)
        self.confirmed: set[int] = set()
        self.dropped: dict[Lane, set[int]] = defaultdict(set)  # in the life of this store
        self.gone: set[int] = set()  # dropped ever, or in memory when the process was killed
        self.names: dict[tuple[str, int], int] = {}
        self.state = "none"
        self.stored: list[Stored] = []
        self.told = 0  # alarms dropped, as the notices say
        self.taken_over = 0  # what a new store has of the one before

    @initialize()
    def start(self) -> None:
        self.n += 1
        self.outbox: Outbox = self.runner.run(
            Outbox.open(
                self.directory,
                max_bytes=BOUND,
                history_bytes=HISTORY,
                boot_id=f"boot{self.n}",
                offload=inline,
                telemetry_batch_s=3600,
            )
        )
        self.database: Failing = failing(self.outbox)

    # --- what may happen ----------------------------------------------------------------------------

    @rule(lanes=LANES, size=SIZES)
    def append(self, lanes: list[Lane], size: int) -> None:
        numbers = self._numbers(len(lanes))
        records = [record(lane, n=n, pad="x" * size) for lane, n in zip(lanes, numbers, strict=True)]
        state = f"after {self.n}"
        before = self.outbox.store_id, self.outbox._keeper.ledger.last
        try:
            given = self.runner.run(self.outbox.append(records, {"device": state}))
        except StorageError:
            return
        assert given == list(range(before[1] + 1, before[1] + 1 + len(lanes))), "gap-free"
        self.state = state
        for lane, n in zip(lanes, numbers, strict=True):
            self.accepted[lane].append(n)

    @rule(count=st.integers(1, 5), size=SIZES)
    def telemetry(self, count: int, size: int) -> None:
        numbers = self._numbers(count)
        records = [record(Lane.TELEMETRY, n=n, pad=noise(size, n)) for n in numbers]
        self.runner.run(self.outbox.telemetry(records))
        self.accepted[Lane.TELEMETRY] += numbers

    @rule()
    def the_window_of_telemetry_ends(self) -> None:
        async def end() -> None:
            self.outbox._pending.window._batch_s = 0.0
            self.outbox._writer.write_when_due()
            await self.outbox._writer.settled()
            self.outbox._pending.window._batch_s = 3600.0

        self.runner.run(end())

    @rule(positions=st.sets(st.integers(0, 60), max_size=10))
    def confirm(self, positions: set[int]) -> None:
        chosen = [stored for position, stored in enumerate(self.stored) if position in positions]
        self.runner.run(self.outbox.confirm(chosen))
        self.confirmed |= _numbers(chosen)

    @rule(spans=st.lists(st.tuples(st.integers(1, 60), st.integers(0, 20)), max_size=3))
    def the_platform_confirms(self, spans: list[tuple[int, int]]) -> None:
        wanted = [(first, first + more) for first, more in spans]
        try:
            count = self.runner.run(self.outbox.confirm_spans(self.outbox.store_id, wanted))
        except StorageError:
            return
        heard = [s for s in self.stored if _kept(s) and any(a <= s.sequence <= b for a, b in wanted)]
        assert count >= len(heard)
        self.confirmed |= _numbers(heard)

    @rule(first=st.integers(1, 60), more=st.integers(0, 40))
    def the_platform_asks_again(self, first: int, more: int) -> None:
        rewinds, last = self.outbox.rewinds, self.outbox._keeper.ledger.last
        waiting = {s.sequence for s in self.stored if _kept(s)}
        try:
            answer = self.runner.run(self.outbox.replay(self.outbox.store_id, first, first + more))
        except StorageError:
            return
        wanted = {n for n in range(first, first + more + 1) if n <= last}
        gone = {n for a, b in answer.gone for n in range(a, b + 1)}
        assert self.outbox.rewinds == rewinds + 1
        assert gone <= wanted - waiting
        assert answer.again + answer.waiting + len(gone) == len(wanted)
        self.confirmed -= {self.names.get((self.outbox.store_id, n), -1) for n in wanted - gone}

    @rule(call=st.integers(1, 25), for_good=st.booleans())
    def the_disk_will_refuse(self, call: int, for_good: bool) -> None:
        self.database.fail_in, self.database.for_good = call, for_good

    @rule()
    def the_disk_is_well_again(self) -> None:
        self.database.heal()

    @rule()
    def restart(self) -> None:
        self.database.heal()
        self.runner.run(self.outbox.aclose())
        self._begins_anew(set())

    @rule()
    def killed(self) -> None:
        """What is on disk stays; confirmations that were not, come again; telemetry in memory is lost."""
        self.database.heal()
        in_memory = {held.packed.record.data["n"] for held in self.outbox._pending.window._held.values()}
        self.outbox._writer.disarm()
        self.database.close()
        self._begins_anew(in_memory)

    @precondition(lambda self: self.stored and not self.database.for_good)
    @rule()
    def the_file_is_deleted(self) -> None:
        self.database.heal()
        (self.directory / FILE).unlink()
        try:
            self.runner.run(self.outbox.append([record(n=-1)], {}))
        except StorageError:
            pass
        else:
            raise AssertionError("written into nothing")
        self.database = failing(self.outbox)
        self.dropped.clear()
        self.told, self.taken_over = 0, self.outbox._keeper.ledger.last
        self._look_what_came_back()

    # --- what must hold -----------------------------------------------------------------------------

    @invariant()
    def what_is_stored_is_what_was_accepted_and_neither_confirmed_nor_dropped(self) -> None:
        if not hasattr(self, "outbox"):
            return
        kept = self.database.fail_in, self.database.for_good
        self.database.heal()
        self._check()
        self.database.fail_in, self.database.for_good = kept

    def teardown(self) -> None:
        if hasattr(self, "outbox"):
            self.database.heal()
            self.runner.run(self.outbox.aclose())
        self.runner.close()
        shutil.rmtree(self.directory)

    # --- inside -------------------------------------------------------------------------------------

    def _check(self) -> None:
        depths = self.runner.run(self.outbox.depths())
        self.stored = self.runner.run(everything(self.outbox))
        assert self.outbox.states().get("device", "none") == self.state
        assert [s.record.lane for s in self.stored] == sorted(s.record.lane for s in self.stored)
        for lane in Lane:
            mine = [s for s in self.stored if s.record.lane is lane]
            assert [s.place for s in mine] == sorted({s.place for s in mine})
            self._check_lane(lane, [s for s in mine if "n" in s.record.data])
            depth = depths[lane]
            assert depth.count == len(mine)
            assert depth.accepted == depth.confirmed + depth.count + depth.dropped
            assert depth.dropped == len(self.dropped[lane]) or lane is Lane.EVENT, "notices are dropped too"
        if depths[Lane.ALARM].dropped == 0:
            assert self.outbox._keeper.ledger.bytes <= BOUND * 1.12
        self._check_the_books()
        for stored in self.stored:
            if stored.record.data.get("event") == "outbox.dropped" and stored.sequence > self.taken_over:
                self.told = max(self.told, stored.record.data["fields"]["totals"]["alarm"])
        assert self.told == depths[Lane.ALARM].dropped, "every notice has all totals"

    def _check_lane(self, lane: Lane, mine: list[Stored]) -> None:
        for stored in mine:
            assert self.names.setdefault(stored.key, stored.record.data["n"]) == stored.record.data["n"]
        numbers = [s.record.data["n"] for s in mine]
        waiting = [n for n in self.accepted[lane] if n not in self.confirmed and n not in self.gone]
        lost = set(waiting) - set(numbers)
        self.dropped[lane] |= lost
        self.gone |= lost
        assert numbers == [n for n in waiting if n not in lost], "each once, in order, and none that was lost"

    def _check_the_books(self) -> None:
        """They are written with each transaction, and agree with the rows."""
        ask = self.outbox._keeper.store.database.execute
        ledger = self.outbox._keeper.store.ledger
        rows = dict(ask("SELECT lane, COUNT(*) FROM records WHERE waiting GROUP BY lane").fetchall())
        (rows[Lane.TELEMETRY],) = ask("SELECT COALESCE(SUM(count), 0) FROM batches").fetchone()
        assert {lane: tally.count for lane, tally in ledger.lanes.items()} == {n: rows.get(n, 0) for n in Lane}
        (size,) = ask("SELECT COALESCE(SUM(bytes), 0) FROM records").fetchone()
        (packed,) = ask("SELECT COALESCE(SUM(bytes), 0) FROM batches").fetchone()
        assert ledger.bytes == size + packed
        assert ledger.history_bytes <= HISTORY

    def _begins_anew(self, in_memory: set[int]) -> None:
        lost = {n for n in in_memory if n not in self.confirmed}
        self.gone |= lost
        self.start()
        self._look_what_came_back()

    def _look_what_came_back(self) -> None:
        """A confirmation that was not on disk yet is forgotten with the process: a duplicate, never a loss."""
        self.stored = self.runner.run(everything(self.outbox))
        self.confirmed -= _numbers(self.stored)

    def _numbers(self, count: int) -> list[int]:
        self.n += count
        return list(range(self.n - count, self.n))


def _numbers(stored: list[Stored]) -> set[int]:
    return {s.record.data["n"] for s in stored if "n" in s.record.data}


def _kept(stored: Stored) -> bool:
    return stored.record.lane is not Lane.TELEMETRY


TestOutbox = OutboxMachine.TestCase
TestOutbox.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)
