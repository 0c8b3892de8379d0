"""What pydantic found, said where it stands so that the author of a file can mend it.

`tr` makes a text of a template and its fields: plain English here; whoever has readers brings their language.
"""

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from drivers.document import Loc, Place, place_of

Tr = Callable[..., str]
SHORT = 60
FEW = 24  # so many valid words are shown when none is near


def plain(text: str, /, **values: object) -> str:
    """The text in English, with `{name}` fields filled in."""
    return text.format(**values) if values else text


def explained(
    error: ValidationError, document: Any, model: type[BaseModel], tr: Tr = plain
) -> Iterator[tuple[Place, str]]:
    """Every mistake, with its place in the document."""
    for found in error.errors(include_url=False):
        loc = tuple(step for step in found["loc"] if step != "[key]")
        at_key = found["type"] == "extra_forbidden" or "[key]" in found["loc"]
        yield place_of(document, loc, key=at_key), _said(loc, found, model, tr)


def _said(loc: Loc, found: Mapping[str, Any], model: type[BaseModel], tr: Tr) -> str:
    """What was wrong, what was expected, what is near."""
    name, given, kind = str(loc[-1]) if loc else tr("the file"), _short(found["input"], tr), found["type"]
    if kind == "extra_forbidden":
        return tr("unknown key {key}", key=repr(name)) + near(name, keys_at(loc[:-1], model), tr)
    if kind == "missing":
        return tr("{key} is missing here", key=repr(name))
    if kind == "literal_error":
        return _none_of(name, found, tr)
    if kind == "value_error":
        why = str(found["ctx"]["error"])
        return why if isinstance(found["input"], dict) else tr("{key}: ", key=name) + why + _not(given, tr)
    wanted = _wanted(kind, found.get("ctx", {}), tr)
    if wanted is None:
        return tr("{key}: {given} does not fit: {why}", key=name, given=given, why=found["msg"])
    return tr("{key}: want {want}", key=name, want=wanted) + _not(given, tr)


def _none_of(name: str, found: Mapping[str, Any], tr: Tr) -> str:
    choices = [part.strip("' ") for part in found["ctx"]["expected"].replace(" or ", ",").split(",")]
    what = {"key": name, "given": _short(found["input"], tr), "choices": ", ".join(choices)}
    near_one = nearest(found["input"], choices) if isinstance(found["input"], str) else None
    meant = "" if near_one is None else tr("; did you mean {near}?", near=repr(near_one))
    return tr("{key}: {given} is none of {choices}", **what) + meant


def _not(given: str, tr: Tr) -> str:
    return tr(", not {given}", given=given)


def _wanted(kind: str, context: Mapping[str, Any], tr: Tr) -> str | None:
    match kind:
        case "int_type" | "int_parsing" | "int_from_float":
            return tr("a whole number")
        case "float_type" | "float_parsing":
            return tr("a number")
        case "finite_number":
            return tr("a finite number")
        case "bool_type" | "bool_parsing":
            return tr("true or false")
        case "string_type":
            return tr("text (put it in quotes)")
        case "list_type" | "tuple_type":
            return tr("a list (lines that begin with -)")
        case "dict_type" | "model_type" | "model_attributes_type":
            return tr("a mapping (key: value)")
    return _bound(kind, context, tr)


def _bound(kind: str, context: Mapping[str, Any], tr: Tr) -> str | None:
    match kind:
        case "greater_than":
            return tr("more than {gt}", **context)
        case "greater_than_equal":
            return tr("at least {ge}", **context)
        case "less_than":
            return tr("less than {lt}", **context)
        case "less_than_equal":
            return tr("at most {le}", **context)
        case "string_too_short":
            return tr("some text")
        case "too_short":
            return tr("at least {min_length} of them", **context)
        case "string_pattern_mismatch":
            return tr("the form {pattern}", **context)
    return None


def _short(given: Any, tr: Tr) -> str:
    """What was given; of a list or mapping only that it is one: anchors can make it larger than any memory."""
    if given and isinstance(given, list | dict):
        return tr("a list") if isinstance(given, list) else tr("a mapping")
    text = repr(given)
    return text if len(text) <= SHORT else text[: SHORT - 3] + "..."


def near(given: str, known: Iterable[str], tr: Tr = plain) -> str:
    """The nearest valid word, or all of them when they are few."""
    words = list(known)
    if (found := nearest(given, words)) is not None:
        return tr("; did you mean {near}?", near=repr(found))
    return tr("; valid here: {known}", known=", ".join(words)) if 0 < len(words) <= FEW else ""


def nearest(given: str, words: Iterable[str]) -> str | None:
    """The word that was probably meant."""
    lower = {word.lower(): word for word in words}
    close = [lower[found] for found in difflib.get_close_matches(given.lower(), lower, 1, 0.5)]
    close += [word for word in lower.values() if given and (word.startswith(given) or given.startswith(word))]
    return close[0] if close else None


def keys_at(loc: Sequence[int | str], model: type[BaseModel]) -> list[str]:
    """The keys that the model has at a place; the key of a mapping leads to its value's model."""
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
