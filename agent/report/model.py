"""What a page is made of: the gateway's own answers, validated, and what a drill's report says."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from agent.linkage.answer import LinkageAnswer
from agent.report.times import SchoolClock
from agent.service.provisioning_answer import ProvisionAnswer
from agent.uplink.hazard_message import HazardData
from agent.uplink.provision_message import TextShown


@dataclass(frozen=True, slots=True)
class ProvisionView:
    """Everything on the page of a school's provisioning; `hazards` are those that are not closed."""

    answer: ProvisionAnswer
    clock: SchoolClock
    hazards: tuple[HazardData, ...] = ()
    linkage: LinkageAnswer | None = None


class _Shown(BaseModel):
    model_config = ConfigDict(extra="ignore")  # a newer gateway may say more than an older tool knows


class DrillSummary(_Shown):
    """How many alarms were raised, confirmed upstream and acknowledged, and how slow the slowest was."""

    raised: int
    confirmed: int
    slowest_confirmed_s: float | None = None
    acknowledged: int
    slowest_acknowledged_s: float | None = None


class DrillAlarm(_Shown):
    """An alarm's change in a drill; what was raised says who acknowledged it."""

    device: str
    name: str
    kind: str
    location: str = ""
    condition: str
    address: str = ""
    change: str
    person: str = ""
    test: bool = False
    seen: float
    clock_sure: bool = True
    stored_after_s: float
    confirmed_after_s: float | None = None
    gone: bool = False
    acknowledged_by: str = ""
    acknowledged_after_s: float | None = None


class DrillEvent(_Shown):
    """Something else that happened in a drill."""

    at: float
    event: str
    text: str
    fields: dict[str, Any] = {}


class DrillReport(_Shown):
    """A drill's record as the request `drill.report` gives it."""

    id: int
    person: str
    reason: str
    started: float
    clock_sure: bool = True
    until: float
    ended: float | None = None
    stopped_by: str = ""
    confirmed_by: str
    summary: DrillSummary
    raised: list[DrillAlarm]
    changes: list[DrillAlarm]
    events: list[DrillEvent]
    failed: list[TextShown]
    missed: int = 0


@dataclass(frozen=True, slots=True)
class DrillView:
    """Everything on the page of a drill."""

    report: DrillReport
    clock: SchoolClock
    gateway: str = ""
    school: str = ""
