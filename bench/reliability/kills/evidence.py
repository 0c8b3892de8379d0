"""What the reference consumer was told, and what is wrong with it: what differs, overtakes, is missing."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from agent.uplink.messages import HeartbeatData
from bench.reliability.kills.autopsy import Autopsy, Key, Said, said
from simulators.platform import Arrival

KEPT = ("alarm", "event", "telemetry")


@dataclass(slots=True)
class Evidence:
    """Hears every arrival; `accepted` are the records that a disk was seen to hold."""

    came: dict[Key, Said] = field(default_factory=dict)
    accepted: dict[Key, Said | None] = field(default_factory=dict)
    duplicates: int = 0
    complaints: list[str] = field(default_factory=list)
    beats: int = 0
    last_beat: HeartbeatData | None = None
    _newest: dict[tuple[str, str], int] = field(default_factory=dict)
    _told: dict[tuple[str, str, str], list[tuple[str, int, str]]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def heard(self, arrival: Arrival) -> None:
        """The platform has taken this."""
        if isinstance(arrival.payload, HeartbeatData):
            self._balance(arrival.payload)
        if arrival.sequence is None:
            return
        key = (arrival.event.id.rpartition("-")[0], arrival.sequence)
        self._compare(key, said(arrival.channel, arrival.event.subject, arrival.event.data))
        if arrival.duplicate:
            self.duplicates += 1
        else:
            self._order(key, arrival)

    def take(self, found: Autopsy) -> None:
        """A disk was read after a kill: all that it held must arrive, just so."""
        for key in found.accepted - self.accepted.keys():
            self.accepted[key] = None
        for key, words in found.kept.items():
            self._agree(key, self.accepted.get(key), words, "was written as")
            self._agree(key, self.came.get(key), words, "is on disk as")
            self.accepted[key] = words

    def highest(self, store: str) -> int:
        """The highest sequence of a series that has come."""
        return max((number for series, number in self.came if series == store), default=0)

    def missing(self) -> list[Key]:
        """Accepted, and not here."""
        return sorted(self.accepted.keys() - self.came.keys())

    def out_of_turn(self, *, over_stores: bool = True) -> Iterator[str]:
        """Conditions that were raised twice without a clearing between, or cleared twice.

        A store that is begun anew brings again what waited, under new names: then only within a series.
        """
        for condition, told in self._told.items():
            for (earlier, _, before), (series, number, after) in pairwise(told):
                if before == after and (over_stores or earlier == series):
                    yield f"{' '.join(condition)}: {after} twice, {series}-{number}"

    def _compare(self, key: Key, words: Said) -> None:
        self._agree(key, self.came.get(key), words, "came as")
        self._agree(key, self.accepted.get(key), words, "came as")
        self.came[key] = words

    def _agree(self, key: Key, before: Said | None, after: Said, how: str) -> None:
        if before is not None and before != after:
            self.complaints.append(f"{key[0]}-{key[1]} {how} {after}, but it was {before}")

    def _order(self, key: Key, arrival: Arrival) -> None:
        """Within a series a channel's records come for the first time in the order of their numbers."""
        series, number = key
        if number < self._newest.get((series, arrival.channel), 0):
            self.complaints.append(f"{series}-{number} ({arrival.channel}) came after a newer one")
        self._newest[series, arrival.channel] = number
        alarm = arrival.alarm
        if alarm is not None and alarm.change in ("raised", "cleared"):
            self._told[alarm.device, alarm.condition, alarm.address].append((series, number, alarm.change))

    def _balance(self, beat: HeartbeatData) -> None:
        self.beats += 1
        self.last_beat = beat
        for name, lane in beat.outbox.items():
            if lane.accepted != lane.confirmed + lane.depth + lane.dropped:
                self.complaints.append(f"books of a heartbeat do not close: {name}: {lane}")
