"""By which way alarms go: the backup as soon as the primary fails, the primary again once it has proved steady."""

from collections.abc import Sequence
from dataclasses import dataclass

STEADY_S = 30.0  # a way that failed must be good for so long, then alarms go by it again …
STEADY_MOST_S = 960.0  # … and for twice as long each time that it fails soon after they did


@dataclass(slots=True)
class _Standing:
    """How a way has been doing; it is up while `up_s` is there, `proved_s` is its last confirmation."""

    up_s: float | None = None
    proved_s: float = 0.0
    probation_s: float = 0.0
    chosen_s: float = 0.0

    def trusted(self) -> bool:
        return self.up_s is not None and self.proved_s - self.up_s >= self.probation_s


class Choice:
    """Ways by name, the preferred one first. Time comes as an argument (loop time)."""

    def __init__(self, ways: Sequence[str]) -> None:
        self.chosen = ""
        self._ways = {way: _Standing() for way in ways}

    def up(self, way: str, now_s: float) -> None:
        """It has a session, and its birth was confirmed."""
        self._ways[way].up_s = self._ways[way].proved_s = now_s
        self._choose(now_s)

    def proved(self, way: str, now_s: float) -> None:
        """It has confirmed something: not mere silence lets a way be trusted again."""
        self._ways[way].proved_s = now_s
        self._choose(now_s)

    def failed(self, way: str, now_s: float) -> None:
        """Its session is lost, or none could be opened."""
        standing = self._ways[way]
        soon = way == self.chosen and now_s - standing.chosen_s < STEADY_MOST_S
        standing.probation_s = min(STEADY_MOST_S, max(STEADY_S, standing.probation_s * (2 if soon else 1)))
        if way == self.chosen and not soon:
            standing.probation_s = STEADY_S
        standing.up_s = None
        self._choose(now_s)

    def _choose(self, now_s: float) -> None:
        best = next((way for way, standing in self._ways.items() if standing.trusted()), "")
        present = self._ways[self.chosen].up_s is not None if self.chosen else False
        if not present:
            best = best or next((way for way, standing in self._ways.items() if standing.up_s is not None), "")
            self._take(best, now_s)
        elif best and self._before(best, self.chosen):
            self._take(best, now_s)

    def _take(self, way: str, now_s: float) -> None:
        self.chosen = way
        if way:
            self._ways[way].chosen_s = now_s

    def _before(self, one: str, other: str) -> bool:
        ways = list(self._ways)
        return ways.index(one) < ways.index(other)
