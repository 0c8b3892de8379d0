"""Who reads the outbox onwards must go back now and then, and to what."""

from collections import deque

from agent.outbox.names import PLACE_MOST, Span

KEPT = 64  # whoever hears of them later than that starts again from the oldest
EVERYTHING: Span = (0, PLACE_MOST)


class Rewinds:
    """Counts them; a reader remembers of how many he has heard."""

    def __init__(self) -> None:
        self.count = 0
        self._spans: deque[Span] = deque(maxlen=KEPT)

    def note(self, places: Span) -> None:
        """Readers must go back to these."""
        self.count += 1
        self._spans.append(places)

    def since(self, heard: int) -> Span:
        """First and last place to go back to, for one who has heard of so many."""
        count = self.count - heard
        spans = list(self._spans)[-count:] if count <= len(self._spans) else [EVERYTHING]
        return min(first for first, _ in spans), max(last for _, last in spans)
