"""What one look at everything leads to: hazards opened, moved, overdue, and people who are to be told; pure."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace

from agent.hazards import sensed
from agent.hazards.deadlines import is_overdue, stands_still_s
from agent.hazards.escalation import Due, due, next_s
from agent.hazards.ledger import Ledger
from agent.hazards.model import Deadline, Hazard
from agent.hazards.moments import Times
from agent.hazards.settings import HazardSettings
from agent.hazards.sights import Key, Sight
from agent.hazards.watch import Change
from agent.records import Instant
from agent.school import Responsible

LOOK_S = 60.0  # a deadline is looked at so often: the clock may have become right meanwhile


@dataclass(frozen=True, slots=True)
class Happening:
    """An event, and the hazard as it then was."""

    event: str
    hazard: Hazard


@dataclass(frozen=True, slots=True)
class Call:
    """Somebody of the chain is to be told of a hazard."""

    hazard: Hazard
    due: Due


@dataclass(slots=True)
class Progress:
    """Collects it; `hazards` are those that changed, as they are at the end."""

    ledger: Ledger
    settings: HazardSettings
    chain: Sequence[Responsible]
    times: Times
    now: Instant
    new_id: Callable[[int], str]
    hazards: dict[str, Hazard] = field(default_factory=dict)
    happenings: list[Happening] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    refused: int = 0

    def follow(self, changes: Iterable[Change]) -> None:
        """What the rules see and has lasted; what is new comes last, and takes the room that is left."""
        new = list[Sight]()
        for change in changes:
            if not self._follow(change.sight, change.hazard):
                new.append(change.sight)
        for sight in new:
            self._open(sight)

    def leave_to_people(self, watched: Collection[Key]) -> None:
        """Of what is configured no more no sensor speaks: it would fail for ever, and nobody could close it."""
        for hazard in self.ledger:
            if hazard.open and hazard.failing is not None and hazard.facts.rule and hazard.key not in watched:
                self.hazards[hazard.id] = sensed.unwatched(hazard)

    def watch_time(self) -> None:
        """Deadlines, and the chain where something stands still."""
        for kept in [*self.ledger]:
            if (hazard := self.hazards.get(kept.id, kept)).open:
                self._call(self._due(hazard))

    def rest_s(self) -> float | None:
        """In how long a deadline or a step may come; None while nothing is open."""
        waits = list[float]()
        for hazard in self.ledger:
            if hazard.open:
                waited_s = stands_still_s(hazard, self.now, self.times)
                coming_s = None if waited_s is None else next_s(self.chain, hazard.told, waited_s)
                waits.append(LOOK_S if coming_s is None else min(LOOK_S, coming_s))
        return min(waits, default=None)

    def _follow(self, sight: Sight, hazard: Hazard | None) -> bool:
        """False where it makes a new hazard."""
        at = self.times.moment(self.now)
        if not sight.failing:
            if hazard is not None:
                self._changed(hazard, sensed.recovered(hazard, at, sight.seen), "hazard.awaiting_recheck")
        elif hazard is not None and (hazard.open or self._is_fresh(hazard)):
            self._changed(hazard, sensed.failed_again(hazard, at, sight.seen), "hazard.reopened")
        else:
            return False
        return True

    def _changed(self, before: Hazard, after: Hazard, event: str) -> None:
        self.hazards[after.id] = after
        if after.status is not before.status:
            self.happenings.append(Happening(event, after))

    def _open(self, sight: Sight) -> None:
        """A new one, if there is room."""
        new = [id for id in self.hazards if id not in self.ledger]
        if len(new) >= self._room():
            self.refused += 1
            return
        found, at = sight.finding, self.times.moment(self.now)
        deadline = Deadline(found.rectify, at, found.within_s)
        id = self.new_id(len(new))
        hazard = sensed.opened(id, found.facts, found.duties, deadline, at, failing=True, seen=sight.seen)
        self.hazards[id] = hazard
        self.happenings.append(Happening("hazard.opened", hazard))

    def _room(self) -> int:
        """A closed one that changes now cannot make room."""
        staying = sum(one.id in self.hazards for one in self.ledger if not one.open)
        return self.ledger.room - staying

    def _is_fresh(self, hazard: Hazard) -> bool:
        """Closed so lately that the same again is no new one."""
        closed = hazard.closed_at
        return closed is not None and self.times.passed_s(closed, self.now) <= self.settings.reopen_within_s

    def _due(self, hazard: Hazard) -> Hazard:
        if hazard.overdue or not is_overdue(hazard, self.now, self.times):
            return hazard
        late = self.hazards[hazard.id] = replace(hazard, overdue=True)
        self.happenings.append(Happening("hazard.overdue", late))
        return late

    def _call(self, hazard: Hazard) -> None:
        waited_s = stands_still_s(hazard, self.now, self.times)
        for one in () if waited_s is None else due(self.chain, hazard.told, waited_s):
            hazard = self.hazards[hazard.id] = replace(hazard, told=(*hazard.told, one.mark))
            self.calls.append(Call(hazard, one))
