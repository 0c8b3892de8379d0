"""Where the ledger's rules live, and reading them: every mistake of a file at once."""

import sys
from functools import cache
from pathlib import Path

from pydantic import ValidationError

from agent.errors import ConfigError, Mistake
from agent.hazards.rules import RuleBook
from agent.language import tr
from agent.mistakes import mistakes_in
from drivers.document import Unreadable, read_document


@cache
def books_dir() -> Path:
    """`configs/hazards` beside the packages, or where the wheel installs it."""
    beside = Path(__file__).parents[2] / "configs" / "hazards"
    return beside if beside.is_dir() else Path(sys.prefix) / "share" / "campusgw" / "configs" / "hazards"


def book_names(directory: Path | None = None) -> list[str]:
    """Every book that there is."""
    return sorted(path.stem for path in (directory or books_dir()).glob("*.yaml"))


def load_book(name: str, directory: Path | None = None) -> RuleBook:
    """One book; raises ConfigError with every mistake."""
    path = (directory or books_dir()) / f"{name}.yaml"
    try:
        document = read_document(path)
    except Unreadable as error:
        raise ConfigError(
            [Mistake(str(path), *error.place, tr("not valid YAML: {error}", error=error))]
        ) from error
    except OSError as error:
        said = tr("cannot read the file: {error}", error=error.strerror)
        raise ConfigError([Mistake(str(path), 1, 1, said)]) from error
    try:
        book = RuleBook.model_validate(document)
    except ValidationError as error:
        raise ConfigError(mistakes_in(error, str(path), document, RuleBook)) from error
    twice = {one.id for n, one in enumerate(book.rules) if one.id in {other.id for other in book.rules[:n]}}
    if twice or book.id != name:
        said = tr("{name} is the id of an earlier one already", name=repr(min(twice))) if twice else book.id
        raise ConfigError([Mistake(str(path), 1, 1, said)])
    return book
