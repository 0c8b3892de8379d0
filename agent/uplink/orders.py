"""What every order from the platform has in common; each sort of order is a model of its own."""

from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictInt

ID_MOST = 64
SEQUENCE_MOST = 2**63 - 1  # what SQLite can count

Id = Annotated[
    str,
    Field(min_length=1, max_length=ID_MOST, description="chosen by the sender; done once, however often it comes"),
]
Number = Annotated[StrictInt, Field(ge=1, le=SEQUENCE_MOST)]
Store = Annotated[str, Field(min_length=1, max_length=64, description="as in the records' `id`, before the dash")]
At = Annotated[AwareDatetime, Field(description="when it was given, RFC 3339")]
Span = tuple[Number, Number]


class Said(BaseModel):
    """Nothing is done that was not understood wholly: an unknown key is a mistake."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Ordered(Said):
    """An order: each has an id and the time at which it was given."""

    id: Id
    at: At
