"""Hazards, times and rules to test with: everything in arithmetic, time as an argument."""

from dataclasses import dataclass, field, replace

from agent.hazards import sensed
from agent.hazards.model import Deadline, Duties, Facts, Hazard, Status
from agent.hazards.moments import Moment, Times
from agent.hazards.sights import Finding, Sight
from agent.hazards.steps import Wish, step
from agent.provisioning.model import Text
from agent.records import ClockState, Instant, boot_name

DAY_S = 86400.0
EPOCH_S = 1_790_000_000.0


@dataclass
class Machine:
    """Clocks that a test may turn: the true time, how far the wall clock is off, which boot it is."""

    s: float = 1000.0
    boot: int = 1
    booted_s: float = 0.0
    jump_s: float = 0.0
    clock: ClockState = "synchronised"
    start: int = 1
    started_s: float = 1000.0

    @property
    def boot_id(self) -> str:
        return boot_name(f"boot {self.boot}", f"{self.start:032d}")

    @property
    def now(self) -> Instant:
        return Instant(self.s - self.booted_s, EPOCH_S + self.s + self.jump_s, self.clock)

    @property
    def times(self) -> Times:
        return Times(self.boot_id, self.started_s, lambda _boot, at: at)

    @property
    def moment(self) -> Moment:
        return self.times.moment(self.now)

    def off(self, for_s: float, clock: ClockState = "synchronised") -> None:
        """Without power for so long; then a new boot, whose monotonic clock begins at 10 s."""
        self.s += for_s
        self.boot, self.booted_s, self.clock = self.boot + 1, self.s - 10.0, clock
        self.start, self.started_s = self.start + 1, 10.0


FACTS = Facts(
    "sensor", "gateway", Text("no detection", "探测失效"), rule="lost", subject="smoke-1", device="smoke-1"
)


def hazard(at: Moment, within_s: float = DAY_S, facts: Facts = FACTS, id: str = "1-abcd") -> Hazard:
    failing = True if facts.source == "sensor" else None
    return sensed.opened(id, facts, Duties(), Deadline("immediate", at, within_s), at, failing=failing)


def brought_to(status: Status, machine: Machine, start: Hazard | None = None) -> Hazard:
    """A hazard that has come so far, in the usual way."""
    it = start or hazard(machine.moment)
    way = (
        (Status.ASSIGNED, Wish("assign", "李主任", to="王师傅")),
        (Status.RECTIFYING, Wish("start", "王师傅")),
        (Status.AWAITING_RECHECK, Wish("done", "王师傅")),
        (Status.CLOSED, Wish("accept", "李主任")),
    )
    for reached, wish in way:
        if it.status is status:
            return it
        if reached is Status.AWAITING_RECHECK and it.failing is not None:
            it = replace(it, failing=False)
        it = step(it, wish, machine.moment, machine.times)
        assert it.status is reached
    return it


@dataclass
class Sensor:
    """What a rule sees of one subject."""

    failing: bool | None = False
    after_s: float = 600.0
    settle_s: float = 60.0
    facts: Facts = field(default_factory=lambda: FACTS)

    @property
    def sight(self) -> Sight:
        found = Finding(self.facts, Duties("safety_officer"), "immediate", DAY_S, self.after_s, self.settle_s)
        return Sight(found, self.failing, (("note", "lost"),) if self.failing else ())
