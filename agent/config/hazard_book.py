"""Where the ledger's rules live, and reading them: every mistake of a file at once, with its line and column."""

from collections.abc import Iterator
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from agent.alarms.kinds import KINDS
from agent.config.shelf import Shelf, shipped
from agent.config.source import Loc, read_source
from agent.errors import ConfigError
from agent.hazards.rules import Rule, RuleBook
from agent.language import tr
from agent.mistakes import did_you_mean, mistakes_in

BESIDE = "hazards"  # a school's own books stand in this directory beside the gateway's file


@cache
def books_dir() -> Path:
    """Where those that are shipped stand."""
    return shipped("hazards")


class BookShelf(Shelf[RuleBook]):
    """Every book of some directories by its id; the first directory wins."""

    def __init__(self, *directories: Path) -> None:
        super().__init__(read_book, *directories)

    def book(self, name: str) -> RuleBook:
        """That book; raises ConfigError with every mistake of its file."""
        return self._stored(name)[0]


def books_for(file: Path, hazards: Path | None = None) -> BookShelf:
    """What a gateway's file may name: the books of one directory if it has any, else its own and the shipped."""
    if hazards is not None and any(hazards.glob("*.yaml")):
        return BookShelf(hazards)
    return BookShelf(file.parent / BESIDE, books_dir())


def load_book(name: str) -> RuleBook:
    """One that is shipped; raises ConfigError with every mistake."""
    return read_book(books_dir() / f"{name}.yaml")[0]


def read_book(path: Path) -> tuple[RuleBook, bytes]:
    """One book with its file's bytes; raises ConfigError with every mistake."""
    source = read_source(path, example="configs/hazards/national-2024.yaml")
    try:
        book = RuleBook.model_validate(source.document)
    except ValidationError as error:
        raise ConfigError(mistakes_in(error, source.file, source.document, RuleBook)) from error
    if mistakes := [source.mistake(loc, said) for loc, said in _of_whole(book, path.stem)]:
        raise ConfigError(mistakes)
    return book, source.content


def _of_whole(book: RuleBook, stem: str) -> Iterator[tuple[Loc, str]]:
    if book.id != stem:
        yield ("id",), tr("id: the file is called {name}, so is its book", name=repr(stem))
    seen = set[str]()
    for n, rule in enumerate(book.rules):
        if rule.id in seen:
            yield ("rules", n, "id"), tr("{name} is the id of an earlier one already", name=repr(rule.id))
        seen.add(rule.id)
        yield from _watched(("rules", n, "watch"), rule)


def _watched(loc: Loc, rule: Rule) -> Iterator[tuple[Loc, str]]:
    """A rule that watches what cannot be would never open anything, and nobody would know."""
    strange = [kind for kind in rule.watch.kinds if kind not in KINDS]
    for kind in strange:
        yield (*loc, "kinds"), tr("no kind {name}", name=repr(kind)) + did_you_mean(kind, KINDS)
    if not strange:
        known = {name for kind, spec in KINDS.items() if kind in rule.watch.kinds for name in spec.conditions}
        for name in rule.watch.conditions:
            if name not in known:
                yield (*loc, "conditions"), tr("no condition {name}", name=repr(name)) + did_you_mean(name, known)
    if not rule.watch.conditions and not rule.watch.out_of_service:
        yield loc, tr("it watches nothing: say conditions, or out_of_service")
