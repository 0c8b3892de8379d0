"""Declared facts, and what is asked of them."""

from collections.abc import Mapping
from typing import Self

from pydantic import StrictBool, StrictFloat, StrictInt, StrictStr, model_validator

from agent.provisioning.words import Data, Name
from agent.school import Declared, Fact

Facts = Mapping[str, Declared]
GivenFact = StrictBool | StrictInt | StrictFloat | StrictStr


class Undeclared(LookupError):
    """A rule asks for a fact that nobody has declared: what it decides is unknown."""

    def __init__(self, fact: str) -> None:
        super().__init__(fact)
        self.fact = fact


class Condition(Data):
    """What one declared fact must be: exactly one of the tests is given."""

    fact: Name
    equals: GivenFact | None = None
    one_of: tuple[GivenFact, ...] = ()
    at_least: float | None = None
    at_most: float | None = None

    @model_validator(mode="after")
    def _one_test(self) -> Self:
        given = (self.equals is not None, bool(self.one_of), self.at_least is not None, self.at_most is not None)
        if sum(given) != 1:
            raise ValueError("want one of equals, one_of, at_least, at_most")
        return self

    def holds(self, facts: Facts) -> bool:
        """Whether the fact is so; raises Undeclared."""
        if self.at_least is not None:
            return number_of(self.fact, facts) >= self.at_least
        if self.at_most is not None:
            return number_of(self.fact, facts) <= self.at_most
        return value_of(self.fact, facts) in ((self.equals,) if self.equals is not None else self.one_of)


def value_of(name: str, facts: Facts) -> Fact:
    """What was declared; raises Undeclared."""
    if name not in facts:
        raise Undeclared(name)
    return facts[name].value


def number_of(name: str, facts: Facts) -> float:
    """A declared number; raises Undeclared where there is none."""
    value = value_of(name, facts)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Undeclared(name)
    return float(value)
