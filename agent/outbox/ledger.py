"""The outbox's books: what came into each lane, and what became of it."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from agent.records import Instant, Lane


@dataclass(slots=True)
class Tally:
    """One lane's; `bytes` is what its waiting records need on disk."""

    accepted: int = 0
    confirmed: int = 0
    dropped: int = 0
    bytes: int = 0

    @property
    def count(self) -> int:
        """How many wait: neither confirmed nor dropped."""
        return self.accepted - self.confirmed - self.dropped


def _tallies() -> dict[Lane, Tally]:
    return {lane: Tally() for lane in Lane}


@dataclass(slots=True)
class Ledger:
    """All lanes', and the last sequence that was given. Stored in the transaction that changes it.

    `history_bytes`: of confirmed rows that are kept for a while. Not stored: `batched_to`, the last place of
    telemetry on disk, and `partly`, how many records of batches that are still on disk are confirmed.
    """

    last: int = 0
    history_bytes: int = 0
    lanes: dict[Lane, Tally] = field(default_factory=_tallies)
    batched_to: int = 0
    partly: int = 0

    @property
    def bytes(self) -> int:
        """What all rows need on disk, about."""
        return self.history_bytes + sum(tally.bytes for tally in self.lanes.values())

    def copy(self) -> "Ledger":
        """One that can be changed while the transaction may still fail."""
        return replace(self, lanes={lane: replace(tally) for lane, tally in self.lanes.items()})

    def accept(self, lane: Lane, count: int, size: int) -> None:
        """Records came, and are on disk."""
        self.lanes[lane].accepted += count
        self.lanes[lane].bytes += size

    def confirm(self, rows: Iterable[tuple[int, int]]) -> int:
        """These (lane, bytes) become history; returns how many."""
        count = 0
        for lane, size in rows:
            self.lanes[Lane(lane)].confirmed += 1
            self.lanes[Lane(lane)].bytes -= size
            self.history_bytes += size
            count += 1
        return count

    def wait_again(self, rows: Iterable[tuple[int, int]]) -> int:
        """These (lane, bytes) leave history; returns how many."""
        count = 0
        for lane, size in rows:
            self.lanes[Lane(lane)].confirmed -= 1
            self.lanes[Lane(lane)].bytes += size
            self.history_bytes -= size
            count += 1
        return count

    def to_json(self) -> str:
        """As it is stored."""
        lanes = {lane.channel: [t.accepted, t.confirmed, t.dropped, t.bytes] for lane, t in self.lanes.items()}
        return json.dumps({"last": self.last, "history": self.history_bytes, **lanes}, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Ledger":
        """Raises ValueError when it was damaged."""
        try:
            kept = json.loads(text)
            lanes = {lane: Tally(*(int(n) for n in kept[lane.channel])) for lane in Lane}
            return cls(int(kept["last"]), int(kept["history"]), lanes)
        except (TypeError, KeyError) as error:
            raise ValueError(f"no ledger: {error}") from error


@dataclass(frozen=True, slots=True)
class LaneDepth:
    """What waits in a lane, and what became of the rest: accepted = confirmed + count + dropped."""

    count: int
    bytes: int
    accepted: int
    confirmed: int
    dropped: int
    oldest: Instant | None = None
    oldest_boot: str = ""

    def age_s(self, boot_id: str, now_s: float, utc_s: float) -> float | None:
        """Age of the oldest record; across a restart only the wall clock can tell."""
        if self.oldest is None:
            return None
        same = self.oldest_boot == boot_id
        return max(0.0, now_s - self.oldest.monotonic_s if same else utc_s - self.oldest.utc_s)
