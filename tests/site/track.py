"""What was true in the field, and when nobody could have known it: step functions over the loop's time."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field


@dataclass
class Steps:
    """A value that changes at certain times; false before the first."""

    times: list[float] = field(default_factory=list)
    values: list[bool] = field(default_factory=list)

    def put(self, at_s: float, value: bool) -> None:
        """From now on it is this."""
        if value != self.last:
            self.times.append(at_s)
            self.values.append(value)

    @property
    def last(self) -> bool:
        return self.values[-1] if self.values else False

    def at(self, at_s: float) -> bool:
        """What it was then."""
        index = bisect_right(self.times, at_s)
        return self.values[index - 1] if index else False

    def was(self, value: bool, from_s: float, to_s: float) -> bool:
        """It was this at some time in between."""
        if self.at(from_s) == value:
            return True
        return any(v == value and from_s < t <= to_s for t, v in zip(self.times, self.values, strict=True))


@dataclass
class Trouble:
    """How many faults stand in the way of one unit, or of the broker, or of the process."""

    steps: Steps = field(default_factory=Steps)
    depth: int = 0

    def begin(self, at_s: float) -> None:
        self.depth += 1
        self.steps.put(at_s, True)

    def end(self, at_s: float) -> None:
        self.depth -= 1
        self.steps.put(at_s, self.depth > 0)


@dataclass(frozen=True)
class Spell:
    """A span in which the truth stood still and nothing was in the way; `good_s`: when the last fault ended."""

    begin_s: float
    end_s: float
    good_s: float


def calm_spells(truth: Steps, troubles: list[Steps], until_s: float) -> Iterator[Spell]:
    """Every span of a still truth with nothing in the way."""
    edges = sorted({t for steps in (truth, *troubles) for t in steps.times} | {until_s})
    good_s, begin_s = float("-inf"), edges[0]
    for edge_s in edges[1:]:
        if any(steps.at(begin_s) for steps in troubles):
            good_s = edge_s
        else:
            yield Spell(begin_s, edge_s, good_s)
        begin_s = edge_s
