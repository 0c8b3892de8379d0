"""What pydantic found, said where it stands so that the author of a file can mend it.

`tr` makes a text of a template and its fields: plain English here; whoever has readers brings their language.
"""

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic.fields import FieldInfo

from drivers.document import Loc, Place, place_of

Tr = Callable[..., str]
SHORT = 60
ALIKE = 0.5
FEW = 24  # so many valid words are shown when none is near


def plain(text: str, /, **values: object) -> str:
    """The text in English, with `{name}` fields filled in."""
    return text.format(**values) if values else text


def explained(
    error: ValidationError, document: Any, model: type[BaseModel], tr: Tr = plain
) -> Iterator[tuple[Place, str]]:
    """Every mistake, with its place in the document."""
    found_all = error.errors(include_url=False)
    meant = {_meant(found["loc"], model) for found in found_all if found["type"] == "extra_forbidden"}
    for found in found_all:
        loc = tuple(step for step in found["loc"] if step != "[key]")
        if found["type"] == "missing" and loc in meant:
            continue  # it is there, misspelt: one mistake
        at_key = found["type"] == "extra_forbidden" or "[key]" in found["loc"]
        yield place_of(document, loc, key=at_key), _said(loc, found, model, tr)


def _meant(loc: Loc, model: type[BaseModel]) -> tuple[int | str | None, ...]:
    return (*loc[:-1], nearest(unglued(str(loc[-1]))[0], keys_at(loc[:-1], model)))


def _said(loc: Loc, found: Mapping[str, Any], model: type[BaseModel], tr: Tr) -> str:
    """What was wrong, what was expected, what is near."""
    name, given, kind = str(loc[-1]) if loc else tr("the file"), _short(found["input"], tr), found["type"]
    if kind == "extra_forbidden":
        slip = key_slip(name, tr)
        return tr("unknown key {key}", key=repr(name)) + (slip or near(name, keys_at(loc[:-1], model), tr))
    if kind == "missing":
        return tr("{key} is missing here", key=repr(name)) + _such_as(loc, model, tr)
    if kind == "literal_error":
        return _none_of(name, found, tr)
    if kind == "value_error":
        why = str(found["ctx"]["error"])
        return why if isinstance(found["input"], dict) else tr("{key}: ", key=name) + why + _not(given, tr)
    wanted = _wanted(kind, found.get("ctx", {}), model, tr)
    if found["input"] is None and wanted is not None:
        return tr("{key} has no value; want {want}", key=name, want=wanted)
    if wanted is None:
        return tr("{key}: {given} does not fit: {why}", key=name, given=given, why=found["msg"])
    return tr("{key}: want {want}", key=name, want=wanted) + _not(given, tr) + value_slip(found["input"], tr)


def _such_as(loc: Loc, model: type[BaseModel], tr: Tr) -> str:
    """What could stand there, from the field's own examples."""
    field = field_at(loc, model)
    if field is None or not field.examples:
        return ""
    return tr("; write for example {example}", example=f"{loc[-1]}: {field.examples[0]}")


def key_slip(key: str, tr: Tr = plain) -> str:
    """What went wrong at the keyboard, where a key shows it."""
    wide = next((char for char in key if char in "：，“”"), None)
    if wide is not None:
        return tr("; {given} is a full-width character", given=wide)
    return tr("; a space is missing after the colon") if ":" in key else ""


def value_slip(given: Any, tr: Tr = plain) -> str:
    """What went wrong at the keyboard, where a value shows it."""
    if isinstance(given, str) and any(char in "“”‘’" for char in given):
        return tr('; curly quotes count as text: write straight ones (")')
    if isinstance(given, str) and given.lower() in ("yes", "no", "on", "off"):
        return tr("; write {word}", word="true" if given.lower() in ("yes", "on") else "false")
    return ""


def unglued(key: str) -> tuple[str, str]:
    """Key and value, where no space (or a full-width colon) between them has made one key of both."""
    name, _, value = key.replace("：", ":").partition(":")
    return name, value.strip()


def choices_in(found: Mapping[str, Any]) -> list[str]:
    """The words of which pydantic wants one."""
    return [part.strip("' ") for part in found["ctx"]["expected"].replace(" or ", ",").split(",")]


def _none_of(name: str, found: Mapping[str, Any], tr: Tr) -> str:
    choices, given = choices_in(found), found["input"]
    if given is None:
        return tr("{key} has no value; want {want}", key=name, want=", ".join(choices))
    what = {"key": name, "given": _short(given, tr), "choices": ", ".join(choices)}
    near_one = nearest(given, choices) if isinstance(given, str) else None
    meant = "" if near_one is None else tr("; did you mean {near}?", near=repr(near_one))
    return tr("{key}: {given} is none of {choices}", **what) + meant + value_slip(given, tr)


def _not(given: str, tr: Tr) -> str:
    return tr(", not {given}", given=given)


def _wanted(kind: str, context: Mapping[str, Any], model: type[BaseModel], tr: Tr) -> str | None:
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
    if kind == "string_pattern_mismatch":
        forms: Mapping[str, str] = getattr(model, "forms", {})
        form = forms.get(context["pattern"])
        return tr("the form {pattern}", **context) if form is None else tr(form)
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


def nearest(given: str, words: Iterable[str], least: float = ALIKE) -> str | None:
    """The word that was probably meant; `least` says how like it must be, 1 being the same."""
    lower = {word.lower(): word for word in words}
    close = [lower[found] for found in difflib.get_close_matches(given.lower(), lower, 1, least)]
    close += [word for word in lower.values() if given and (word.startswith(given) or given.startswith(word))]
    return close[0] if close else None


def keys_at(loc: Loc, model: type[BaseModel]) -> list[str]:
    """The keys that the model has at a place; the key of a mapping leads to its value's model."""
    at = _model_at(loc, model)
    return [] if at is None else list(at.model_fields)


def field_at(loc: Loc, model: type[BaseModel]) -> FieldInfo | None:
    """The field that the last key of a place is."""
    at = _model_at(loc[:-1], model)
    return None if at is None else at.model_fields.get(str(loc[-1]))


def _model_at(loc: Loc, model: type[BaseModel]) -> type[BaseModel] | None:
    at: Any = model
    for step in loc:
        field = at.model_fields.get(step) if isinstance(step, str) else None
        at = _model_in(field.annotation) if field else at
        if at is None:
            return None
    return at  # type: ignore[no-any-return]


def _model_in(annotation: Any) -> Any:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part))), None)
