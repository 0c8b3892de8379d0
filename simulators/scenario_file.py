"""Scenario files: where they are, and reading them with the place of every mistake."""

import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from agent.errors import ConfigError, Mistake
from agent.language import tr
from agent.mistakes import did_you_mean, mistakes_in
from drivers.document import Loc, Unreadable, place_of, read_document
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
    what = tr("no such scenario file, nor a shipped one") + did_you_mean(name, known)
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
        raise ConfigError(mistakes_in(error, str(path), document, Scenario)) from error
    return ScenarioSource(str(path), document, scenario)


def read_yaml(path: Path) -> Any:
    """A YAML mapping that knows its lines and columns; raises ConfigError."""
    try:
        document = read_document(path)
    except Unreadable as error:
        what = tr("not valid YAML: {problem}", problem=error)
        raise ConfigError([Mistake(str(path), *error.place, what)]) from error
    except OSError as error:
        raise ConfigError([Mistake(str(path), 1, 1, str(error))]) from error
    if not isinstance(document, dict):
        raise ConfigError([Mistake(str(path), 1, 1, tr("empty, or not a YAML mapping"))])
    return document
