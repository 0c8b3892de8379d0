"""A configuration as it was probably meant, so that one mistake does not hide the others."""

import copy
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from agent.config.models import ConfigModel
from agent.config.source import Loc, step_into
from drivers.said import choices_in, field_at, keys_at, nearest, unglued

SURE = 0.7  # so like the word that was probably meant
ROUNDS = 4  # each brings to light what the one before had hidden
STAND_INS: Mapping[str, Any] = {
    "gateway": {"id": "not-said", "site": "0", "region": "000000", "name": "?"},
    "uplink": {"brokers": [{"host": "not-said"}]},
    "brokers": [{"host": "not-said"}],
    "id": "not-said",
    "name": "?",
    "site": "0",
    "region": "000000",
    "host": "not-said",
    "profile": "not-said",
    "kind": "environment",
    "type": "modbus_rtu",
    "point": "not-said.x",
    "table": "holding",
    "address": 0,
    "count": 1,
}


@dataclass(frozen=True, slots=True)
class Guess:
    """The configuration that was probably meant, and the places where that is no more than a guess."""

    config: ConfigModel
    unsure: frozenset[Loc]


def as_meant(document: Any, error: ValidationError) -> Guess | None:
    """Mend what pydantic found; None where too little is left to be understood."""
    rest, unsure = copy.deepcopy(document), set[Loc]()
    for _ in range(ROUNDS):
        misspelt_first = sorted(
            error.errors(include_url=False), key=lambda found: found["type"] != "extra_forbidden"
        )
        unsure |= {place for found in misspelt_first for place in _mend(rest, found)}
        try:
            return Guess(ConfigModel.model_validate(rest), frozenset(unsure))
        except ValidationError as again:
            error = again
    return None


def _mend(document: Any, found: Mapping[str, Any]) -> list[Loc]:
    """Mend one error; returns what is unsure then."""
    loc = _within(document, [step for step in found["loc"] if step != "[key]"])
    if not loc:
        return []
    if found["type"] == "missing" and step_into(_at(document, loc[:-1]), loc[-1]) is not None:
        return []  # it was only misspelt
    node, last = _at(document, loc[:-1]), loc[-1]
    if found["type"] == "extra_forbidden":
        return _renamed(node, loc)
    meant = nearest(str(found["input"]), choices_in(found), SURE) if found["type"] == "literal_error" else None
    if meant is not None:
        node[last] = meant
        return []
    if isinstance(node, list) and isinstance(last, int):
        node[last] = node[last] if isinstance(node[last], dict) else {}
        return [loc]
    node.pop(last, None)
    field = field_at(loc, ConfigModel)
    if field is not None and field.is_required() and last in STAND_INS:
        one_of_many = last == "id" and len(loc) > 1
        node[last] = "-".join(str(step) for step in loc) if one_of_many else copy.deepcopy(STAND_INS[str(last)])
    return [loc[:-1] if last in ("kind", "type") else loc]


def _renamed(node: Any, loc: Loc) -> list[Loc]:
    value = node.pop(loc[-1])
    name, glued = unglued(str(loc[-1]))
    meant = nearest(name, keys_at(loc[:-1], ConfigModel))
    if meant is None or meant in node:
        return []
    node[meant] = glued if value is None and glued else value
    return []


def _within(document: Any, loc: Sequence[int | str]) -> tuple[int | str, ...]:
    """As much of the way as exists, and one step more: a point given as text has no key `point`."""
    node: Any = document
    for depth, step in enumerate(loc):
        if not isinstance(node, dict | list):
            return tuple(loc[:depth])
        below = step_into(node, step)
        if below is None:
            return tuple(loc[: depth + 1])
        node = below
    return tuple(loc)


def _at(document: Any, loc: Loc) -> Any:
    for step in loc:
        document = document[step]
    return document
