"""What people do about a hazard: each step a pure function, every step out of turn refused in words."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from agent.errors import OrderRefused
from agent.hazards.model import Deadline, Evidence, EvidenceSort, Grade, Hazard, Status, Step
from agent.hazards.moments import Moment, Times
from agent.language import later

Action = Literal["assign", "start", "done", "accept", "reject", "note"]
STEPS_MOST, EVIDENCE_MOST = 60, 40  # of one hazard: the first and the newest are kept

TURNS: Mapping[Action, frozenset[Status]] = {
    "assign": frozenset({Status.OPEN, Status.ASSIGNED, Status.RECTIFYING}),
    "start": frozenset({Status.ASSIGNED}),
    "done": frozenset({Status.RECTIFYING}),
    "accept": frozenset({Status.AWAITING_RECHECK}),
    "reject": frozenset({Status.AWAITING_RECHECK}),
    "note": frozenset(Status),
}
EVENTS: Mapping[Action, str] = {
    "assign": "hazard.assigned",
    "start": "hazard.rectifying",
    "done": "hazard.awaiting_recheck",
    "accept": "hazard.closed",
    "reject": "hazard.rejected",
    "note": "hazard.noted",
}
OUT_OF_TURN: Mapping[Status, str] = {
    Status.OPEN: later("{action}: hazard {id} is open; assign it to somebody first"),
    Status.ASSIGNED: later("{action}: hazard {id} is assigned; who has it says start first"),
    Status.RECTIFYING: later("{action}: hazard {id} is being rectified; say done, then it is checked again"),
    Status.AWAITING_RECHECK: later("{action}: hazard {id} awaits its re-check; accept it or reject it"),
    Status.CLOSED: later("{action}: hazard {id} is closed"),
}


@dataclass(frozen=True, slots=True)
class Wish:
    """A step that a person wants to be taken; what is empty stays as it is.

    `to`: whose it becomes. `by_utc_s`: the new deadline. `evidence`: what the person refers to.
    """

    action: Action
    person: str
    reason: str = ""
    to: str = ""
    role: str = ""
    supervisor: str = ""
    measure: str = ""
    funds: str = ""
    contingency: str = ""
    by_utc_s: float | None = None
    grade: Grade | None = None
    evidence: tuple[tuple[EvidenceSort, str], ...] = field(default=())


def step(hazard: Hazard, wish: Wish, at: Moment, times: Times) -> Hazard:
    """The hazard after a person's step; raises OrderRefused."""
    if not wish.person.strip():
        raise OrderRefused("a step needs the name of the person who takes it")
    if hazard.status not in TURNS[wish.action]:
        raise OrderRefused(OUT_OF_TURN[hazard.status], action=wish.action, id=hazard.id)
    after = _DO[wish.action](hazard, wish, at, times)
    text = "; ".join(part for part in (f"→ {wish.to.strip()}" if wish.to else "", wish.reason) if part)
    return noted(after, Step(wish.action, after.status, at, wish.person.strip(), text), wish.evidence)


def noted(hazard: Hazard, done: Step, evidence: tuple[tuple[EvidenceSort, str], ...] = ()) -> Hazard:
    """Written down; of very many the first and the newest."""
    steps = (*hazard.steps, done)
    if len(steps) > STEPS_MOST:
        steps = (steps[0], *steps[-(STEPS_MOST - 1) :])
    more = (*hazard.evidence, *(Evidence(sort, ref) for sort, ref in evidence))[-EVIDENCE_MOST:]
    return replace(hazard, steps=steps, evidence=more)


def moved(hazard: Hazard, status: Status, at: Moment) -> Hazard:
    """It stands somewhere else: whoever is told of its standing still is told anew."""
    rested = status in (Status.AWAITING_RECHECK, Status.CLOSED)
    return replace(hazard, status=status, stage=at, told=(), overdue=hazard.overdue and not rested)


def again(hazard: Hazard, status: Status, at: Moment) -> Hazard:
    """It is not mended after all: counted, and the time that its rule gives begins anew."""
    deadline = replace(hazard.deadline, since=at) if hazard.deadline.by_utc_s is None else hazard.deadline
    back = replace(hazard, reopened=hazard.reopened + 1, deadline=deadline, closed_at=None, closed_by="")
    return moved(back, status, at)


def _assign(hazard: Hazard, wish: Wish, at: Moment, times: Times) -> Hazard:
    if not wish.to.strip():
        raise OrderRefused("say to whom: a hazard is assigned to a person by name")
    named = ("role", "supervisor", "measure", "funds", "contingency")
    given = {name: getattr(wish, name) for name in named if getattr(wish, name)}
    duties = replace(hazard.duties, person=wish.to.strip(), **given)
    after = moved(replace(hazard, duties=duties), Status.ASSIGNED, at)
    return _graded(_dated(after, wish, at, times), wish)


def _dated(hazard: Hazard, wish: Wish, at: Moment, times: Times) -> Hazard:
    if wish.by_utc_s is None:
        return hazard
    if at.at.clock == "synchronised" and wish.by_utc_s <= times.known(at).utc_s:
        raise OrderRefused("that deadline is past already")
    deadline = Deadline("by_date", at, hazard.deadline.within_s, wish.by_utc_s)
    return replace(hazard, deadline=deadline, overdue=False)


def _graded(hazard: Hazard, wish: Wish) -> Hazard:
    """A person may raise the grade; what a rule holds for major no step makes less."""
    if wish.grade is None or wish.grade == hazard.facts.grade:
        return hazard
    if wish.grade == "general":
        raise OrderRefused("hazard {id} is major; a grade is raised, never lowered", id=hazard.id)
    return replace(hazard, facts=replace(hazard.facts, grade="major", colour="red"))


def _start(hazard: Hazard, _wish: Wish, at: Moment, _times: Times) -> Hazard:
    return moved(hazard, Status.RECTIFYING, at)


def _done(hazard: Hazard, _wish: Wish, at: Moment, _times: Times) -> Hazard:
    return moved(_mended(hazard), Status.AWAITING_RECHECK, at)


def _accept(hazard: Hazard, wish: Wish, at: Moment, _times: Times) -> Hazard:
    closed = replace(_mended(hazard), closed_at=at, closed_by=wish.person.strip())
    return moved(closed, Status.CLOSED, at)


def _mended(hazard: Hazard) -> Hazard:
    if hazard.failing:
        raise OrderRefused(
            "what the gateway sees of hazard {id} has not recovered: {subject}",
            id=hazard.id,
            subject=hazard.facts.subject,
        )
    return hazard


def _reject(hazard: Hazard, wish: Wish, at: Moment, _times: Times) -> Hazard:
    if not wish.reason.strip():
        raise OrderRefused("say why it is rejected: who mends it has to know")
    return again(hazard, Status.RECTIFYING, at)


def _note(hazard: Hazard, wish: Wish, _at: Moment, _times: Times) -> Hazard:
    if not wish.reason.strip() and not wish.evidence:
        raise OrderRefused("a note needs a text or a reference")
    return hazard


_DO: Mapping[Action, Callable[[Hazard, Wish, Moment, Times], Hazard]] = {
    "assign": _assign,
    "start": _start,
    "done": _done,
    "accept": _accept,
    "reject": _reject,
    "note": _note,
}
