"""What is wrong with a YAML file, in the language of whoever reads it."""

from collections.abc import Iterable
from typing import Any

from pydantic import BaseModel, ValidationError

from agent.errors import Mistake
from agent.language import tr
from drivers.said import explained, near


def mistakes_in(error: ValidationError, file: str, document: Any, model: type[BaseModel]) -> list[Mistake]:
    """Every mistake that pydantic found, in the order of the lines."""
    found = {Mistake(file, *place, what) for place, what in explained(error, document, model, tr)}
    return sorted(found, key=lambda m: (m.line, m.column, m.what))


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """The nearest valid word, or the list of all when it is short."""
    return near(given, known, tr)
