"""From a file to a Site: read, validate, check what only the whole can tell, build."""

import copy
import hashlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from agent.config.budget import too_slow
from agent.config.build import Profiles, build_site
from agent.config.checks import Check
from agent.config.models import ConfigModel
from agent.config.source import Source, read_source
from agent.errors import ConfigError, Mistake
from agent.mistakes import mistakes_in
from agent.site import Site
from drivers.profiles import ProfileError, Shelf, profiles_dir
from drivers.said import keys_at, nearest


def load_site(path: Path, profiles: Path | None = None) -> Site:
    """Everything that `run` does before it opens a port; raises ConfigError with every mistake."""
    source = read_source(path)
    try:
        return _site_of(source, Shelf(profiles or profiles_dir()))
    except ProfileError as error:
        raise ConfigError([Mistake(str(error.file), *mistake) for mistake in error.mistakes]) from error


def _site_of(source: Source, known: Profiles) -> Site:
    try:
        config = ConfigModel.model_validate(source.document)
    except ValidationError as error:
        found = mistakes_in(error, source.file, source.document, ConfigModel)
        raise ConfigError(_in_order([*found, *_beyond(error, source, known)])) from error
    check = Check(source, config, known)
    check.run()
    if check.mistakes:
        raise ConfigError(_in_order(check.mistakes))
    site = build_site(config, known, _digest(source.content, known, config))
    if slow := too_slow(source, site):
        raise ConfigError(slow)
    return site


def _in_order(mistakes: Iterable[Mistake]) -> list[Mistake]:
    return sorted(set(mistakes), key=lambda m: (m.line, m.column, m.what))


def _beyond(error: ValidationError, source: Source, known: Profiles) -> list[Mistake]:
    """What else is wrong, with misspelt keys taken as they were meant and bad values left out."""
    rest = copy.deepcopy(source.document)
    for found in error.errors(include_url=False):
        _mend(rest, found["loc"], _meant(found["loc"]) if found["type"] == "extra_forbidden" else None)
    try:
        config = ConfigModel.model_validate(rest)
    except ValidationError:
        return []
    check = Check(source, config, known)
    check.run()
    return check.mistakes


def _meant(loc: Sequence[int | str]) -> str | None:
    """The valid key that an unknown one was probably meant to be."""
    return nearest(str(loc[-1]), keys_at(loc[:-1], ConfigModel))


def _mend(node: Any, loc: Sequence[int | str], meant: str | None) -> None:
    """Take out the last key on the way to `loc`, or call it what was meant."""
    for step, following in zip(loc, [*loc[1:], None], strict=True):
        if isinstance(node, list) and isinstance(step, int):
            node = node[step]
        elif isinstance(node, dict) and step in node:
            if following is None or not isinstance(node[step], dict | list):
                value = node.pop(step)
                if meant is not None and meant not in node:
                    node[meant] = value
                return
            node = node[step]
        else:
            return


def gateway_schema() -> dict[str, Any]:
    """The JSON Schema of a gateway's configuration, for editors."""
    schema = ConfigModel.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "campus gateway configuration"
    return schema


def _digest(content: bytes, known: Profiles, config: ConfigModel) -> str:
    """SHA-256 over the file and the profiles that it uses."""
    digest = hashlib.sha256(content)
    for name in sorted({unit.profile for line in config.lines for unit in line.units}):
        digest.update(known[name].model_dump_json().encode())
    return digest.hexdigest()
