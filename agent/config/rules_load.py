"""Where rule packs live, and reading them: every mistake of a file at once, with its line and column."""

import sys
from collections.abc import Collection
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from agent.config.rules_checks import pack_mistakes
from agent.config.source import read_source
from agent.errors import ConfigError
from agent.mistakes import mistakes_in
from agent.provisioning.pack import Pack

BESIDE = "rules"  # a school's own packs stand in this directory beside the gateway's file


@cache
def rules_dir() -> Path:
    """`configs/rules` beside the packages, or where the wheel installs it."""
    beside = Path(__file__).parents[2] / "configs" / "rules"
    return beside if beside.is_dir() else Path(sys.prefix) / "share" / "campusgw" / "configs" / "rules"


class RuleShelf:
    """Every rule pack of some directories by its id, read when it is first asked for; the first directory wins."""

    def __init__(self, *directories: Path) -> None:
        self._files: dict[str, Path] = {}
        for directory in reversed(directories):
            self._files |= {path.stem: path for path in sorted(directory.glob("*.yaml"))}
        self._read: dict[str, tuple[Pack, bytes]] = {}

    def names(self) -> Collection[str]:
        """Every id."""
        return self._files.keys()

    def pack(self, name: str) -> Pack:
        """That pack; raises ConfigError with every mistake of its file."""
        return self._stored(name)[0]

    def content(self, name: str) -> bytes:
        """The bytes of its file as it was read; raises ConfigError."""
        return self._stored(name)[1]

    def _stored(self, name: str) -> tuple[Pack, bytes]:
        if name not in self._read:
            self._read[name] = read_pack(self._files[name])
        return self._read[name]


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
