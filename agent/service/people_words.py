"""How check-ins are said upstream, and how it is written down who is on."""

import json
import logging
from collections.abc import Mapping
from typing import Any

from agent.provisioning.check_ins import EXPIRY, Duty, Roll
from agent.provisioning.ends import end_from_json
from agent.provisioning.model import CheckIn
from agent.records import Instant, Record, event_record
from agent.school import Person

log = logging.getLogger(__name__)

ON = "people/on"  # a state's name that no device can have


def made(person: Person, on: bool, post: str, by: str, at: Instant) -> CheckIn:
    """Somebody signs on or off now."""
    return CheckIn(at.utc_s, person.id, person.name, person.role, on, post, by, at.clock == "synchronised")


def check_in_event(one: CheckIn, at: Instant) -> Record:
    """As it goes upstream."""
    return event_record(f"people.signed_{'on' if one.on else 'off'}", said(one), fields(one), at)


def said(one: CheckIn) -> str:
    """In words."""
    if one.by == EXPIRY:
        return f"{one.name} ({one.role}) has not signed off at {one.post} in time: off duty"
    doubt = "" if one.sure else "; the clock is not synchronised"
    return f"{one.name} ({one.role}) has signed {'on' if one.on else 'off'} at {one.post}{doubt}"


def fields(one: CheckIn) -> dict[str, object]:
    """For programs; the time is the record's."""
    names = ("person", "name", "role", "on", "post", "by", "sure")
    return {name: getattr(one, name) for name in names}


def roll_state(roll: Roll, boot_id: str) -> dict[str, str]:
    """Who is on, for the outbox's states."""
    rows = [[*_row(duty.check_in), duty.end.to_json(boot_id)] for duty in roll.values()]
    return {ON: json.dumps(rows, ensure_ascii=False)}


def kept_roll(kept: Mapping[str, str], boot_id: str) -> Roll:
    """Who was on; what cannot be read costs that, not the start."""
    try:
        rows = json.loads(kept.get(ON, "[]"))
        duties = [Duty(CheckIn(*row[:-1]), end_from_json(row[-1], boot_id)) for row in rows]
    except (ValueError, TypeError, KeyError, IndexError) as error:
        log.warning("who is signed on cannot be read: %s", error)
        return {}
    return {duty.check_in.person: duty for duty in duties}


def _row(one: CheckIn) -> list[Any]:
    return [one.at_utc_s, one.person, one.name, one.role, one.on, one.post, one.by, one.sure]
