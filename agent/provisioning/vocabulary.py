"""What an item of a rule pack can ask for: the words of `check:`, each with its own keys. No figures here."""

from collections.abc import Iterator
from functools import cached_property
from typing import Self

from pydantic import Field, model_validator

from agent.provisioning.condition import Condition
from agent.provisioning.model import Source
from agent.provisioning.words import Data, Name, Seconds


class Amount(Data):
    """A number: as written, as declared, of a formula (or the one that a fact chooses), or of people by role."""

    number: int | None = Field(None, ge=0)
    fact: Name | None = None
    formula: Name | None = None
    chosen_by: Name | None = None
    people: Name | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if sum(one is not None for one in (self.number, self.fact, self.formula, self.people)) != 1:
            raise ValueError("want one of number, fact, formula, people")
        if self.chosen_by is not None and self.formula is None:
            raise ValueError("chosen_by goes with formula")
        return self


ONE = Amount(number=1)


class Count(Data):
    """There are at least so many of what is declared."""

    have: Amount
    at_least: Amount


class OnDuty(Data):
    """So many of a role are signed on now; where the school declares shifts of that role, as many as they want."""

    role: Name
    at_least: Amount = ONE


class Devices(Data):
    """Every device of these kinds (at these places, or all) works, and there are at least so many.

    `without`: conditions that none of them may have. `lost` among them says that a lost one is known not to work;
    else it is only unknown how it is. One that is set aside counts as having what was set aside.
    `in_service`: what must not be set aside, though it may be there, such as a one-key alarm's press.
    """

    kinds: tuple[Name, ...] = Field(min_length=1)
    places: tuple[Name, ...] = ()
    without: tuple[Name, ...] = ()
    in_service: tuple[Name, ...] = ()
    at_least: Amount = ONE


class Openings(Data):
    """None of these stood open for longer than `longest_s` outside the windows in which gates may."""

    kinds: tuple[Name, ...] = Field(min_length=1)
    places: tuple[Name, ...] = ()
    longest_s: Seconds
    look_back_s: float = Field(gt=0, le=30 * 86400)  # openings are kept for a month
    at_least: Amount = ONE


class Presses(Data):
    """Each was pressed for a test within the item's `fresh_s`, and the platform confirmed that."""

    kinds: tuple[Name, ...] = Field(min_length=1)
    places: tuple[Name, ...] = ()
    at_least: Amount = ONE


class Ways(Data):
    """So many ways to the platform are up; one that has been down for less than `fresh_s` is unknown."""

    at_least: int = Field(1, ge=1, le=2)


class Windows(Data):
    """In every window with roles of the last school days, each role had signed on within it, its lead included."""

    school_days: int = Field(ge=1, le=60)


class Check(Data):
    """What an item asks for: exactly one of these."""

    fact: Condition | None = None
    count: Count | None = None
    on_duty: OnDuty | None = None
    devices: Devices | None = None
    openings: Openings | None = None
    presses: Presses | None = None
    ways: Ways | None = None
    windows: Windows | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if sum(getattr(self, name) is not None for name in type(self).model_fields) != 1:
            raise ValueError(f"want one of {', '.join(type(self).model_fields)}")
        return self

    @cached_property
    def word(self) -> str:
        """Which it is; asked for with every fact of every item."""
        return next(name for name in type(self).model_fields if getattr(self, name) is not None)

    @property
    def source(self) -> Source:
        """Where its evidence comes from."""
        return SOURCES[self.word]

    def amounts(self) -> Iterator[Amount]:
        """Every number in it that the school's facts may decide."""
        if self.count is not None:
            yield from (self.count.have, self.count.at_least)
        for one in (self.on_duty, self.devices, self.openings, self.presses):
            if one is not None:
                yield one.at_least


SOURCES: dict[str, Source] = {
    "fact": "declared",
    "count": "declared",
    "on_duty": "checked_in",
    "devices": "observed",
    "openings": "observed",
    "presses": "checked_in",
    "ways": "observed",
    "windows": "checked_in",
}
