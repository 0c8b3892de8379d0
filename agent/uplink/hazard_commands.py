"""What is ordered about hazards, by the platform or on the spot: enter one, take a step with one."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, FiniteFloat

from agent.uplink.orders import Ordered

UTC_MOST_S = 253_402_300_799.0  # RFC 3339 has no year 10000
Words = Annotated[str, Field(max_length=500)]
Who = Annotated[str, Field(min_length=1, max_length=100)]
Until = Annotated[FiniteFloat, Field(gt=0, le=UTC_MOST_S)]


class Found(BaseModel):
    """A hazard that somebody has found."""

    model_config = ConfigDict(frozen=True)

    person: Who
    text: str = Field(min_length=1, max_length=500)
    source: Literal["self_check", "inspection", "report"] = "report"
    grade: Literal["major", "general"] = "general"
    place: str = Field("", max_length=100, description="one of the rules' places, or in words")
    device: str = Field("", max_length=100, description="a device's id, if it is about one")
    category: str = Field("security", pattern=r"^[a-z][a-z0-9_]{0,62}$")
    clause: Words = ""
    role: str = Field("", max_length=63, description="who answers for it")
    photo: Words = Field("", description="where a photo of it is")
    by: Until | None = Field(None, description="deadline, UTC seconds")


class Stepped(BaseModel):
    """A step that a person takes with a hazard."""

    model_config = ConfigDict(frozen=True)

    hazard: str = Field(min_length=1, max_length=64, description="its id, or the number before the dash")
    action: Literal["assign", "start", "done", "accept", "reject", "note"]
    person: Who
    reason: Words = ""
    to: str = Field("", max_length=100, description="assign: whose it is now")
    role: str = Field("", max_length=63, description="assign: in which role")
    supervisor: str = Field("", max_length=100, description="assign: who watches over it")
    measure: Words = ""
    funds: Words = ""
    contingency: Words = ""
    grade: Literal["major", "general"] | None = Field(None, description="assign: raised, never lowered")
    by: Until | None = Field(None, description="assign: deadline, UTC seconds")
    photo: Words = Field("", description="where a photo of it is")


class HazardAdd(Found, Ordered):
    """Somebody has found a hazard."""


class HazardStep(Stepped, Ordered):
    """A person takes a step with a hazard."""
