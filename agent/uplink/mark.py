"""How far a reader has come in a lane, and how he goes back to what is asked for again."""

from collections.abc import Mapping

from agent.outbox.outbox import Outbox
from agent.records import Lane

KEPT_LANES = (Lane.ALARM, Lane.EVENT)  # whose places outlive a session; telemetry is the broker's business
NOWHERE: Mapping[Lane, int] = dict.fromkeys(KEPT_LANES, 0)
BEYOND_ALL = 2**63 - 1  # no place lies beyond: nothing of that lane is wanted


class Mark:
    """`after` is the place that was read last. What lies up to `known` is only wanted if it is asked for."""

    def __init__(self, known: int = 0) -> None:
        self.after = self._known = known
        self._asked = 0

    @property
    def known(self) -> int:
        """Up to here everything has been read that is wanted."""
        return self.after if self._goes_back else max(self.after, self._known)

    def wants(self, place: int) -> bool:
        """Move on to this place, or past all that was sent already; whether it is to be sent."""
        wanted = place <= self._asked or place > self._known
        self.after = place if wanted else max(place, self._known)
        return wanted

    def go_back(self, first: int, last: int) -> None:
        """These are asked for again; of two wishes at once, what lies between them too."""
        asked = max(self._asked, last) if self._goes_back else last
        self._known = max(self._known, self.after)
        self._asked = min(asked, self._known)
        self.after = min(self.after, first - 1)

    @property
    def _goes_back(self) -> bool:
        return self.after < self._asked


class Reach:
    """How far each lane was sent and taken in this boot, by whichever session: a new one need not begin before."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._rewinds, self._places = outbox.rewinds, dict[Lane, int]()

    def note(self, rewinds: int, places: Mapping[Lane, int]) -> None:
        """A session has come so far, and had heard of so many rewinds."""
        self._rewinds, self._places = rewinds, dict(places)

    @property
    def places(self) -> Mapping[Lane, int]:
        """By lane; nowhere when the outbox wants its readers back meanwhile."""
        return self._places if self._rewinds == self._outbox.rewinds else {}
