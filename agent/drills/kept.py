"""A drill as it is written down: one state of the outbox each, the last 50."""

import json
import logging
from collections.abc import Mapping
from dataclasses import astuple
from typing import Any

from agent.drills.model import AlarmLine, Drill, EventLine
from agent.provisioning.ends import end_from_json
from agent.provisioning.sent import Sent

log = logging.getLogger(__name__)

DRILLS = 50
PREFIX = "drills/"  # of states' names; no device can have one


def drill_state(drill: Drill, boot_id: str) -> dict[str, str]:
    """What is to be stored; the drill of fifty drills ago makes room."""
    kept = {
        "number": drill.number,
        "person": drill.person,
        "reason": drill.reason,
        "started": [drill.started_utc_s, drill.sure],
        "ended": [drill.ended_utc_s, drill.stopped_by],
        "end": drill.end.to_json(boot_id),
        "confirmed_by": drill.confirmed_by,
        "alarms": [_packed(line) for line in drill.alarms],
        "events": [[one.at_utc_s, one.event, one.text, dict(one.fields)] for one in drill.events],
        "missed": drill.missed,
    }
    return {f"{PREFIX}{drill.number % DRILLS}": json.dumps(kept, ensure_ascii=False)}


def kept_drills(states: Mapping[str, str], boot_id: str) -> dict[int, Drill]:
    """By number, the oldest first; one that was damaged costs that one, not the start."""
    found = (_read(text, boot_id) for key, text in states.items() if key.startswith(PREFIX))
    return {drill.number: drill for drill in sorted((d for d in found if d), key=lambda drill: drill.number)}


def _packed(line: AlarmLine) -> list[Any]:
    sent, *rest = astuple(line)
    return [list(sent), *rest]


def _read(text: str, boot_id: str) -> Drill | None:
    try:
        kept = json.loads(text)
        (started_utc_s, sure), (ended_utc_s, stopped_by) = kept["started"], kept["ended"]
        return Drill(
            int(kept["number"]),
            str(kept["person"]),
            str(kept["reason"]),
            float(started_utc_s),
            bool(sure),
            end_from_json(kept["end"], boot_id),
            str(kept["confirmed_by"]),
            None if ended_utc_s is None else float(ended_utc_s),
            str(stopped_by),
            tuple(AlarmLine(Sent(*sent), *rest) for sent, *rest in kept["alarms"]),
            tuple(EventLine(*row) for row in kept["events"]),
            int(kept["missed"]),
        )
    except (ValueError, TypeError, KeyError) as error:
        log.warning("a drill's record cannot be read: %s", error)
        return None
