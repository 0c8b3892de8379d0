"""What the gateway itself sees of a hazard: it opens one, moves it to its re-check, or opens it again; pure.

It never closes one: that a sensor speaks well again is evidence for whoever checks, and no more.
"""

from dataclasses import replace

from agent.hazards.model import Deadline, Duties, EvidenceSort, Facts, Hazard, Status, Step
from agent.hazards.moments import Moment
from agent.hazards.steps import again, moved, noted

MENDABLE = (Status.OPEN, Status.ASSIGNED, Status.RECTIFYING)
Seen = tuple[tuple[EvidenceSort, str], ...]


def opened(
    id: str, facts: Facts, duties: Duties, deadline: Deadline, at: Moment, *, failing: bool | None, seen: Seen = ()
) -> Hazard:
    """A new one."""
    hazard = Hazard(id, facts, at, duties, deadline, Status.OPEN, at, failing)
    person = facts.found_by if facts.source != "sensor" else ""
    return noted(hazard, Step("open", Status.OPEN, at, person, facts.text.en), seen)


def recovered(hazard: Hazard, at: Moment, seen: Seen = ()) -> Hazard:
    """What failed works again: a person has to look at it."""
    hazard = replace(hazard, failing=False)
    if hazard.status not in MENDABLE:
        return hazard
    after = moved(hazard, Status.AWAITING_RECHECK, at)
    return noted(after, Step("recover", after.status, at), seen)


def failed_again(hazard: Hazard, at: Moment, seen: Seen = ()) -> Hazard:
    """It fails anew before or after somebody accepted it; who had it has it again, but not what was closed."""
    hazard = replace(hazard, failing=True)
    if hazard.status in MENDABLE:
        return hazard
    had = hazard.status is Status.AWAITING_RECHECK and any(one.action == "assign" for one in hazard.steps)
    after = again(hazard, Status.RECTIFYING if had else Status.OPEN, at)
    return noted(after, Step("reopen", after.status, at), seen)


def unwatched(hazard: Hazard) -> Hazard:
    """Nothing speaks of it any more, since it is not configured: people decide alone."""
    return replace(hazard, failing=None)
