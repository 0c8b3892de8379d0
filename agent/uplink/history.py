"""How a way is, what became of it lately, and by broker why none takes us now."""

from collections import deque
from dataclasses import dataclass

LATELY_S = 600.0  # a way that comes and goes is up whenever somebody looks: what it did before is shown as well
LOSSES_MOST = 1000


@dataclass(slots=True)
class PathStatus:
    """How a way is; `why` says why it is down, `since_s` is loop time."""

    connected: bool = False
    broker: str = ""
    why: str = "not connected yet"
    since_s: float = 0.0
    reconnects: int = 0


class History:
    """Of one way. Time comes as an argument (loop time)."""

    def __init__(self) -> None:
        self._losses: deque[float] = deque(maxlen=LOSSES_MOST)
        self._last = ""
        self._causes: dict[str, str] = {}

    def up(self) -> None:
        """It has a session: whatever kept it from one is over."""
        self._causes.clear()

    def lost(self, where: str, why: str, now_s: float) -> None:
        """A session that was up is no more."""
        self._losses.append(now_s)
        self._last = f"{where}: {why}"

    def failed(self, where: str, why: str) -> str:
        """This broker does not take us; returns what is wrong with every broker that was tried."""
        self._causes[where] = why
        return "; ".join(f"{where}: {why}" for where, why in self._causes.items())

    def lately(self, now_s: float) -> tuple[int, str]:
        """How often it was lost in the last minutes, and why the last time."""
        while self._losses and self._losses[0] <= now_s - LATELY_S:
            self._losses.popleft()
        return len(self._losses), self._last if self._losses else ""
