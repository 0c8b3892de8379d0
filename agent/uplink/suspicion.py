"""Some brokers answer a forbidden publish by ending the link, or not at all: which record was it?

Brokers of MQTT 3.1.1 have no other way to refuse. The record at the head would come first in every session, end
it, and hold up every alarm behind it.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from agent.records import Lane, Stored

CONVICTED_AFTER = 3  # sessions in a row that ended with this record alone under way
CONVICTED_FIRST_S = 5.0  # a bad link may have accused it wrongly, and it may be an alarm …
CONVICTED_MOST_S = 300.0  # … but one that does end every session would do it as often as it is offered
REMEMBERED = 256


@dataclass(slots=True)
class Suspicion:
    """What sessions that broke have in common. Time comes as an argument (loop time)."""

    careful: bool = False
    _accused: tuple[str, int] | None = None
    _times: int = 0
    _convicts: list[tuple[float, Stored]] = field(default_factory=list)
    _convictions: dict[tuple[str, int], int] = field(default_factory=dict)

    def learn(self, under_way: Collection[Stored], now_s: float) -> Stored | None:
        """A session broke with these unconfirmed; returns the record that is put off from now on, if any.

        When several were under way the next session is careful, one at a time, so that the one is found.
        """
        self.careful = bool(under_way)
        alone = next(iter(under_way)) if len(under_way) == 1 else None
        key = alone.key if alone is not None else None
        self._times = self._times + 1 if key == self._accused else 1
        self._accused = key
        if alone is None or key is None or self._times < CONVICTED_AFTER:
            return None
        self._accused = None
        self._convictions[key] = self._convictions.get(key, 0) + 1
        if len(self._convictions) > REMEMBERED:
            del self._convictions[next(iter(self._convictions))]
        self._convicts.append((now_s + rest_s(self._convictions[key]), alone))
        return alone

    def put_off(self, store_id: str, now_s: float) -> Iterator[tuple[float, Stored]]:
        """The convicts that are not due yet, without those of a store that is no more."""
        self._convicts = [
            (due_s, stored)
            for due_s, stored in self._convicts
            if due_s > now_s and (stored.series == store_id or stored.record.lane is Lane.TELEMETRY)
        ]
        yield from self._convicts


def rest_s(convictions: int) -> float:
    """How long a record is put off: twice as long each time."""
    return min(CONVICTED_MOST_S, CONVICTED_FIRST_S * 2.0 ** (min(convictions, 10) - 1))
