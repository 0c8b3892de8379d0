"""Where rule packs live, and reading them: every mistake of a file at once, with its line and column."""

from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from agent.config.rules_checks import pack_mistakes
from agent.config.shelf import Shelf, shipped
from agent.config.source import read_source
from agent.errors import ConfigError
from agent.mistakes import mistakes_in
from agent.provisioning.pack import Pack

BESIDE = "rules"  # a school's own packs stand in this directory beside the gateway's file


@cache
def rules_dir() -> Path:
    """Where those that are shipped stand."""
    return shipped("rules")


class RuleShelf(Shelf[Pack]):
    """Every rule pack of some directories by its id; the first directory wins."""

    def __init__(self, *directories: Path) -> None:
        super().__init__(read_pack, *directories)

    def pack(self, name: str) -> Pack:
        """That pack; raises ConfigError with every mistake of its file."""
        return self._stored(name)[0]


def shelf_for(file: Path, rules: Path | None = None) -> RuleShelf:
    """What a gateway's file may name: the packs of one directory, or its own and those that are shipped."""
    return RuleShelf(rules) if rules is not None else RuleShelf(file.parent / BESIDE, rules_dir())


def load_pack(path: Path) -> Pack:
    """One pack; raises ConfigError with every mistake."""
    return read_pack(path)[0]


def read_pack(path: Path) -> tuple[Pack, bytes]:
    """The same, with the file's bytes."""
    source = read_source(path, example="configs/rules/national-2021.yaml")
    try:
        pack = Pack.model_validate(source.document)
    except ValidationError as error:
        raise ConfigError(mistakes_in(error, source.file, source.document, Pack)) from error
    if mistakes := pack_mistakes(pack, source, path.stem):
        raise ConfigError(mistakes)
    return pack, source.content


def rules_schema() -> dict[str, Any]:
    """The JSON Schema of a rule pack, for editors."""
    schema = Pack.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "campus gateway rule pack"
    return schema
