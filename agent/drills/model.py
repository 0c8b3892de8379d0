"""A drill: who announced it, why and until when, and everything that happened in it. Plain data."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.provisioning.ends import End
from agent.provisioning.sent import Sent


@dataclass(frozen=True, slots=True)
class AlarmLine:
    """An alarm's change: seen, stored so many seconds later, confirmed upstream so many seconds after it was seen.

    `gone`: it was lost with its store, or dropped from a full one, and nobody will ever know.
    """

    sent: Sent
    name: str
    kind: str
    location: str
    priority: int
    person: str
    test: bool
    seen_utc_s: float
    sure: bool
    stored_after_s: float
    confirmed_after_s: float | None = None
    gone: bool = False


@dataclass(frozen=True, slots=True)
class EventLine:
    """Something else that happened: an output was switched, somebody was told, somebody signed on."""

    at_utc_s: float
    event: str
    text: str
    fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Drill:
    """`ended_utc_s` None: it is going on. `stopped_by` is empty where its time was over.

    `confirmed_by`: whose word counts upstream, the broker's or the platform's. `missed`: what had no more room.
    """

    number: int
    person: str
    reason: str
    started_utc_s: float
    sure: bool
    end: End
    confirmed_by: str
    ended_utc_s: float | None = None
    stopped_by: str = ""
    alarms: tuple[AlarmLine, ...] = ()
    events: tuple[EventLine, ...] = ()
    missed: int = 0

    def is_active(self, now_s: float) -> bool:
        """Alarms that come now are its (loop seconds)."""
        return self.ended_utc_s is None and not self.end.is_over(now_s)
