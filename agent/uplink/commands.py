"""What a platform may say to a gateway: bytes become a command or a refusal in words. Nothing here acts."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import Field, ValidationError

from agent.records import ClockState
from agent.session import Incoming
from agent.uplink.drill_commands import AnnounceTest, DrillStart, DrillStop
from agent.uplink.hazard_commands import HazardAdd, HazardStep
from agent.uplink.linkage_commands import LinkageReset
from agent.uplink.orders import ID_MOST, Number, Ordered, Said, Span, Store
from agent.uplink.people_commands import Sign
from drivers.said import nearest

MESSAGE_MOST = 16 * 1024  # bytes; a confirmation of a thousand spans fits
SPANS_MOST = 1000
STALE_S = 300.0  # past that a click was meant for another situation, and waited in somebody's queue
AHEAD_S = 300.0  # as far in the future, one of the two clocks is wrong, and nobody knows which
WORDS_MOST = 200  # of what was sent, as it is shown again


class Confirm(Said):
    """The platform has these records; what it does not name is sent again."""

    store: Store
    spans: list[Span] = Field(max_length=SPANS_MOST, description="first and last of each, both included")


class Replay(Ordered):
    """Send these records again, as far as they are still there."""

    store: Store
    first: Number
    last: Number


class Acknowledge(Ordered):
    """A person has seen this alarm."""

    device: str = Field(max_length=100)
    condition: str = Field(max_length=100)
    address: str = Field("", max_length=100, description="of a fire panel's detector")
    person: str = Field(min_length=1, max_length=100)
    reason: str = Field("", max_length=500)


Command = Confirm | Ordered
COMMANDS: Mapping[str, type[Command]] = {
    "confirm": Confirm,
    "replay": Replay,
    "acknowledge": Acknowledge,
    "sign": Sign,
    "drill_start": DrillStart,
    "drill_stop": DrillStop,
    "test_announce": AnnounceTest,
    "hazard_add": HazardAdd,
    "hazard_step": HazardStep,
    "linkage_reset": LinkageReset,
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a message is not carried out; `id` is empty where none could be read."""

    name: str
    id: str
    why: str


@dataclass(frozen=True, slots=True)
class Now:
    """The gateway's wall clock, and how far it may be believed."""

    utc_s: float
    clock: ClockState


def parse(message: Incoming, now: Now) -> Command | Refusal:
    """Read one message; whatever is in it, it costs no more than its bytes."""
    name = message.topic.rpartition("/")[2]
    if message.retain:
        return Refusal(shown(name), "", "a command is never retained: it would be carried out again and again")
    if len(message.payload) > MESSAGE_MOST:
        return Refusal(shown(name), "", f"a command has at most {MESSAGE_MOST} bytes")
    if (model := COMMANDS.get(name)) is None:
        return Refusal(shown(name), _id_of(message.payload), _unknown(name))
    try:
        command = model.model_validate_json(message.payload)
    except ValidationError as error:
        return Refusal(name, _id_of(message.payload), _words(error))
    if not isinstance(command, Confirm) and (why := _untimely(command.at.timestamp(), now)):
        return Refusal(name, command.id, why)
    return command


def name_of(order: Ordered) -> str:
    """As its topic ends."""
    return next(name for name, model in COMMANDS.items() if type(order) is model)


def spans_of(confirm: Confirm) -> list[tuple[int, int]]:
    """The spans that name records: one that runs backwards names none."""
    return [(first, last) for first, last in confirm.spans if first <= last]


def joined(spans: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """The same numbers in as few spans as they need, sorted."""
    found: list[tuple[int, int]] = []
    for first, last in sorted(spans):
        if found and first <= found[-1][1] + 1:
            found[-1] = found[-1][0], max(last, found[-1][1])
        else:
            found.append((first, last))
    return found


def shown(text: str) -> str:
    """What somebody sent, fit to be shown: short, and without what a terminal would obey."""
    return "".join(letter if letter.isprintable() else "�" for letter in text[:WORDS_MOST])


def command_schemas() -> dict[str, dict[str, Any]]:
    """JSON Schemas of the commands, by name."""
    draft = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    return {name: {**model.model_json_schema(), **draft} for name, model in COMMANDS.items()}


def _unknown(name: str) -> str:
    known = ", ".join(COMMANDS)
    if (near := nearest(name[:ID_MOST], COMMANDS)) is None:
        return f"no such command; known: {known}"
    return f"no such command; did you mean {near}? Known: {known}"


def _untimely(at_s: float, now: Now) -> str:
    """Why its time does not fit, as far as ours may be believed."""
    if now.clock != "synchronised":
        return ""
    if (age_s := now.utc_s - at_s) > STALE_S:
        return f"given {age_s:.0f} s ago; what is older than {STALE_S:g} s is not carried out"
    if age_s < -AHEAD_S:
        return f"given {-age_s:.0f} s in the future: the sender's clock and the gateway's do not agree"
    return ""


def _id_of(payload: bytes) -> str:
    """The id of a command that is wrong otherwise, so that its sender learns which it was."""
    try:
        found = json.loads(payload)
    except (ValueError, RecursionError):
        return ""
    given = found.get("id") if isinstance(found, dict) else None
    return shown(given) if isinstance(given, str) and len(given) <= ID_MOST else ""


def _words(error: ValidationError) -> str:
    found = error.errors(include_url=False, include_input=False)[0]
    where = ".".join(shown(str(step)) for step in found["loc"])
    return f"{where}: {found['msg']}" if where else found["msg"]
