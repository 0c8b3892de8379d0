"""The retained `linkage` message: how an effect stands and what became of its outputs; its count in heartbeats."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from agent.records import ClockState


class _Shown(BaseModel):
    model_config = ConfigDict(extra="forbid")


class LinkageOutput(_Shown):
    """One output of an effect.

    `wished`: this effect has it now. `confirmed`: read back and, where there is feedback, fed back. `fault`: why
    it must be taken for not so. `held_back`: why this effect does not have it.
    """

    output: str
    device: str = ""
    wished: bool
    commanded: bool
    confirmed: bool
    fault: str = ""
    held_back: str = ""


class LinkageReleased(_Shown):
    """Who released it last, and when (UTC seconds)."""

    person: str
    reason: str
    at: float
    clock: ClockState


class LinkageData(_Shown):
    """An effect as it stands (retained); `since` it stands so (UTC seconds), `why` it is blocked or over."""

    effect: str
    priority: Literal["life", "security", "notify"]
    state: Literal["idle", "pending", "active", "latched", "spent", "blocked"]
    why: str = ""
    since: float | None = None
    clock: ClockState | None = None
    dry_run: bool = False
    outputs: list[LinkageOutput]
    reset: LinkageReleased | None = None


class LinkageShown(_Shown):
    """How many effects act, of these are latched though their cause has gone, and outputs that are faulty."""

    active: int = Field(ge=0)
    latched: int = Field(ge=0)
    faults: int = Field(ge=0)
