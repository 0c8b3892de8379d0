"""Does it grow? A slope that single wild samples cannot bend."""

from collections.abc import Sequence
from itertools import combinations

from bench.stats import median

Points = Sequence[tuple[float, float]]  # (seconds, value)


def slope(points: Points) -> float:
    """Theil-Sen: the median of the slopes between all pairs, per second; up to 29 % of the samples may be wild."""
    pairs = ((a, b) for a, b in combinations(points, 2) if a[0] != b[0])
    return median([(after - before) / (later_s - sooner_s) for (sooner_s, before), (later_s, after) in pairs])


def rise(points: Points) -> float:
    """How much the fitted line rises from the first sample to the last."""
    return slope(points) * (points[-1][0] - points[0][0])
