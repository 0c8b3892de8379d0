"""Telling people of a step of a chain, each channel in its way: an event, the second way too, the sounder."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from agent.hazards.escalation import Due
from agent.records import Instant, Record, event_record
from agent.service.second_way import SecondWay
from agent.service.sounder import Sounder


@dataclass(frozen=True, slots=True)
class Told:
    """The records of a telling, and which of them the second way is owed; `sounds`: the sounder is a channel."""

    records: tuple[Record, ...] = ()
    second: tuple[Record, ...] = ()
    sounds: bool = False


@dataclass(frozen=True, slots=True)
class Channels:
    """By what people are told."""

    sounder: Sounder
    second: SecondWay


def told(event: str, what: str, due: Due, fields: Mapping[str, object], at: Instant) -> Told:
    """One event a channel: who is told of what, by which."""
    who = due.who
    name = f" ({who.name})" if who.name else ""
    records = {
        channel: event_record(
            event,
            f"{what}: step {due.number}, {who.role}{name} is told by {channel}",
            {**fields, "step": due.number, "role": who.role, "name": who.name, "channel": channel},
            at,
        )
        for channel in who.channels
    }
    second = tuple(record for channel, record in records.items() if channel == "second_platform")
    return Told(tuple(records.values()), second, "sounder" in who.channels)


def second_of(all_told: Iterable[Told]) -> tuple[Record, ...]:
    """All that the second way is owed."""
    return tuple(record for one in all_told for record in one.second)


def places_of(records: Sequence[Record], places: Sequence[int], wanted: Sequence[Record]) -> list[int]:
    """Where some of the stored records stand."""
    return [place for record, place in zip(records, places, strict=False) if any(record is one for one in wanted)]
