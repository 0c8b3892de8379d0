"""The reference consumer: what a central platform does with what arrives. No transport, no clock of its own."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from pydantic import BaseModel, ValidationError

from agent.uplink.messages import PAYLOADS, AlarmData, CloudEvent, DeviceStateData, HeartbeatData, StatusData
from agent.uplink.topics import ROOT
from drivers.errors import GatewayError
from simulators.platform_sequences import Sequences

SEGMENT = "[^/+#]+"
TOPIC = re.compile(
    rf"{ROOT}/(?P<region>[0-9]{{6}})/(?P<site>{SEGMENT})/(?P<gateway>{SEGMENT})"
    rf"/(?P<channel>{SEGMENT})/(?P<subject>{SEGMENT})"
)
STORED = ("alarm", "event", "telemetry")


class Unreadable(GatewayError):
    """This message fits no contract: set it aside with the reason, take the next one."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One message as it came; a duplicate has changed nothing. `sequence` is None for what is not kept."""

    channel: str
    event: CloudEvent
    payload: BaseModel
    at_s: float
    duplicate: bool = False
    sequence: int | None = None

    @property
    def alarm(self) -> AlarmData | None:
        """The payload if it is an alarm's."""
        return self.payload if isinstance(self.payload, AlarmData) else None


@dataclass(frozen=True, slots=True)
class AlarmKey:
    """Which condition, of all gateways: `source` names the gateway."""

    source: str
    device: str
    condition: str
    address: str = ""


@dataclass(frozen=True, slots=True)
class Gap:
    """Sequences of a store that have not arrived (yet): from `first` up to `last`."""

    store: str
    first: int
    last: int


class Platform:
    """Believes each record once, orders by sequence, knows what is missing, and keeps the last states.

    Whatever the order in which the records of a store come, and however often, the result is the same.
    """

    def __init__(self) -> None:
        self.duplicates = 0
        self.statuses: dict[str, StatusData] = {}
        self.heartbeats: dict[str, HeartbeatData] = {}
        self.states: dict[tuple[str, str], DeviceStateData] = {}
        self._stores: dict[str, Sequences] = {}  # in the order in which they were first heard of
        self._alarms: dict[AlarmKey, tuple[tuple[int, int], AlarmData]] = {}
        self._live: dict[str, CloudEvent] = {}

    def take(self, topic: str, payload: bytes, at_s: float) -> Arrival:
        """Take one message in; `at_s` is the receiver's own clock. Raises Unreadable."""
        channel, event, body = _read(topic, payload)
        if channel in STORED:
            return self._take_stored(channel, event, body, at_s)
        before = self._live.get(topic)
        if before is not None and _is_old(event, before, channel):
            self.duplicates += 1
            return Arrival(channel, event, body, at_s, duplicate=True)
        self._live[topic] = event
        self._show(event.source, body)
        return Arrival(channel, event, body, at_s)

    @property
    def alarms(self) -> dict[AlarmKey, AlarmData]:
        """The last word on every condition that was ever told."""
        return {key: alarm for key, (_, alarm) in self._alarms.items()}

    def records(self, store: str) -> int:
        """How many different records of a store have arrived."""
        return self._stores[store].count if store in self._stores else 0

    @property
    def stores(self) -> list[str]:
        """Every store heard of, oldest first."""
        return list(self._stores)

    def gaps(self, first: int | None = 1) -> list[Gap]:
        """What is missing from `first` on; None: from the first that was heard (a platform that came later)."""
        return [Gap(store, *span) for store, seen in self._stores.items() for span in seen.missing(first)]

    def _take_stored(self, channel: str, event: CloudEvent, body: BaseModel, at_s: float) -> Arrival:
        store, sequence = _stored_id(event)
        fresh = self._stores.setdefault(store, Sequences()).add(sequence)
        if not fresh:
            self.duplicates += 1
        elif isinstance(body, AlarmData):
            self._remember(event.source, store, sequence, body)
        return Arrival(channel, event, body, at_s, not fresh, sequence)

    def _remember(self, source: str, store: str, sequence: int, alarm: AlarmData) -> None:
        """The highest sequence has the last word; a store that was heard of later is newer."""
        key = AlarmKey(source, alarm.device, alarm.condition, alarm.address)
        rank = (self.stores.index(store), sequence)
        if key not in self._alarms or self._alarms[key][0] < rank:
            self._alarms[key] = (rank, alarm)

    def _show(self, source: str, body: BaseModel) -> None:
        match body:
            case StatusData():
                self.statuses[source] = body
            case HeartbeatData():
                self.heartbeats[source] = body
            case DeviceStateData():
                self.states[source, body.device] = body


def _read(topic: str, payload: bytes) -> tuple[str, CloudEvent, BaseModel]:
    found = TOPIC.fullmatch(topic)
    if found is None or (model := PAYLOADS.get(found["channel"])) is None:
        raise Unreadable(f"{topic}: no topic of ours")
    try:
        event = CloudEvent.model_validate_json(payload)
        body = model.model_validate(event.data)
    except ValidationError as error:
        raise Unreadable(f"{topic}: {_first(error)}") from error
    for what, wrong in _contradictions(found, event):
        raise Unreadable(f"{topic}: {what} is {wrong!r}")
    return found["channel"], event, body


def _contradictions(topic: re.Match[str], event: CloudEvent) -> Iterator[tuple[str, str]]:
    """Where envelope and topic do not say the same."""
    wanted = {
        "type": f"campusgw.{topic['channel']}.v1",
        "subject": topic["subject"],
        "source": f"/campus/{topic['region']}/{topic['site']}/{topic['gateway']}",
    }
    for name, want in wanted.items():
        if (said := getattr(event, name)) != want:
            yield name, said


def _stored_id(event: CloudEvent) -> tuple[str, int]:
    store, _, number = event.id.rpartition("-")
    if not store or not number.isdigit() or event.sequence is None or int(event.sequence) != int(number):
        raise Unreadable(f"id {event.id!r} and sequence {event.sequence!r} name no record")
    return store, int(number)


def _is_old(event: CloudEvent, before: CloudEvent, channel: str) -> bool:
    """Said before, or overtaken within one start; a will is older than the birth, and has the last word."""
    if event.id == before.id:
        return True
    same_start = event.bootid == before.bootid and channel != "status"
    return same_start and float(event.monotonic) < float(before.monotonic)


def _first(error: ValidationError) -> str:
    found = error.errors()[0]
    return f"{'.'.join(str(part) for part in found['loc'])}: {found['msg']}"
