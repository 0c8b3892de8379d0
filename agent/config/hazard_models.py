"""The configuration's `hazards` and `escalation`: the rules and bounds of the ledger, and who is told in time."""

from pydantic import Field

from agent.config.forms import Id, Model
from agent.config.school_models import Channel, SchoolModel
from agent.hazards.rules import DAY_S, RuleBook
from agent.hazards.settings import Escalation, HazardSettings
from agent.school import Responsible, School

BOOK = "national-2024"


class HazardsModel(Model):
    """The hazard ledger; there is one wherever there is a `school` or this."""

    rules: Id = Field(BOOK, description="what devices open: a file of configs/hazards without .yaml")
    kept_most: int = Field(5000, ge=100, le=20000, description="so many hazards; the oldest closed one goes first")
    reopen_within_days: float = Field(
        7.0, ge=0, le=90, description="what fails again so soon after its closing is opened again"
    )
    shown_days: float = Field(30.0, ge=0, le=366, description="a closed one stays at the broker for so long")


class EscalationModel(Model):
    """Somebody who is told when an alarm of this priority is not acknowledged."""

    priority: int = Field(ge=1, le=4, description="of the alarms, 1 for fires and one-key alarms", examples=[1])
    after_s: float = Field(gt=0, le=86400, description="so long after it was raised", examples=[60])
    role: Id = Field(description="whose turn it is", examples=["guard"])
    name: str = Field("", max_length=100, description="who that is; as in `responsible` if left out")
    channels: list[Channel] = Field(["platform"], min_length=1, description="how they are told")


def book_of(hazards: HazardsModel | None, school: SchoolModel | None) -> str:
    """Whose rules count; empty: there is no ledger. There is one where it is asked for, and in every school."""
    return hazards.rules if hazards is not None else BOOK if school is not None else ""


def build_hazards(given: HazardsModel | None, book: RuleBook) -> HazardSettings:
    """The ledger's settings."""
    model = given or HazardsModel()
    return HazardSettings(book, model.kept_most, model.reopen_within_days * DAY_S, model.shown_days * DAY_S)


def build_escalation(steps: list[EscalationModel], school: School | None) -> Escalation:
    """By priority, whoever comes first first."""
    names = {who.role: who.name for who in reversed(school.chain if school else ())}
    chains: dict[int, list[Responsible]] = {}
    for one in sorted(steps, key=lambda step: step.after_s):
        who = Responsible(one.role, one.name or names.get(one.role, ""), one.after_s, tuple(one.channels))
        chains.setdefault(one.priority, []).append(who)
    return Escalation({priority: tuple(chain) for priority, chain in chains.items()})
