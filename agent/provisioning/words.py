"""What rule packs are made of: names, texts in both languages, where a figure comes from."""

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetPydanticSchema
from pydantic_core import CoreSchema, core_schema

from agent.provisioning.model import Mark, Text

NAME = r"^[a-z][a-z0-9_]{0,62}$"
PACK = r"^[a-z0-9][a-z0-9-]{0,62}$"
CERTAIN: tuple[Mark, ...] = ("seen", "seen_draft", "seen_weak", "derived", "recall", "recall_low")
"""From the surest to the least sure."""


class Data(BaseModel):
    """A part of a rule pack; unknown keys are mistakes."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class BothLanguages(Data):
    """A text in English and Chinese."""

    en: str = Field(min_length=1)
    zh: str = Field(min_length=1)


def _as_text(_source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
    return core_schema.no_info_after_validator_function(
        lambda both: Text(both.en, both.zh), handler(BothLanguages)
    )


Said = Annotated[Text, GetPydanticSchema(_as_text)]
Name = Annotated[str, Field(pattern=NAME)]
Seconds = Annotated[float, Field(gt=0, le=10 * 366 * 86400)]


def least_sure(*marks: Mark) -> Mark:
    """What rests on several figures is as sure as the least sure of them."""
    return max(marks, key=CERTAIN.index)
