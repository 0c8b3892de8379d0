"""A hazard (隐患) and everything that is written down of it until a person closes it; plain data."""

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from agent.hazards.moments import Moment
from agent.provisioning.model import Mark, Text

Source = Literal["sensor", "self_check", "inspection", "report"]
Grade = Literal["major", "general"]
Colour = Literal["red", "orange", "yellow", "blue"]
Rectify = Literal["immediate", "by_date"]
EvidenceSort = Literal["event", "note", "photo"]
COLOUR_OF: dict[Grade, Colour] = {"major": "red", "general": "yellow"}
NOBODY = ""


class Status(StrEnum):
    """Where a hazard stands on its way."""

    OPEN = "open"
    ASSIGNED = "assigned"
    RECTIFYING = "rectifying"
    AWAITING_RECHECK = "awaiting_recheck"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True)
class Deadline:
    """Until when it is to be rectified: so long after `since`, or by a date that a person gave."""

    sort: Rectify
    since: Moment
    within_s: float
    by_utc_s: float | None = None


@dataclass(frozen=True, slots=True)
class Duties:
    """What is seen to beside the deadline (五落实): who, how, with what money, and what if it goes wrong."""

    role: str = ""
    person: str = NOBODY
    supervisor: str = ""
    measure: str = ""
    funds: str = ""
    contingency: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """Something that was done, by a person or (`person` empty) by what the gateway saw."""

    action: str
    status: Status
    at: Moment
    person: str = NOBODY
    text: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """A plain reference: a record's name, a note, or where a photo is."""

    sort: EvidenceSort
    ref: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What it is: fixed when it is opened, but that a person may raise its grade."""

    source: Source
    found_by: str
    text: Text
    place: str = ""
    location: str = ""
    device: str = ""
    category: str = "security"
    grade: Grade = "general"
    colour: Colour = "yellow"
    rule: str = ""
    subject: str = ""
    clause: str = ""
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Hazard:
    """One of them. `failing`: what its sensor says now, None where none speaks of it.

    `stage`: since when it stands where it stands; `told`: who of the chain has been told since then.
    """

    id: str
    facts: Facts
    found_at: Moment
    duties: Duties
    deadline: Deadline
    status: Status
    stage: Moment
    failing: bool | None = None
    reopened: int = 0
    overdue: bool = False
    told: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    evidence: tuple[Evidence, ...] = field(default=())
    closed_at: Moment | None = None
    closed_by: str = NOBODY

    @property
    def open(self) -> bool:
        """Somebody has something to do."""
        return self.status is not Status.CLOSED

    @property
    def key(self) -> tuple[str, str]:
        """What it is about: at most one hazard that is not closed has it."""
        return self.facts.rule, self.facts.subject
