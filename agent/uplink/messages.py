"""Every payload as a model; `envelope` puts it into a CloudEvent."""

from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agent.provisioning.model import Verdict
from agent.records import ClockState
from agent.uplink.hazard_message import HazardData, HazardsShown
from agent.uplink.linkage_message import LinkageData, LinkageShown
from agent.uplink.provision_message import ProvisionData

KEPT = ("alarm", "event", "telemetry")  # channels whose records come from the outbox and have a sequence


class _Payload(BaseModel):
    model_config = ConfigDict(extra="forbid")


class PointShown(_Payload):
    """A point's value; `quality` says how far it may be believed."""

    value: bool | int | float | str | None
    quality: Literal["good", "uncertain", "bad"]
    cause: str = ""


class AlarmData(_Payload):
    """An alarm condition changed; `state` after ISA-18.2, `priority` 1 (life) to 4, `until` in UTC seconds.

    `drill`: it came during an announced drill; `test`: the press that `person` had announced as a test.
    """

    device: str
    kind: str
    name: str
    location: str
    condition: str
    address: str = ""
    change: str
    state: str
    active: bool
    priority: int = Field(ge=1, le=4)
    cause: str = ""
    text: str = ""
    person: str = ""
    reason: str = ""
    until: float | None = None
    hold: str | None = None
    values: dict[str, PointShown] = {}
    drill: bool = False
    test: bool = False


class EventData(_Payload):
    """Something happened that is no alarm."""

    event: str
    text: str
    fields: dict[str, Any] = {}


class HoldShown(_Payload):
    """An alarm set aside: by whom, why, until when (UTC seconds)."""

    kind: str
    reason: str
    person: str
    until: float


class SinceShown(_Payload):
    """When it last changed (UTC seconds), and whether the clock was right then."""

    at: float
    clock: ClockState


class ConditionShown(_Payload):
    """A condition that is not normal."""

    condition: str
    address: str
    state: str
    active: bool
    priority: int
    since: SinceShown | None = None
    hold: HoldShown | None = None


class DeviceStateData(_Payload):
    """A device as it is now (retained); `motion` of what moves, such as a barrier."""

    device: str
    kind: str
    name: str
    location: str
    lost: bool
    motion: Literal["closed", "opening", "open", "closing", "stopped", "obstructed", "unknown"] | None = None
    conditions: list[ConditionShown]
    points: dict[str, PointShown]
    at: float
    clock: ClockState


class TelemetryData(_Payload):
    """A device's numbers."""

    device: str
    kind: str
    name: str
    location: str
    values: dict[str, PointShown]


class StatusData(_Payload):
    """Birth and will (retained): whether the gateway is there, and if not, why."""

    online: bool
    reason: Literal["connected", "stopped", "lost"]
    gateway: str
    name: str
    versions: dict[str, str] = {}
    config_hash: str = ""


class LaneShown(_Payload):
    """One lane of the outbox: accepted = confirmed + depth + dropped."""

    depth: int
    oldest_age_s: float | None
    accepted: int
    confirmed: int
    dropped: int


class UnitShown(_Payload):
    """One unit: its reply times (request's last bit to reply's last byte), and its faults since the start.

    `faults` names only what happened; an exception reply is `exception 2`.
    """

    health: str
    exchanges: int
    p50_ms: float | None = None
    p99_ms: float | None = None
    faults: dict[str, int] = {}


class LineShown(_Payload):
    """One line: its units by health, its load (0…1), and what went wrong on it since the start.

    `worst_alarm_s`: computed from the configuration, the longest from a change in the field to its reply on the
    wire while the units answer.
    """

    good: int
    suspect: int
    lost: int
    load: float | None = None
    worst_alarm_s: float | None = None
    errors: dict[str, int] = {}
    units: dict[str, UnitShown] = {}


class PathShown(_Payload):
    """One way to the platform: how it is since `for_s`; `why` it is down; by topic, what its broker `refused`.

    `losses` is how often its session was lost in the last ten minutes, `lost_why` why the last time.
    """

    connected: bool
    broker: str = ""
    why: str = ""
    for_s: float = 0.0
    reconnects: int = 0
    losses: int = 0
    lost_why: str = ""
    refused: dict[str, str] = {}
    refused_ago_s: dict[str, float] = {}


class UplinkShown(_Payload):
    """The ways to the platform; alarms go by `path` (empty: by none), `broker` and `reconnects` are its own."""

    broker: str = ""
    reconnects: int = 0
    path: str = ""
    paths: dict[str, PathShown] = {}


class RefusedShown(_Payload):
    """A new configuration was refused for these mistakes; the last good one runs, `since` it came up first."""

    since: SinceShown
    mistakes: list[str]


class DrillShown(_Payload):
    """A drill is on: its number, who announced it and why, until when (UTC seconds)."""

    drill: int
    person: str
    reason: str
    until: float


class HeartbeatData(_Payload):
    """How the gateway is; sent only while there is a session, never stored.

    `provision`: the verdict of each indicator, by its subject on `provision`.
    """

    uptime_s: float
    versions: dict[str, str]
    config_hash: str
    devices: dict[str, int]
    outbox: dict[str, LaneShown]
    lines: dict[str, LineShown]
    uplink: UplinkShown
    clock: ClockState
    disk_free_bytes: int
    storage_fault: str = ""
    temperature_c: float | None = None
    alarms: dict[str, int] = {}
    config_refused: RefusedShown | None = None
    drill: DrillShown | None = None
    tests_due: list[str] = []
    provision: dict[str, Verdict] = {}
    hazards: HazardsShown | None = None
    linkage: LinkageShown | None = None


PAYLOADS: Mapping[str, type[BaseModel]] = {
    "alarm": AlarmData,
    "event": EventData,
    "state": DeviceStateData,
    "provision": ProvisionData,
    "telemetry": TelemetryData,
    "status": StatusData,
    "heartbeat": HeartbeatData,
    "hazard": HazardData,
    "linkage": LinkageData,
}
