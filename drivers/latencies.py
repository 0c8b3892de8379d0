"""How long replies took, as counts in fixed steps: percentiles without keeping the times."""

from dataclasses import dataclass, field
from math import ceil, log

FIRST_S = 0.0005
STEP = 1.2  # a percentile is right to a fifth of itself
STEPS = 64  # 0.5 ms · 1.2^63 = 49 s, longer than any timeout


@dataclass(slots=True)
class Latencies:
    """A histogram in steps of a fifth; `add` and `percentile` take and give seconds."""

    counts: list[int] = field(default_factory=lambda: [0] * STEPS)
    longest_s: float = 0.0

    @property
    def count(self) -> int:
        """How many were added."""
        return sum(self.counts)

    def add(self, seconds: float) -> None:
        """One more reply."""
        step = ceil(log(seconds / FIRST_S, STEP)) if seconds > FIRST_S else 0
        self.counts[min(step, STEPS - 1)] += 1
        self.longest_s = max(self.longest_s, seconds)

    def percentile(self, percent: float) -> float | None:
        """The time within which so many percent came, never above the longest; None before the first."""
        left = percent / 100 * self.count
        for step, count in enumerate(self.counts):
            left -= count
            if count and left <= 0:
                return min(FIRST_S * STEP**step, self.longest_s)
        return None
