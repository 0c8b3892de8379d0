"""Whether the ledger's rules are there, and the channels by which people are to be told."""

from collections.abc import Iterator, Sequence

from agent.config.findings import Findings
from agent.config.hazard_book import book_names
from agent.config.models import ConfigModel
from agent.config.source import Loc
from agent.language import tr
from agent.mistakes import did_you_mean


def check_hazards(found: Findings, config: ConfigModel) -> None:
    """What only the whole configuration can tell."""
    if config.hazards is not None and config.hazards.rules not in (names := book_names()):
        name = config.hazards.rules
        said = tr("no rules {name} in configs/hazards", name=repr(name)) + did_you_mean(name, names)
        found.wrong(("hazards", "rules"), said)
    for loc, channels in _channels(config):
        _check_channels(found, config, loc, channels)


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
