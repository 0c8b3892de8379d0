"""Hazards as they stand at the broker: what is open, and what was closed not long ago."""

from collections.abc import Iterable

from agent.hazards.ledger import Ledger
from agent.hazards.model import Hazard
from agent.hazards.moments import Times
from agent.records import Instant
from agent.service.hazard_words import hazard_data
from agent.uplink.board import Board

CLEARED_AGAIN_S = 7 * 86400.0  # what was taken down so lately is taken down again after a start


class HazardBoard:
    """Puts hazards on the board, and takes down those that were closed `shown_s` ago."""

    def __init__(self, board: Board, times: Times, shown_s: float) -> None:
        self._board, self._times, self._shown_s = board, times, shown_s
        self._shown: set[str] = set()

    def recall(self, ledger: Ledger, now: Instant) -> None:
        """As after a start."""
        self.show(one for one in ledger if self._over_s(one, now) < CLEARED_AGAIN_S)
        self.clear_old(ledger, now)

    def show(self, hazards: Iterable[Hazard]) -> None:
        """As they are now."""
        for hazard in hazards:
            self._board.put(hazard.id, hazard_data(hazard, self._times), "hazard")
            self._shown.add(hazard.id)

    def take_down(self, hazards: Iterable[Hazard]) -> None:
        """They are not to be seen any more."""
        for hazard in hazards:
            self._board.put(hazard.id, None, "hazard")
            self._shown.discard(hazard.id)

    def clear_old(self, ledger: Ledger, now: Instant) -> None:
        """Closed long enough."""
        self.take_down([one for one in ledger if one.id in self._shown and self._over_s(one, now) > 0])

    def _over_s(self, hazard: Hazard, now: Instant) -> float:
        """By how much it has been closed for longer than it is shown."""
        closed = hazard.closed_at
        return -self._shown_s if closed is None else self._times.passed_s(closed, now) - self._shown_s
