"""The reference consumer: what a central platform does with what arrives. No transport, no clock of its own."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ValidationError

from agent.uplink.envelope import CloudEvent
from agent.uplink.messages import PAYLOADS, AlarmData, DeviceStateData, EventData, HeartbeatData, StatusData
from agent.uplink.topics import ROOT
from drivers.errors import GatewayError
from simulators.platform_sequences import Sequences

SEGMENT = "[^/+#]+"
TOPIC = re.compile(
    rf"{ROOT}/(?P<region>[0-9]{{6}})/(?P<site>{SEGMENT})/(?P<gateway>{SEGMENT})"
    rf"/(?P<channel>{SEGMENT})/(?P<subject>{SEGMENT})"
)
BACKUP = "backup"
STORED = ("alarm", "event", "telemetry")
NUMBER = re.compile("[0-9]{1,20}")  # of a record; str.isdigit knows digits that int does not
MOMENT = re.compile(r"[0-9]{1,20}\.[0-9]{6}")


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
    """Sequences of a store, or of a boot's telemetry, that have not arrived (yet): from `first` up to `last`."""

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
        self.backups: dict[str, StatusData] = {}
        self.heartbeats: dict[str, HeartbeatData] = {}
        self.states: dict[tuple[str, str], DeviceStateData] = {}
        self._stores: dict[str, Sequences] = {}  # and boots, in the order in which they were first heard of
        self._kept: set[str] = set()  # those with alarms or events: stores
        self._dropped: dict[str, Sequences] = {}  # telemetry of which the gateway says that it is lost
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
        self._show(event, body)
        return Arrival(channel, event, body, at_s)

    def clear(self, topic: str) -> None:
        """An empty retained message: what stood there, such as a hazard long closed, is no more."""
        event = self._live.pop(topic, None)
        if event is not None and topic.split("/")[-2] == "state":
            self.states.pop((event.source, event.subject), None)

    @property
    def alarms(self) -> dict[AlarmKey, AlarmData]:
        """The last word on every condition that was ever told."""
        return {key: alarm for key, (_, alarm) in self._alarms.items()}

    def records(self, store: str) -> int:
        """How many different records of a store have arrived."""
        return self._stores[store].count if store in self._stores else 0

    @property
    def stores(self) -> list[str]:
        """Every store and, for its telemetry, every boot heard of, oldest first."""
        return list(self._stores)

    def gaps(self, first: int | None = 1) -> list[Gap]:
        """What is missing of alarms and events from `first` on, and can be asked for again.

        None: from the first that was heard (a platform that came later).
        """
        kept = ((store, seen) for store, seen in self._stores.items() if store in self._kept)
        return [Gap(store, *span) for store, seen in kept for span in seen.missing(first)]

    def telemetry_gaps(self) -> list[Gap]:
        """Telemetry that was lost without a word, as a kill may do with the last seconds of a boot."""
        found = []
        for boot, seen in self._stores.items():
            if boot not in self._kept:
                known = seen.merged(self._dropped.get(boot, Sequences()))
                found += [Gap(boot, *span) for span in known.missing(1)]
        return found

    def _take_stored(self, channel: str, event: CloudEvent, body: BaseModel, at_s: float) -> Arrival:
        store, sequence = _stored_id(event)
        fresh = self._stores.setdefault(store, Sequences()).add(sequence)
        if not fresh:
            self.duplicates += 1
        elif isinstance(body, AlarmData):
            self._remember(event.source, store, sequence, body)
        elif isinstance(body, EventData) and body.event == "outbox.dropped":
            self._note_dropped(body.fields)
        if channel != "telemetry":
            self._kept.add(store)
        return Arrival(channel, event, body, at_s, not fresh, sequence)

    def _note_dropped(self, fields: Mapping[str, Any]) -> None:
        match fields:
            case {"lane": "telemetry", "series": str(series), "first": int(first), "last": int(last)}:
                if 0 < first <= last:
                    self._dropped.setdefault(series, Sequences()).add_span(first, last)

    def _remember(self, source: str, store: str, sequence: int, alarm: AlarmData) -> None:
        """The highest sequence has the last word; a store that was heard of later is newer."""
        key = AlarmKey(source, alarm.device, alarm.condition, alarm.address)
        rank = (self.stores.index(store), sequence)
        if key not in self._alarms or self._alarms[key][0] < rank:
            self._alarms[key] = (rank, alarm)

    def _show(self, event: CloudEvent, body: BaseModel) -> None:
        source = event.source
        match body:
            case StatusData() if event.subject == BACKUP:
                self.backups[source] = body  # losing the second way does not say that the gateway is gone
            case StatusData():
                self.statuses[source] = body
            case HeartbeatData():
                self.heartbeats[source] = body
            case DeviceStateData():
                self.states[source, body.device] = body


def open_books(beat: HeartbeatData) -> list[str]:
    """The lanes whose accounting does not close; none, ever."""
    return [
        f"{name}: {lane.accepted} accepted, {lane.confirmed} confirmed, {lane.depth} wait, {lane.dropped} dropped"
        for name, lane in beat.outbox.items()
        if lane.accepted != lane.confirmed + lane.depth + lane.dropped
    ]


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
    """Where envelope and topic do not say the same, or the envelope says what is no moment."""
    wanted = {
        "type": f"campusgw.{topic['channel']}.v1",
        "subject": topic["subject"],
        "source": f"/campus/{topic['region']}/{topic['site']}/{topic['gateway']}",
    }
    for name, want in wanted.items():
        if (said := getattr(event, name)) != want:
            yield name, said
    if not MOMENT.fullmatch(event.monotonic):
        yield "monotonic", event.monotonic


def _stored_id(event: CloudEvent) -> tuple[str, int]:
    store, _, number = event.id.rpartition("-")
    numbers = all(NUMBER.fullmatch(digits) for digits in (number, event.sequence or ""))
    if not store or not numbers or int(event.sequence or "") != int(number):
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
