"""How much of a hazard's time is left, and how long it has been standing still; pure."""

from agent.hazards.model import Deadline, Grade, Hazard, Rectify, Status
from agent.hazards.moments import Times
from agent.hazards.rules import DAY_S, IMMEDIATE_S
from agent.records import Instant

REPORTED_S = 7 * DAY_S  # ours: a general hazard that a person reports without a date


def reported(grade: Grade) -> tuple[Rectify, float]:
    """Until when what a person reports is to be rectified, if nobody says."""
    return ("immediate", IMMEDIATE_S) if grade == "major" else ("by_date", REPORTED_S)


def left_s(deadline: Deadline, now: Instant, times: Times) -> float | None:
    """Less than 0: it is past, and for how long. None: nobody can tell until the clock is right.

    A date counts from the moment at which it was given, if that is known, so that a clock that is put forward
    later makes nothing overdue.
    """
    if deadline.by_utc_s is None:
        return deadline.within_s - times.passed_s(deadline.since, now)
    given = times.known(deadline.since)
    if given.clock == "synchronised":
        return deadline.by_utc_s - given.utc_s - times.passed_s(deadline.since, now)
    return deadline.by_utc_s - now.utc_s if now.clock == "synchronised" else None


def ends_utc_s(deadline: Deadline, times: Times) -> float:
    """The deadline as people read it."""
    if deadline.by_utc_s is not None:
        return deadline.by_utc_s
    return times.known(deadline.since).utc_s + deadline.within_s


def is_overdue(hazard: Hazard, now: Instant, times: Times) -> bool:
    """It should have been rectified by now."""
    if hazard.status in (Status.AWAITING_RECHECK, Status.CLOSED):
        return False
    left = left_s(hazard.deadline, now, times)
    return left is not None and left < 0


def stands_still_s(hazard: Hazard, now: Instant, times: Times) -> float | None:
    """How long somebody should have done something: assigned it, mended it by its deadline, checked it again.

    None: it is in somebody's hands, and in time.
    """
    match hazard.status:
        case Status.CLOSED:
            return None
        case Status.OPEN | Status.AWAITING_RECHECK:
            return times.passed_s(hazard.stage, now)
    left = left_s(hazard.deadline, now, times)
    return -left if left is not None and left < 0 else None
