"""Which failing device becomes which hazard, after how long: data, with its clause and its mark."""

from typing import Annotated

from pydantic import BeforeValidator, Field

from agent.hazards.model import Colour, Grade, Rectify
from agent.provisioning.model import Mark
from agent.provisioning.pack import Item
from agent.provisioning.words import PACK, Data, Name, Said

DAY_S = 86400.0
SETTLE_S = 60.0  # a recovery, or a failure after it, must last so long; ours: a device that flutters is one hazard
IMMEDIATE_S = DAY_S  # "at once": a fault is mended within 24 h (GB/T 29315-2012 digest [seen])


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Names = Annotated[tuple[Name, ...], BeforeValidator(_listed)]


class Watched(Data):
    """Devices of these kinds (at these places; empty: anywhere) while one of these conditions is there.

    `out_of_service`: also while an alarm of it is taken out of service or suppressed, since then it guards nobody.
    """

    kinds: Names = Field(min_length=1)
    conditions: Names = ()
    places: Names = ()
    out_of_service: bool = False


class Rule(Data):
    """One hazard's kind. `after_s`: so long it must last; `within_s`: then it is to be rectified."""

    id: Name
    watch: Watched
    after_s: float = Field(0.0, ge=0, le=31 * DAY_S)
    settle_s: float = Field(SETTLE_S, ge=0, le=DAY_S)
    text: Said
    measure: Said | None = None
    category: Name
    grade: Grade
    colour: Colour
    clause: str = Field(min_length=1)
    mark: Mark
    role: Name
    supervisor: str = ""
    rectify: Rectify = "immediate"
    within_s: float = Field(IMMEDIATE_S, gt=0, le=366 * DAY_S)


class RuleBook(Data):
    """A file of such rules; `unmet_after_s`: so long an item of a pack must have failed before it is a hazard."""

    id: Annotated[str, Field(pattern=PACK)]
    title: Said
    source: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(min_length=1)
    unmet_after_s: float = Field(600.0, ge=0, le=31 * DAY_S)
    rules: tuple[Rule, ...] = ()


def deadline_of(item: Item) -> tuple[Rectify, float]:
    """By when an item that is not met must be mended: its days, 0 being at once."""
    worth = item.worth.hazard
    if worth is None or not worth.days:
        return "immediate", IMMEDIATE_S
    return "by_date", worth.days * DAY_S
