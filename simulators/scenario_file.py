"""Scenario files: where they are, and reading them with the place of every mistake."""

import difflib
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from agent.errors import ConfigError, Mistake
from agent.language import tr
from drivers.document import Loc, place_of
from simulators.scenario import Scenario


@cache
def configs_dir() -> Path:
    """`configs` beside the packages, or where the wheel installs it."""
    beside = Path(__file__).parent.parent / "configs"
    return beside if beside.is_dir() else Path(sys.prefix) / "share" / "campusgw" / "configs"


def shipped() -> dict[str, Path]:
    """The scenarios that come with the product, by name."""
    return {path.stem: path for path in sorted((configs_dir() / "scenarios").glob("*.yaml"))}


def find(name: str) -> Path:
    """A shipped scenario's file by its name, or the file of that path; raises ConfigError."""
    known = shipped()
    if name in known:
        return known[name]
    if Path(name).is_file():
        return Path(name)
    what = tr("no such scenario file, nor a shipped one") + nearest(name, known)
    raise ConfigError([Mistake(name, 1, 1, what)])


@dataclass(frozen=True, slots=True)
class ScenarioSource:
    """A scenario and the document that it was read from, so that later mistakes have their place too."""

    file: str
    document: Any
    scenario: Scenario

    def mistake(self, loc: Loc, what: str) -> Mistake:
        """A mistake at a place of the document."""
        return Mistake(self.file, *place_of(self.document, loc), what)


def read_scenario(path: Path) -> ScenarioSource:
    """Read one file; raises ConfigError with every mistake."""
    document = read_yaml(path)
    try:
        scenario = Scenario.model_validate(document)
    except ValidationError as error:
        mistakes = [_explained(str(path), document, found) for found in error.errors()]
        raise ConfigError(sorted(mistakes, key=lambda m: (m.line, m.column))) from error
    return ScenarioSource(str(path), document, scenario)


def read_yaml(path: Path) -> Any:
    """A YAML mapping that knows its lines and columns; raises ConfigError."""
    try:
        document = YAML(typ="rt", pure=True).load(path.read_text(encoding="utf-8"))
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        what = tr("not valid YAML: {problem}", problem=(error.problem or str(error)).splitlines()[0])
        raise ConfigError([Mistake(str(path), line, column, what)]) from error
    except (OSError, UnicodeDecodeError, YAMLError) as error:
        raise ConfigError([Mistake(str(path), 1, 1, str(error))]) from error
    if not isinstance(document, dict):
        raise ConfigError([Mistake(str(path), 1, 1, tr("empty, or not a YAML mapping"))])
    return document


def nearest(given: str, known: Iterable[str]) -> str:
    """The nearest valid word, or all of them when they are few."""
    words = sorted(known)
    near = difflib.get_close_matches(given, words, 1, 0.5)
    if near:
        return tr("; did you mean {near}?", near=repr(near[0]))
    return tr("; valid here: {known}", known=", ".join(words)) if 0 < len(words) <= 24 else ""


def _explained(file: str, document: Any, found: Any) -> Mistake:
    kind, loc = found["type"], tuple(found["loc"])
    name = str(loc[-1]) if loc else ""
    if kind == "extra_forbidden":
        what = tr("unknown key {key}", key=repr(name)) + nearest(name, _keys_at(loc[:-1]))
        return Mistake(file, *place_of(document, loc, key=True), what)
    if kind == "missing":
        return Mistake(file, *place_of(document, loc[:-1]), tr("{key} is missing here", key=repr(name)))
    return Mistake(file, *place_of(document, loc), _said(name, found))


def _said(name: str, found: Any) -> str:
    if found["type"] == "literal_error":
        choices = [part.strip("' ") for part in found["ctx"]["expected"].replace(" or ", ",").split(",")]
        given = str(found["input"])
        return tr("{key}: {given} is not known", key=name, given=repr(given)) + nearest(given, choices)
    if found["type"] == "actions":
        return tr("want exactly one of: {all}", all=found["ctx"]["all"])
    if found["type"] == "times":
        return tr("want at_s or after_s, not both")
    return tr("{key}: {given} does not fit: {why}", key=name, given=repr(found["input"])[:60], why=found["msg"])


def _keys_at(loc: Loc) -> list[str]:
    """The keys that the model has at a place."""
    model: type[BaseModel] | None = Scenario
    for step in loc:
        if isinstance(step, str) and model is not None:
            field = model.model_fields.get(step)
            model = next(_models_in(field.annotation), None) if field else None
    return list(model.model_fields) if model else []


def _models_in(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for part in get_args(annotation):
        yield from _models_in(part)
