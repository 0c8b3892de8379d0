"""The payload of `hazard`: one entry of the ledger as it is now (retained), and its count in heartbeats."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from agent.records import ClockState


class _Shown(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TextShown(_Shown):
    """In both languages."""

    en: str
    zh: str


class MomentShown(_Shown):
    """When it was (UTC seconds), and whether the clock was right then."""

    at: float
    clock: ClockState


class DeadlineShown(_Shown):
    """Until when it is to be rectified (UTC seconds)."""

    sort: Literal["immediate", "by_date"]
    at: float


class EvidenceShown(_Shown):
    """A plain reference."""

    sort: Literal["event", "note", "photo"]
    ref: str


class StepShown(_Shown):
    """What was done, by whom; nobody: by the gateway, from what it saw."""

    action: str
    status: str
    at: MomentShown
    person: str = ""
    text: str = ""


class ClosedShown(_Shown):
    """Who accepted it after the re-check, and when."""

    at: MomentShown
    by: str


class HazardData(_Shown):
    """A hazard as it is now (retained). `failing`: what its sensor says, null where none speaks of it."""

    id: str
    status: Literal["open", "assigned", "rectifying", "awaiting_recheck", "closed"]
    overdue: bool
    reopened: int = Field(ge=0)
    source: Literal["sensor", "self_check", "inspection", "report"]
    found: MomentShown
    found_by: str
    place: str = ""
    location: str = ""
    device: str = ""
    category: str
    colour: Literal["red", "orange", "yellow", "blue"]
    grade: Literal["major", "general"]
    rule: str = ""
    clause: str = ""
    mark: str = ""
    text: TextShown
    role: str = ""
    person: str = ""
    supervisor: str = ""
    measure: str = ""
    funds: str = ""
    contingency: str = ""
    deadline: DeadlineShown
    failing: bool | None = None
    evidence: list[EvidenceShown] = []
    steps: list[StepShown] = []
    closed: ClosedShown | None = None


class HazardsShown(_Shown):
    """The ledger in numbers: what is not closed, how much of it is major, how much past its deadline."""

    open: int
    major: int
    overdue: int
