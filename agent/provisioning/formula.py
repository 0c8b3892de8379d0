"""A number that a rule makes of declared facts: tiers, a step for every so many more, terms that add up."""

import math
from typing import Literal, Self

from pydantic import Field, model_validator

from agent.provisioning.condition import Condition, Facts, number_of
from agent.provisioning.model import Mark
from agent.provisioning.words import Data, Name, Said, least_sure

Rounding = Literal["ceil", "floor"]


class More(Data):
    """`count` more for every `per` beyond `above`; whether a part of one counts is the formula's rounding."""

    above: float = Field(0, ge=0)
    per: float = Field(gt=0)
    count: int = Field(1, ge=1)


class Tier(Data):
    """So many, below a number or up to it; the last tier has neither."""

    below: float | None = Field(None, gt=0)
    up_to: float | None = Field(None, ge=0)
    count: int = Field(0, ge=0)
    more: More | None = None
    mark: Mark | None = None

    def holds(self, number: float) -> bool:
        """The number is in this tier, none before it having had it."""
        return (self.below is None or number < self.below) and (self.up_to is None or number <= self.up_to)


class Term(Data):
    """Tiers over a sum of facts; it counts only where every condition of `scope` holds."""

    of: tuple[Name, ...] = Field(min_length=1)
    minus: tuple[Name, ...] = ()
    scope: tuple[Condition, ...] = ()
    tiers: tuple[Tier, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _every_number_has_its_tier(self) -> Self:
        ends = [tier.below if tier.below is not None else tier.up_to for tier in self.tiers]
        if ends[-1] is not None:
            raise ValueError("the last tier is for all that is left: it has neither below nor up_to")
        if None in ends[:-1] or any(tier.below is not None and tier.up_to is not None for tier in self.tiers):
            raise ValueError("every tier but the last has either below or up_to")
        if ends[:-1] != sorted({end for end in ends[:-1] if end is not None}):
            raise ValueError("tiers go upwards")
        return self


class Formula(Data):
    """The sum of its terms, and not less than any of `least`; `rounding_fact` names a fact that may change it."""

    title: Said
    source: str = Field(min_length=1)
    mark: Mark
    rounding: Rounding = "ceil"
    rounding_fact: Name | None = None
    terms: tuple[Term, ...] = Field(min_length=1)
    least: tuple[Term, ...] = ()

    def facts(self) -> set[str]:
        """What it may ask for; `rounding_fact` need not be declared."""
        terms = (*self.terms, *self.least)
        return {fact for term in terms for fact in (*term.of, *term.minus, *(c.fact for c in term.scope))}

    def value(self, facts: Facts) -> tuple[int, Mark]:
        """The number and how sure it is; raises Undeclared."""
        rounding = self._rounding(facts)
        summed = [self._of(term, facts, rounding) for term in self.terms]
        floors = [self._of(term, facts, rounding) for term in self.least]
        total = sum(count for count, _ in summed)
        most = max((count for count, _ in floors), default=0)
        counted = [mark for count, mark in (floors if most > total else summed) if count]
        return max(total, most), least_sure(self.mark, *counted)

    def _rounding(self, facts: Facts) -> Rounding:
        if self.rounding_fact is None or self.rounding_fact not in facts:
            return self.rounding
        return "floor" if facts[self.rounding_fact].value == "floor" else "ceil"

    def _of(self, term: Term, facts: Facts, rounding: Rounding) -> tuple[int, Mark]:
        if not all(condition.holds(facts) for condition in term.scope):
            return 0, self.mark
        number = sum(number_of(name, facts) for name in term.of)
        number = max(0.0, number - sum(number_of(name, facts) for name in term.minus))
        tier = next(tier for tier in term.tiers if tier.holds(number))
        return tier.count + _more(tier.more, number, rounding), tier.mark or self.mark


def _more(more: More | None, number: float, rounding: Rounding) -> int:
    if more is None or number <= more.above:
        return 0
    exactly = (number - more.above) * more.count / more.per
    return math.ceil(exactly) if rounding == "ceil" else math.floor(exactly)
