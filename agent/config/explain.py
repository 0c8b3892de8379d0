"""What pydantic found, said so that an installer can mend it."""

import difflib
from collections.abc import Iterable
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from agent.config.models import ConfigModel
from agent.config.source import Loc, Source
from agent.errors import Mistake
from agent.language import tr

AT_KEY = {"extra_forbidden"}


def explain(error: ValidationError, source: Source) -> list[Mistake]:
    """Every mistake of the document, in the order of its lines."""
    mistakes = [_mistake(found, source) for found in error.errors(include_url=False)]
    return sorted(set(mistakes), key=lambda m: (m.line, m.column, m.what))


def _mistake(found: Any, source: Source) -> Mistake:
    loc, kind = tuple(found["loc"]), found["type"]
    if loc and loc[-1] == "[key]":
        loc, kind = loc[:-1], "key"
    return source.mistake(loc, _say(kind, loc, found), key=kind in AT_KEY)


def _say(kind: str, loc: Loc, found: Any) -> str:
    name, given = (str(loc[-1]) if loc else "?"), found.get("input")
    context = found.get("ctx", {})
    if kind == "extra_forbidden":
        return tr("unknown key {key}", key=repr(name)) + did_you_mean(name, known_keys(loc[:-1]))
    if kind == "missing":
        return tr("{key} is missing here", key=repr(name))
    if kind == "literal_error":
        choices = [part.strip("' ") for part in context["expected"].replace(" or ", ",").split(",")]
        said = tr("{key}: {given} is none of {choices}", key=name, given=repr(given), choices=", ".join(choices))
        return said + did_you_mean(str(given), choices)
    want = _SAID.get(kind)
    if want is None:
        return tr("{key}: {given} does not fit: {why}", key=name, given=_short(given), why=found["msg"])
    return tr("{key}: ", key=name) + tr(want, **context) + tr(", not {given}", given=_short(given))


_SAID = {
    "int_type": "want a whole number",
    "int_parsing": "want a whole number",
    "int_from_float": "want a whole number",
    "float_type": "want a number",
    "float_parsing": "want a number",
    "bool_type": "want true or false",
    "bool_parsing": "want true or false",
    "string_type": "want text (put it in quotes)",
    "list_type": "want a list (lines that begin with -)",
    "dict_type": "want a mapping (key: value)",
    "model_type": "want a mapping (key: value)",
    "model_attributes_type": "want a mapping (key: value)",
    "greater_than": "want more than {gt}",
    "greater_than_equal": "want at least {ge}",
    "less_than": "want less than {lt}",
    "less_than_equal": "want at most {le}",
    "finite_number": "want a finite number",
    "string_too_short": "must not be empty",
    "too_short": "want at least {min_length} entries",
    "string_pattern_mismatch": "want the form {pattern}",
}


def _short(given: Any) -> str:
    text = repr(given)
    return text if len(text) <= 60 else text[:57] + "..."


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """The nearest valid word, or the list of all when it is short."""
    words = list(known)
    near = _nearest(given, words)
    if near is not None:
        return tr("; did you mean {near}?", near=repr(near))
    return tr("; valid here: {known}", known=", ".join(words)) if 0 < len(words) <= 24 else ""


def _nearest(given: str, words: list[str]) -> str | None:
    lower = {word.lower(): word for word in words}
    near = [lower[found] for found in difflib.get_close_matches(given.lower(), lower, 1, 0.5)]
    near += [word for word in words if given and (word.startswith(given) or given.startswith(word))]
    return near[0] if near else None


def nearest_key(loc: Loc) -> str | None:
    """The valid key that an unknown one at this place was probably meant to be."""
    return _nearest(str(loc[-1]), known_keys(loc[:-1]))


def known_keys(loc: Loc) -> list[str]:
    """The keys that the model has at a place."""
    model: Any = ConfigModel
    for step in loc:
        if isinstance(step, int):
            continue
        field = model.model_fields.get(step)
        if field is None:
            continue  # the key of a mapping: its value's model stays
        model = _model_in(field.annotation)
        if model is None:
            return []
    return list(model.model_fields)


def _model_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
