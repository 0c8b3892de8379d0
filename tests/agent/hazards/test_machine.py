"""Whatever sensors, people, clocks and restarts do: what a ledger promises holds after every step."""

import itertools
from collections.abc import Iterable
from dataclasses import replace

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from agent.errors import OrderRefused
from agent.hazards import watch
from agent.hazards.ledger import Ledger
from agent.hazards.model import Facts, Hazard, Status
from agent.hazards.progress import Progress
from agent.hazards.rules import RuleBook
from agent.hazards.settings import HazardSettings
from agent.hazards.steps import EVENTS, Wish, step
from agent.hazards.watch import pending_from_json, pending_to_json
from agent.provisioning.model import Text
from agent.school import Responsible
from tests.agent.hazards.ledgerbook import DAY_S, FACTS, Machine, Sensor

MOST = 12
BOOK = RuleBook.model_validate({"id": "b", "title": {"en": "b", "zh": "b"}, "source": ["ours"]})
SETTINGS = HazardSettings(BOOK, kept_most=MOST, reopen_within_s=7 * DAY_S)
CHAIN = (Responsible("guard", "张", 0.0), Responsible("safety_officer", "李", 3600.0))
WISHES = st.builds(
    Wish,
    action=st.sampled_from(list(EVENTS)),
    person=st.sampled_from(["王师傅", "李主任", ""]),
    reason=st.sampled_from(["", "未修好"]),
    to=st.sampled_from(["", "王师傅"]),
    grade=st.sampled_from([None, "major", "general"]),
)
SPANS = st.sampled_from([1.0, 30.0, 61.0, 3600.0, DAY_S, 8 * DAY_S])


class Life(RuleBasedStateMachine):
    """A ledger with three sensors; what happens is also written down as events."""

    @initialize()
    def begin(self) -> None:
        self.machine = Machine()
        self.sensors = [Sensor(facts=_facts(number)) for number in range(3)]
        self.ledger = Ledger(MOST)
        self.pending: dict[watch.Key, watch.Pending] = {}
        self.events: list[tuple[str, str, str]] = []
        self.reopened: dict[str, int] = {}
        self.closed_by_step: set[str] = set()
        self.calls: set[tuple[str, int, str]] = set()
        self.numbers = itertools.count()

    @rule(number=st.integers(0, 2), failing=st.sampled_from([True, False, None]))
    def sense(self, number: int, failing: bool | None) -> None:
        self.sensors[number].failing = failing

    @rule(span_s=SPANS)
    def wait(self, span_s: float) -> None:
        self.machine.s += span_s

    @rule(jump_s=st.sampled_from([0.0, 900 * DAY_S, -900 * DAY_S]), right=st.booleans())
    def turn_clock(self, jump_s: float, right: bool) -> None:
        late = {one.id for one in self.ledger if one.overdue}
        self.machine.jump_s, self.machine.clock = (0.0, "synchronised") if right else (jump_s, "unknown")
        self.look()
        assert {one.id for one in self.ledger if one.overdue} <= late | self._truly_late()

    @rule(span_s=SPANS)
    def power_cut(self, span_s: float) -> None:
        self.restart()
        self.machine.off(span_s, self.machine.clock)

    @rule()
    def restart(self) -> None:
        before, pending = list(self.ledger), self.pending
        states = self.ledger.prepared(before).states
        self.ledger, unread = Ledger.recalled(MOST, dict(states))
        assert (list(self.ledger), unread) == (before, [])
        self.pending = pending_from_json(pending_to_json(pending))
        self.machine.start += 1
        self.machine.started_s = self.machine.now.monotonic_s

    @rule()
    def look(self) -> None:
        times, now = self.machine.times, self.machine.now
        looked = watch.look((one.sight for one in self.sensors), self.ledger.newest, self.pending, times, now)
        progress = Progress(self.ledger, SETTINGS, CHAIN, times, now, self._new_id)
        progress.follow(looked.changes)
        progress.watch_time()
        self._enter(progress.hazards.values())
        self.events += [(one.event, one.hazard.id, one.hazard.status) for one in progress.happenings]
        for call in progress.calls:
            about = call.hazard.id, len(call.hazard.steps), call.due.mark
            assert about not in self.calls, "told twice of the same standing still"
            self.calls.add(about)
        followed = {change.sight.finding.key for change in looked.changes}
        self.pending = {key: one for key, one in looked.pending.items() if key not in followed}

    @rule(which=st.integers(0, MOST - 1), wish=WISHES)
    def take_step(self, which: int, wish: Wish) -> None:
        hazards = list(self.ledger)
        if not hazards:
            return
        before = hazards[which % len(hazards)]
        try:
            after = step(before, wish, self.machine.moment, self.machine.times)
        except OrderRefused:
            return
        self._enter([after])
        self.events.append((EVENTS[wish.action], after.id, after.status))
        if after.status is Status.CLOSED and before.status is not Status.CLOSED:
            assert (wish.action, before.status) == ("accept", Status.AWAITING_RECHECK)
            assert wish.person
            assert before.failing is not True
            self.closed_by_step.add(after.id)

    @invariant()
    def only_people_close(self) -> None:
        for one in self.ledger:
            if one.status is Status.CLOSED:
                assert one.id in self.closed_by_step
                assert one.closed_by
            else:
                assert one.closed_at is None

    @invariant()
    def reopenings_only_grow(self) -> None:
        for one in self.ledger:
            assert one.reopened >= self.reopened.get(one.id, 0)
            self.reopened[one.id] = one.reopened

    @invariant()
    def one_open_hazard_of_each_key(self) -> None:
        keys = [one.key for one in self.ledger if one.open]
        assert len(keys) == len(set(keys))
        assert len(self.ledger) <= MOST

    @invariant()
    def the_events_alone_tell_every_status(self) -> None:
        told = {id: status for _, id, status in self.events}
        assert {one.id: one.status for one in self.ledger} == {one.id: told[one.id] for one in self.ledger}

    @invariant()
    def what_is_done_is_not_overdue(self) -> None:
        resting = (Status.CLOSED, Status.AWAITING_RECHECK)
        assert not [one for one in self.ledger if one.overdue and one.status in resting]

    def _enter(self, changed: Iterable[Hazard]) -> None:
        entry = self.ledger.prepared(changed)
        assert not [one for one in entry.gone if one.open]
        self.ledger.enter(entry)

    def _truly_late(self) -> set[str]:
        """What is late by the true time, however the machine's clock stands."""
        true = Machine(**{**vars(self.machine), "jump_s": 0.0, "clock": "synchronised"})
        return {one.id for one in self.ledger if _late(one, true)}

    def _new_id(self, number: int) -> str:
        return f"{self.ledger.next_number + number}-{next(self.numbers):04x}"


def _late(hazard: Hazard, true: Machine) -> bool:
    began = hazard.deadline.since
    passed_s = true.now.utc_s - began.at.utc_s if began.at.clock == "synchronised" else 1e12
    return passed_s > hazard.deadline.within_s


def _facts(number: int) -> Facts:
    return replace(FACTS, subject=f"smoke-{number}", text=Text(str(number), str(number)))


Life.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestLife = Life.TestCase
