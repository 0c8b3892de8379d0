"""The CloudEvents 1.0 envelope (structured JSON) around every payload."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from agent.records import ClockState, Instant, Stored, Told, as_recorded
from agent.uplink.messages import KEPT, PAYLOADS

CONTENT_TYPE = "application/cloudevents+json"
SEQUENCE_DIGITS = 20  # the sequence extension of CloudEvents wants a string that sorts
LATEST_UTC_S = 253_402_300_799.0  # RFC 3339 has no year 10000; a wrong clock must not hold up an alarm


class CloudEvent(BaseModel):
    """The envelope. `id` names a record for ever: equal ids are duplicates, whatever else differs.

    `sequence` counts within a store (the part of `id` before the dash) without gaps. `time` is only as good
    as `clock` says; order by `sequence`, never by `time`. Live messages (status, heartbeat, state) have no
    sequence.
    """

    model_config = ConfigDict(extra="forbid")

    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str
    type: str
    subject: str
    time: str
    datacontenttype: Literal["application/json"] = "application/json"
    sequence: str | None = None
    bootid: str
    clock: ClockState
    monotonic: str
    data: dict[str, Any]


def stored_event(stored: Stored, source: str, told: Told = as_recorded) -> bytes:
    """A record of the outbox as it goes over the wire; `told` knows by now when it was."""
    record = stored.record
    return _envelope(
        id=f"{stored.series}-{stored.sequence}",
        source=source,
        kind=record.type,
        subject=record.subject,
        at=told(stored.boot_id, record.at),
        boot_id=stored.boot_id,
        data=record.data,
        sequence=stored.sequence,
    )


def live_event(kind: str, subject: str, source: str, at: Instant, boot_id: str, data: Mapping[str, Any]) -> bytes:
    """A message that is not kept: status, heartbeat, state."""
    made_up = f"{boot_id}-{kind}-{subject}-{at.monotonic_s:.6f}"
    return _envelope(made_up, source, kind, subject, at, boot_id, data, None)


def _envelope(
    id: str,
    source: str,
    kind: str,
    subject: str,
    at: Instant,
    boot_id: str,
    data: Mapping[str, Any],
    sequence: int | None,
) -> bytes:
    attributes = {
        "specversion": "1.0",
        "id": id,
        "source": source,
        "type": f"campusgw.{kind}.v1",
        "subject": subject,
        "time": _rfc3339(at.utc_s),
        "datacontenttype": "application/json",
        "bootid": boot_id,
        "clock": at.clock,
        "monotonic": f"{at.monotonic_s:.6f}",
        "data": data,
    }
    if sequence is not None:
        attributes["sequence"] = f"{sequence:0{SEQUENCE_DIGITS}d}"
    return json.dumps(attributes, ensure_ascii=False, separators=(",", ":")).encode()


def _rfc3339(utc_s: float) -> str:
    shown_s = min(max(0.0, utc_s), LATEST_UTC_S)
    return datetime.fromtimestamp(shown_s, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def schemas() -> dict[str, dict[str, Any]]:
    """JSON Schemas of the envelope with each payload, by channel."""
    made = {}
    for channel, payload in PAYLOADS.items():
        envelope = CloudEvent.model_json_schema()
        body = payload.model_json_schema(ref_template="#/$defs/{model}")
        envelope["$defs"] = body.pop("$defs", {})
        envelope["properties"]["data"] = body
        envelope["properties"]["type"] = {"const": f"campusgw.{channel}.v1"}
        envelope["properties"]["time"] = {"type": "string", "format": "date-time"}
        if channel in KEPT:
            envelope["properties"]["sequence"] = {"type": "string", "pattern": f"^[0-9]{{{SEQUENCE_DIGITS}}}$"}
            envelope["required"] = [*envelope["required"], "sequence"]
        else:
            del envelope["properties"]["sequence"]
        envelope["title"] = f"campusgw.{channel}.v1"
        envelope["$schema"] = "https://json-schema.org/draft/2020-12/schema"
        made[channel] = envelope
    return made
