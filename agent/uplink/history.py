"""How a way is and what became of it lately: beside its sessions, since what ended one is to be seen after it."""

from collections import deque
from dataclasses import dataclass, replace

from agent.uplink.messages import PathShown

LATELY_S = 600.0  # a way that comes and goes is up whenever somebody looks: what it did before is shown as well
LOSSES_MOST = 1000
REFUSALS_MOST = 16  # topics shown; more say nothing new


@dataclass(frozen=True, slots=True)
class PathStatus:
    """How a way is; `why` says why it is down, `since_s` is loop time."""

    connected: bool = False
    broker: str = ""
    why: str = "not connected yet"
    since_s: float = 0.0
    reconnects: int = 0


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Why a topic was refused, and when the last time (loop seconds)."""

    why: str
    at_s: float


class History:
    """Of one way. Time comes as an argument (loop time)."""

    def __init__(self, now_s: float) -> None:
        self.status = PathStatus(since_s=now_s)
        self._losses: deque[float] = deque(maxlen=LOSSES_MOST)
        self._last = ""
        self._causes: dict[str, str] = {}
        self._refusals: dict[str, _Refusal] = {}

    def up(self, broker: str, now_s: float) -> None:
        """It has a session: whatever kept it from one is over."""
        self._causes.clear()
        reconnects = self.status.reconnects + (1 if self.status.broker else 0)
        self.status = PathStatus(True, broker, "", now_s, reconnects)

    def down(self, broker: str, why: str, now_s: float) -> None:
        """This broker does not take us, or no more; `why` then names what is wrong with each that was tried."""
        before, since_s = self.status, self.status.since_s
        if before.connected:
            since_s = now_s
            self._losses.append(now_s)
            self._last = f"{broker}: {why}"
        self._causes[broker] = why
        causes = "; ".join(f"{where}: {cause}" for where, cause in self._causes.items())
        self.status = replace(before, connected=False, why=causes, since_s=since_s)

    def refused(self, topic: str, why: str, now_s: float) -> None:
        """The broker does not take this topic; some end the link over it."""
        self._refusals.pop(topic, None)
        self._refusals[topic] = _Refusal(why, now_s)
        if len(self._refusals) > REFUSALS_MOST:
            del self._refusals[next(iter(self._refusals))]

    def taken(self, topic: str) -> None:
        """The broker takes it."""
        self._refusals.pop(topic, None)

    def shown(self, now_s: float) -> PathShown:
        """The way now, and the last minutes, as heartbeats and the status screen show it."""
        while self._losses and self._losses[0] <= now_s - LATELY_S:
            self._losses.popleft()
        refused = {topic: said for topic, said in self._refusals.items() if now_s - said.at_s < LATELY_S}
        return PathShown(
            connected=self.status.connected,
            broker=self.status.broker,
            why=self.status.why,
            for_s=round(now_s - self.status.since_s, 1),
            reconnects=self.status.reconnects,
            losses=len(self._losses),
            lost_why=self._last if self._losses else "",
            refused={topic: said.why for topic, said in refused.items()},
            refused_ago_s={topic: round(now_s - said.at_s, 1) for topic, said in refused.items()},
        )
