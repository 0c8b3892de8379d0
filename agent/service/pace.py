"""How often something may happen: so many at once, and then so many a second. Time comes as an argument."""


class Pace:
    """A bucket of leaves; one is taken each time, and they grow again."""

    def __init__(self, at_once: int, per_s: float) -> None:
        self._most, self._per_s = float(at_once), per_s
        self._left, self._at_s = float(at_once), float("-inf")

    def allows(self, now_s: float) -> bool:
        """Whether it may happen now; if so, it counts."""
        self._left = min(self._most, self._left + (now_s - self._at_s) * self._per_s)
        self._at_s = now_s
        if self._left < 1.0:
            return False
        self._left -= 1.0
        return True
