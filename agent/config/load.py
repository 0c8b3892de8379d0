"""From a file to a Site: read, validate, check what only the whole can tell, build."""

import hashlib
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from agent.config.budget import too_slow
from agent.config.build import Profiles, build_site, line_plans
from agent.config.checks import Check
from agent.config.guess import as_meant
from agent.config.hazard_book import BookShelf, books_for
from agent.config.hazard_models import book_of
from agent.config.models import ConfigModel
from agent.config.rules_load import RuleShelf, shelf_for
from agent.config.source import Loc, Source, read_source
from agent.errors import ConfigError, Mistake
from agent.mistakes import mistakes_in
from agent.site import Site
from drivers.profiles import ProfileError, Shelf, profiles_dir


@dataclass(frozen=True, slots=True)
class Loaded:
    """A site, and what it was made of: the file's bytes, and by id those of its profiles, packs and book."""

    site: Site
    content: bytes
    profiles: Mapping[str, bytes]
    rules: Mapping[str, bytes]
    hazards: Mapping[str, bytes]


@dataclass(frozen=True, slots=True)
class Known:
    """What a configuration may name."""

    profiles: Profiles
    rules: RuleShelf
    books: BookShelf


def load_site(path: Path, profiles: Path | None = None) -> Site:
    """Everything that `run` does before it opens a port; raises ConfigError with every mistake."""
    return load(path, profiles).site


def load(
    path: Path, profiles: Path | None = None, rules: Path | None = None, hazards: Path | None = None
) -> Loaded:
    """The same, with the bytes. `rules`, `hazards`: where alone packs and books are looked for."""
    source, shelf, packs = read_source(path), Shelf(profiles or profiles_dir()), shelf_for(path, rules)
    books = books_for(path, hazards)
    try:
        site = _site_of(source, Known(shelf, packs, books))
        used = sorted({unit.profile.id for line in site.lines for unit in line.units})
        return Loaded(
            site,
            source.content,
            {name: shelf.file(name).read_bytes() for name in used},
            {pack.id: packs.content(pack.id) for pack in site.packs},
            {site.hazards.book.id: books.content(site.hazards.book.id)} if site.hazards else {},
        )
    except ProfileError as error:
        raise ConfigError([Mistake(str(error.file), *mistake) for mistake in error.mistakes]) from error


def _site_of(source: Source, known: Known) -> Site:
    try:
        config = ConfigModel.model_validate(source.document)
    except ValidationError as error:
        found = mistakes_in(error, source.file, source.document, ConfigModel)
        raise ConfigError(_in_order([*found, *_beyond(error, source, known)])) from error
    if mistakes := _of_whole(source, config, known, ()):
        raise ConfigError(_in_order(mistakes))
    packs = tuple(known.rules.pack(name) for name in config.school.rules) if config.school else ()
    book = known.books.book(name) if (name := book_of(config.hazards, config.school)) else None
    return build_site(config, known.profiles, _digest(source.content, known, config), packs, book)


def _of_whole(source: Source, config: ConfigModel, known: Known, unsure: Collection[Loc]) -> list[Mistake]:
    """What only the whole can tell: what does not fit together, and lines that are too slow."""
    check = Check(source, config, known.profiles, known.rules, known.books, unsure)
    mistakes = check.run()
    return [*mistakes, *too_slow(source, line_plans(config, known.profiles, check.sound_lines()))]


def _in_order(mistakes: Iterable[Mistake]) -> list[Mistake]:
    return sorted(set(mistakes), key=lambda m: (m.file, m.line, m.column, m.what))


def _beyond(error: ValidationError, source: Source, known: Known) -> list[Mistake]:
    """What else is wrong: misspelt words taken as they were meant, stand-ins where something must be."""
    guess = as_meant(source.document, error)
    return [] if guess is None else _of_whole(source, guess.config, known, guess.unsure)


def gateway_schema() -> dict[str, Any]:
    """The JSON Schema of a gateway's configuration, for editors."""
    schema = ConfigModel.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "campus gateway configuration"
    return schema


def _digest(content: bytes, known: Known, config: ConfigModel) -> str:
    """SHA-256 over the file and the profiles, rule packs and hazard book that it uses."""
    digest = hashlib.sha256(content)
    for name in sorted({unit.profile for line in config.lines for unit in line.units}):
        digest.update(known.profiles[name].model_dump_json().encode())
    for name in sorted(config.school.rules if config.school else ()):
        digest.update(known.rules.content(name))
    if name := book_of(config.hazards, config.school):
        digest.update(known.books.content(name))
    return digest.hexdigest()
