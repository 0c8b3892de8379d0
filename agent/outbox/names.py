"""Which series a place in the store belongs to: another one begins whenever records had to be kept in memory."""

import json
from collections.abc import Iterable
from dataclasses import dataclass

Span = tuple[int, int]

PLACE_MOST = 2**63 - 1  # what SQLite can count


@dataclass(frozen=True, slots=True)
class Names:
    """Series by their base, ascending: a place is its series' base and the sequence within it."""

    spans: tuple[tuple[int, str], ...]

    @property
    def series(self) -> str:
        """The one that grows."""
        return self.spans[-1][1]

    @property
    def base(self) -> int:
        """Where it begins."""
        return self.spans[-1][0]

    def of(self, place: int) -> tuple[str, int]:
        """Series and base of a place."""
        return next((series, base) for base, series in reversed(self.spans) if base < place)

    def base_of(self, series: str) -> int | None:
        """Where a series begins; None: it is not one of this store."""
        return next((base for base, name in self.spans if name == series), None)

    def places(self, series: str, span: Span) -> Span | None:
        """These sequences' places; None where there can be none."""
        ends = [base for base, _ in self.spans[1:]]
        for (base, name), end in zip(self.spans, [*ends, None], strict=True):
            if name == series:
                first, last = base + max(1, span[0]), base + span[1]
                last = min(last, PLACE_MOST if end is None else end)
                return (first, last) if first <= last else None
        return None

    def numbers(self, series: str, places: Iterable[Span]) -> list[Span]:
        """These places as sequences of one of our series."""
        base = self.base_of(series) or 0
        return [(first - base, last - base) for first, last in places]

    def then(self, base: int, series: str) -> "Names":
        """From `base` on another series counts; one that has no record yet is forgotten."""
        return Names((*(span for span in self.spans if span[0] < base), (base, series)))

    def followed(self, later: "Names", shift: int) -> "Names":
        """Another's series stand behind these, so much further on than they did."""
        spans = tuple((base + shift, series) for base, series in later.spans)
        return Names((*(span for span in self.spans if span[0] < spans[0][0]), *spans))

    def without(self, place: int) -> "Names":
        """Only those that have a place from this one on, and the last."""
        later = [base for base, _ in self.spans[1:]]
        return Names(
            (*(span for span, end in zip(self.spans, later, strict=False) if end >= place), self.spans[-1])
        )

    def to_json(self) -> str:
        """As it is stored."""
        return json.dumps(self.spans, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> "Names":
        """Raises ValueError when it was damaged."""
        try:
            spans = tuple((int(base), str(series)) for base, series in json.loads(text))
        except TypeError as error:
            raise ValueError(f"no names: {error}") from error
        if not spans:
            raise ValueError("no names")
        return cls(spans)
