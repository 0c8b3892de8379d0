"""Which whole numbers have been seen, kept as spans: a year of records without a gap is one span."""

from bisect import bisect_right


class Sequences:
    """A set of positive whole numbers that knows its gaps."""

    def __init__(self) -> None:
        self.count = 0
        self._spans: list[list[int]] = []  # [first, last], sorted, never touching each other

    def add(self, number: int) -> bool:
        """Note a number; False when it was there."""
        at = bisect_right(self._spans, number, key=lambda span: span[0])
        before = self._spans[at - 1] if at else None
        if before is not None and number <= before[1]:
            return False
        self.count += 1
        joins_before = before is not None and before[1] == number - 1
        joins_after = at < len(self._spans) and self._spans[at][0] == number + 1
        first = self._spans[at - 1][0] if joins_before else number
        last = self._spans[at][1] if joins_after else number
        self._spans[at - joins_before : at + joins_after] = [[first, last]]
        return True

    def add_span(self, first: int, last: int) -> None:
        """Note all of these, both ends included."""
        inside = [span for span in self._spans if span[1] >= first - 1 and span[0] <= last + 1]
        low, high = min([first, *(span[0] for span in inside)]), max([last, *(span[1] for span in inside)])
        self._spans = sorted([*(span for span in self._spans if span not in inside), [low, high]])
        self.count = sum(last - first + 1 for first, last in self._spans)

    def merged(self, other: "Sequences") -> "Sequences":
        """All that is in one or the other."""
        both = Sequences()
        for first, last in [*self.spans, *other.spans]:
            both.add_span(first, last)
        return both

    @property
    def spans(self) -> list[tuple[int, int]]:
        """What is there: first and last of each, sorted."""
        return [(first, last) for first, last in self._spans]

    def missing(self, first: int | None = None) -> list[tuple[int, int]]:
        """The spans that are not there, from `first` (None: the lowest that is) up to the highest that is."""
        if not self._spans:
            return []
        at, gaps = self._spans[0][0] if first is None else first, []
        for low, high in self._spans:
            if low > at:
                gaps.append((at, low - 1))
            at = max(at, high + 1)
        return gaps
