"""The check-ins of the last 400 days, a state of the outbox for each day, so that one more writes only its day."""

import json
import logging
from collections.abc import Mapping
from typing import Any

from agent.provisioning.check_ins import Signed
from agent.provisioning.model import CheckIn
from agent.records import Told

log = logging.getLogger(__name__)

DAYS = 400
DAY_S = 86400.0
DAY_MOST = 1000  # check-ins of a day; past that the day's oldest are forgotten here, not upstream
PREFIX = "people/day-"  # of states' names; no device can have one
NO_DAY = -1  # of those whose clock was not right: a day that is wrong would cost others their place

Days = dict[int, tuple[Signed, ...]]


class CheckInLog:
    """By day since 1970, in the order in which they came."""

    def __init__(self, kept: Mapping[str, str]) -> None:
        read = (_read(value) for key, value in kept.items() if key.startswith(PREFIX))
        self._days: Days = dict(sorted(day for day in read if day is not None))
        self._guessed = self._of(guessed=True)
        self._told: tuple[CheckIn, ...] = ()  # of these, as it was known when the others were put in order
        self._known: tuple[CheckIn, ...] | None = None

    def states(self, signed: Signed) -> dict[str, str]:
        """What is to be stored for one more."""
        day = _day_of(signed)
        return {f"{PREFIX}{day % DAYS if day >= 0 else 'unknown'}": _written(day, self._with(day, signed))}

    def add(self, signed: Signed) -> None:
        """It is stored."""
        day = _day_of(signed)
        self._days[day] = self._with(day, signed)
        newest = max(self._days)
        self._days = {d: own for d, own in self._days.items() if d == NO_DAY or d > newest - DAYS}
        self._guessed, self._known = self._of(guessed=True), None

    def all(self, told: Told) -> tuple[CheckIn, ...]:
        """The oldest first, each with its time as it is known by now."""
        guessed = tuple(signed.told(told) for signed in self._guessed)
        if self._known is None or guessed != self._told:  # else nothing has come, and nothing was learned
            sure = (signed.check_in for signed in self._of(guessed=False))
            self._known = tuple(sorted((*sure, *guessed), key=lambda one: one.at_utc_s))
            self._told = guessed
        return self._known

    def latest_s(self, told: Told) -> float:
        """When the last one was whose time is sure; 0 where none is."""
        return next((one.at_utc_s for one in reversed(self.all(told)) if one.sure), 0.0)

    def _of(self, *, guessed: bool) -> tuple[Signed, ...]:
        return tuple(one for own in self._days.values() for one in own if _is_guessed(one) is guessed)

    def _with(self, day: int, signed: Signed) -> tuple[Signed, ...]:
        return (*self._days.get(day, ()), signed)[-DAY_MOST:]


def _day_of(signed: Signed) -> int:
    return NO_DAY if _is_guessed(signed) else int(signed.check_in.at_utc_s // DAY_S)


def _is_guessed(signed: Signed) -> bool:
    return signed.clock != "synchronised"


def _written(day: int, signed: tuple[Signed, ...]) -> str:
    return json.dumps({"day": day, "signed": [_row(one) for one in signed]}, ensure_ascii=False)


def _row(signed: Signed) -> list[Any]:
    one = signed.check_in
    row = [round(one.at_utc_s, 3), one.person, one.name, one.role, one.on, one.post, one.by]
    return row if one.sure else [*row, signed.clock, signed.boot_id, signed.monotonic_s, signed.after_utc_s]


def _read(value: str) -> tuple[int, tuple[Signed, ...]] | None:
    """A day that was damaged costs that day, not the start."""
    try:
        kept = json.loads(value)
        return int(kept["day"]), tuple(_signed(*row) for row in kept["signed"])
    except (ValueError, TypeError, KeyError) as error:
        log.warning("a day of check-ins cannot be read: %s", error)
        return None


def _signed(
    at_utc_s: float,
    person: str,
    name: str,
    role: str,
    on: bool,
    post: str,
    by: str,
    clock: Any = "synchronised",
    boot_id: str = "",
    monotonic_s: float = 0.0,
    after_utc_s: float = 0.0,
) -> Signed:
    one = CheckIn(float(at_utc_s), person, name, role, on, post, by, clock == "synchronised")
    return Signed(one, clock, boot_id, float(monotonic_s), float(after_utc_s))
