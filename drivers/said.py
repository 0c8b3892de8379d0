"""What pydantic found, said so that the author of a file can mend it."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel

WANTED = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text (put it in quotes)",
    "list_type": "a list",
    "tuple_type": "a list",
    "dict_type": "a mapping (key: value)",
    "model_type": "a mapping (key: value)",
    "greater_than": "more than {gt}",
    "greater_than_equal": "at least {ge}",
    "less_than": "less than {lt}",
    "less_than_equal": "at most {le}",
    "string_too_short": "some text",
    "too_short": "at least {min_length}",
    "string_pattern_mismatch": "the form {pattern}",
}
SHORT = 60


def said(found: Mapping[str, Any], model: type[BaseModel]) -> str:
    """One error of `ValidationError.errors()` in words: what was wrong, what was expected, what is near."""
    loc = [step for step in found["loc"] if step != "[key]"]
    name, given, kind = str(loc[-1]) if loc else "the file", repr(found["input"]), found["type"]
    if kind == "extra_forbidden":
        return f"unknown key {name!r}" + _near(name, _keys(loc[:-1], model))
    if kind == "missing":
        return f"{name!r} is missing here"
    given = given if len(given) <= SHORT else given[: SHORT - 3] + "..."
    if kind == "literal_error":
        choices = found["ctx"]["expected"].replace(" or ", ", ").replace("'", "").split(", ")
        return f"{name}: {given} is none of {', '.join(choices)}" + _near(str(found["input"]), choices, ())
    if kind == "value_error":
        why = str(found["ctx"]["error"])
        return why if isinstance(found["input"], dict) else f"{name}: {why}, not {given}"
    if kind not in WANTED:
        return f"{name}: {found['msg']}"
    return f"{name}: want {WANTED[kind].format(**found.get('ctx', {}))}, not {given}"


def _near(given: str, known: Iterable[str], shown: Sequence[str] | None = None) -> str:
    words = list(known)
    close = difflib.get_close_matches(given, words, 1, 0.5)
    if close:
        return f"; did you mean {close[0]!r}?"
    return f"; valid here: {', '.join(words)}" if shown is None else ""


def _keys(loc: Sequence[int | str], model: type[BaseModel]) -> list[str]:
    """The keys that the model has at a place."""
    at: Any = model
    for step in loc:
        field = at.model_fields.get(step) if isinstance(step, str) else None
        at = _model_in(field.annotation) if field else at
        if at is None:
            return []
    return list(at.model_fields)


def _model_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
