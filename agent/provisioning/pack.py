"""A rule pack: indicators and their items as data. What a rule says is in the file; how it is proven is code."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Field

from agent.provisioning.condition import Condition, GivenFact
from agent.provisioning.formula import Formula
from agent.provisioning.model import Force, Mark
from agent.provisioning.vocabulary import Check
from agent.provisioning.words import NAME, PACK, Data, Name, Said, Seconds

Grade = Literal["major", "general"]
Colour = Literal["red", "orange", "yellow", "blue"]


class Hazard(Data):
    """What an item that is not met becomes in the ledger; `days` is until when it must be mended, 0: at once."""

    grade: Grade
    colour: Colour
    category: Name
    role: Name
    days: float = Field(ge=0, le=366)


class Worth(Data):
    """What a failure is worth: its weight in the indicator's share, and the hazard that it opens, if any."""

    weight: float = Field(1.0, gt=0, le=100)
    hazard: Hazard | None = None


class FactSpec(Data):
    """A fact that the pack asks a school to declare; `words`: what a word may be.

    An `optional` one is a setting: it need not be declared, and it does not grow old.
    """

    title: Said
    type: Literal["number", "bool", "word"]
    words: tuple[str, ...] = ()
    optional: bool = False

    def fits(self, value: GivenFact) -> bool:
        """Whether it may be declared so."""
        if self.type == "number":
            return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
        if self.type == "bool":
            return isinstance(value, bool)
        return isinstance(value, str) and (not self.words or value in self.words)


class Item(Data):
    """One thing that is asked for. `force`: a `should` never makes its indicator fail, but is shown.

    It applies only where every condition of `scope` holds. `place` is where it is asked for, empty: everywhere.
    """

    id: Name
    title: Said
    clause: str = Field(min_length=1)
    source: str = Field(min_length=1)
    mark: Mark
    force: Force = "shall"
    place: str = ""
    scope: tuple[Condition, ...] = ()
    check: Check
    fresh_s: Seconds
    worth: Worth = Worth()
    fix: Said


class Indicator(Data):
    """What is judged as one, such as one of the four 100 %."""

    id: Name
    title: Said
    items: tuple[Item, ...] = Field(min_length=1)


def _as_list(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Pack(Data):
    """A rule pack; docs/rules.md explains each key."""

    forms: ClassVar[Mapping[str, str]] = {
        NAME: "small letters, digits and _, such as guard_room",
        PACK: "small letters, digits and -, such as national-2021",
    }

    id: Annotated[str, Field(pattern=PACK)]
    title: Said
    source: Annotated[tuple[str, ...], BeforeValidator(_as_list, json_schema_input_type=str | tuple[str, ...])] = (
        Field(min_length=1)
    )
    mark: Mark
    declared_fresh_s: Seconds
    places: Mapping[Name, Said] = {}
    roles: Mapping[Name, Said] = {}
    facts: Mapping[Name, FactSpec] = {}
    formulas: Mapping[Name, Formula] = {}
    indicators: tuple[Indicator, ...] = Field(min_length=1)
