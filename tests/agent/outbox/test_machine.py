"""Whatever is done to an outbox, in whatever order: a simple model knows what must be in it."""

import asyncio
import shutil
import tempfile
from collections import defaultdict
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from agent.errors import StorageError
from agent.outbox.outbox import Outbox
from agent.records import Lane, Stored
from tests.agent.outbox.bench import everything, inline, record
from tests.agent.outbox.failing import Failing, failing

BOUND = 12_000
LANES = st.lists(st.sampled_from(list(Lane)), min_size=1, max_size=8)


class OutboxMachine(RuleBasedStateMachine):
    """The model: numbers by lane in the order in which they were accepted, and those that were confirmed."""

    def __init__(self) -> None:
        super().__init__()
        self.directory = Path(tempfile.mkdtemp(prefix="campusgw-outbox-"))
        self.runner = asyncio.Runner()
        self.n = 0
        self.accepted: dict[Lane, list[int]] = defaultdict(list)
        self.buffered: list[int] = []
        self.confirmed: set[int] = set()
        self.sequences: dict[int, int] = {}
        self.state = "none"
        self.stored: list[Stored] = []

    @initialize()
    def start(self) -> None:
        self.outbox: Outbox = self.runner.run(
            Outbox.open(
                self.directory, max_bytes=BOUND, boot_id=str(self.n), offload=inline, telemetry_batch_s=3600
            )
        )
        self.database: Failing = failing(self.outbox)

    @rule(lanes=LANES, size=st.sampled_from([0, 200, 900]))
    def append(self, lanes: list[Lane], size: int) -> None:
        numbers = self._numbers(len(lanes))
        records = [record(lane, n=n, pad="x" * size) for lane, n in zip(lanes, numbers, strict=True)]
        state = f"after {self.n}"
        try:
            given = self.runner.run(self.outbox.append(records, {"device": state}))
        except StorageError:
            return
        assert not set(given) & set(self.sequences.values())
        self.state = state
        for lane, n, sequence in zip(lanes, numbers, given, strict=True):
            self.accepted[lane].append(n)
            self.sequences[n] = sequence
        self._buffered_is_written()

    @rule(count=st.integers(1, 5))
    def telemetry(self, count: int) -> None:
        numbers = self._numbers(count)
        self.runner.run(self.outbox.telemetry([record(Lane.TELEMETRY, n=n) for n in numbers]))
        self.buffered += numbers

    @rule(positions=st.sets(st.integers(0, 60), max_size=10))
    def confirm(self, positions: set[int]) -> None:
        chosen = [stored for position, stored in enumerate(self.stored) if position in positions]
        self.runner.run(self.outbox.confirm(chosen))
        self.confirmed |= {s.record.data["n"] for s in chosen if "n" in s.record.data}

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
        self._buffered_is_written()
        self.n += 1
        self.start()

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
        depths = self.runner.run(self._depths())
        self.stored = self.runner.run(everything(self.outbox))
        assert self.outbox.states().get("device", "none") == self.state
        assert [s.record.lane for s in self.stored] == sorted(s.record.lane for s in self.stored)
        for lane in Lane:
            mine = [s for s in self.stored if s.record.lane is lane]
            assert [s.sequence for s in mine] == sorted(s.sequence for s in mine)
            numbers = [s.record.data["n"] for s in mine if "n" in s.record.data]
            waiting = [n for n in self.accepted[lane] if n not in self.confirmed]
            assert numbers == waiting[len(waiting) - len(numbers) :], "only the oldest may be missing"
            depth = depths[lane]
            assert depth.count == len(mine)
            assert depth.accepted == depth.confirmed + depth.count + depth.dropped
            if len(numbers) < len(waiting):
                assert depth.dropped >= len(waiting) - len(numbers)
        assert depths[Lane.ALARM].accepted == len(self.accepted[Lane.ALARM])
        if depths[Lane.ALARM].dropped == 0:
            assert sum(d.bytes for d in depths.values()) <= BOUND * 1.12
        notices = [s.record.data["fields"] for s in self.stored if s.record.data.get("event") == "outbox.dropped"]
        if notices:
            assert notices[-1]["totals"]["alarm"] == depths[Lane.ALARM].dropped

    async def _depths(self):  # type: ignore[no-untyped-def]
        depths = await self.outbox.depths()
        if not self.outbox._next.telemetry:
            self._buffered_is_written()
        return depths

    def _buffered_is_written(self) -> None:
        """Telemetry rides along with any transaction that succeeds."""
        self.accepted[Lane.TELEMETRY] += self.buffered
        self.buffered = []

    def _numbers(self, count: int) -> list[int]:
        self.n += count
        return list(range(self.n - count, self.n))


TestOutbox = OutboxMachine.TestCase
TestOutbox.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
