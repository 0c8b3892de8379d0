"""The test presses that are remembered, and those that are announced, as states of the outbox."""

import json
import logging
from collections.abc import Iterable, Mapping
from dataclasses import astuple
from typing import Any

from agent.provisioning.ends import end_from_json
from agent.provisioning.model import TestPress
from agent.provisioning.pressing import Announced, Press
from agent.provisioning.sent import Sent

log = logging.getLogger(__name__)

PRESSES, ANNOUNCED, TOLD = "people/presses", "people/announced", "people/due"  # no device has such a name
PRESSES_MOST = 600  # a year of 48 one-key alarms


def press_state(presses: Iterable[Press]) -> dict[str, str]:
    """The last of them."""
    rows = [_row(press) for press in tuple(presses)[-PRESSES_MOST:]]
    return {PRESSES: json.dumps(rows, ensure_ascii=False)}


def announced_state(announced: Mapping[str, Announced], boot_id: str) -> dict[str, str]:
    """Those that are open."""
    rows = [[one.device, one.person, one.end.to_json(boot_id)] for one in announced.values()]
    return {ANNOUNCED: json.dumps(rows, ensure_ascii=False)}


def told_state(told: Mapping[str, float]) -> dict[str, str]:
    """When each was last asked for (UTC seconds)."""
    return {TOLD: json.dumps(dict(told))}


def kept_presses(states: Mapping[str, str]) -> tuple[Press, ...]:
    """What an earlier start kept."""
    return tuple(_press(*row) for row in _read(states, PRESSES, "[]"))


def kept_announced(states: Mapping[str, str], boot_id: str) -> dict[str, Announced]:
    """Those that were open."""
    rows = _read(states, ANNOUNCED, "[]")
    return {name: Announced(name, person, end_from_json(end, boot_id)) for name, person, end in rows}


def kept_told(states: Mapping[str, str]) -> dict[str, float]:
    """When each was last asked for."""
    return {name: float(at) for name, at in _read(states, TOLD, "{}").items()}


def _read(states: Mapping[str, str], key: str, empty: str) -> Any:
    try:
        return json.loads(states.get(key, empty))
    except ValueError as error:
        log.warning("%s cannot be read: %s", key, error)
        return json.loads(empty)


def _row(press: Press) -> list[Any]:
    test = press.test
    own = [test.device, test.at_utc_s, test.person, test.confirmed_utc_s, press.clock, press.confirmed_by]
    return [*own, press.gone, astuple(press.sent)]


def _press(
    device: str,
    at_utc_s: float,
    person: str,
    confirmed_utc_s: float | None,
    clock: Any,
    by: str,
    gone: bool,
    sent: list[Any],
) -> Press:
    return Press(TestPress(device, at_utc_s, person, confirmed_utc_s), Sent(*sent), clock, by, gone)
