"""Whether the ledger's rules are there, and the channels by which people are to be told."""

from collections.abc import Iterator, Sequence

from agent.config.findings import Findings
from agent.config.hazard_book import BookShelf
from agent.config.hazard_models import book_of
from agent.config.models import ConfigModel
from agent.config.source import Loc
from agent.errors import ConfigError, Mistake
from agent.language import tr
from agent.mistakes import did_you_mean


def check_hazards(found: Findings, config: ConfigModel, books: BookShelf) -> None:
    """What only the whole configuration can tell."""
    name = book_of(config.hazards, config.school)
    loc: Loc = ("hazards", "rules") if config.hazards else ("school",)
    if name and name not in books.names():
        said = tr("no rules {name} in configs/hazards", name=repr(name)) + did_you_mean(name, books.names())
        found.wrong(loc, said)
    elif name:
        found.mistakes += _of_book(books, name)
    for loc, channels in _channels(config):
        _check_channels(found, config, loc, channels)


def _of_book(books: BookShelf, name: str) -> list[Mistake]:
    try:
        books.book(name)
    except ConfigError as error:
        return error.mistakes
    return []


def _channels(config: ConfigModel) -> Iterator[tuple[Loc, Sequence[str]]]:
    for n, step in enumerate(config.escalation):
        yield ("escalation", n, "channels"), step.channels
    for n, who in enumerate(config.school.responsible if config.school else ()):
        yield ("school", "responsible", n, "channels"), who.channels


def _check_channels(found: Findings, config: ConfigModel, loc: Loc, channels: Sequence[str]) -> None:
    for n, channel in enumerate(channels):
        if channel == "sounder" and config.sounder is None:
            found.wrong((*loc, n), tr("there is no sounder; add the key sounder, or leave this channel out"))
        if channel == "second_platform" and config.uplink.backup is None:
            found.wrong((*loc, n), tr("there is no second way; add uplink.backup, or leave this channel out"))
