"""The log of openings: when barriers and doors stood open, and when nobody could see whether they did.

It is kept for a month in chunks of a day (UTC), of which each is written anew when it has changed. What is written
is written with the moment until which it is whole; after a restart everything from that moment on is a gap.
"""

import json
import logging
from bisect import insort
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from agent.provisioning.model import DeviceSeen, Gap, Opening
from agent.provisioning.sightings import Sighting, is_portal, sighting
from agent.records import Instant

log = logging.getLogger(__name__)

PREFIX = "provisioning/openings"
WHOLE = f"{PREFIX}/whole"
DAYS = 32  # a month is asked for, and today
DAY_S = 86_400.0
DAY_MOST = 300  # spans of one day; beyond it the shortest go
ENDED_MOST = 1000  # spans that wait for the clock to be right
JOIN_S = 120.0  # open before and after so short a blindness: it stood open all the time
EVERYBODY = ""  # the device of a gap in which the gateway was off


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From then until then (UTC seconds) a device stood open, or nobody could see it (`gap`)."""

    first_s: float
    last_s: float
    device: str
    gap: bool = False

    @property
    def length_s(self) -> float:
        """How long it was."""
        return self.last_s - self.first_s


@dataclass(frozen=True, slots=True)
class Standing:
    """How a device stands since then; `open_since`: it stood open when the gap began that is now."""

    how: Sighting
    since: Instant
    open_since: Instant | None = None


@dataclass(slots=True)
class Day:
    """The spans that ended on one day; a ring of them is kept."""

    number: int
    spans: list[Span] = field(default_factory=list)

    @property
    def key(self) -> str:
        """Its place in the ring: the day of a month ago is overwritten."""
        return f"{PREFIX}/{self.number % DAYS}"

    def add(self, span: Span) -> None:
        """Beyond the bound the shortest goes, gap or not: gaps of a contact that flutters hide no long opening."""
        insort(self.spans, span)
        if len(self.spans) > DAY_MOST:
            self.spans.remove(min(self.spans, key=lambda one: (one.length_s, one.gap)))


@dataclass(frozen=True, slots=True)
class Before:
    """What an earlier run has left: since when it is logged, until when all is written, and how all stood then."""

    since_s: float | None = None
    whole_s: float = 0.0
    standing: Mapping[str, tuple[str, float]] = field(default_factory=dict)


class Openings:
    """Everything that is known; nothing of it is final, and nothing is written, before the clock is right."""

    def __init__(self, kept: Mapping[str, str]) -> None:
        self.logged_since_utc_s: float | None = None
        self._days = _days_of(kept)
        self._before = self._recall(kept.get(WHOLE, ""))
        self._standing: dict[str, Standing] = {}
        self._ended: list[tuple[str, bool, Instant, Instant]] = []
        self._begun: Instant | None = None
        self._changed: set[int] = set()

    # --- seeing -------------------------------------------------------------------------------------

    def look(self, devices: Iterable[DeviceSeen], at: Instant) -> None:
        """Note what has changed."""
        if self._begun is None:
            self._begun = at
        for device in devices:
            if is_portal(device):
                self._see(device.id, sighting(device), at)
        if at.clock == "synchronised":
            self._settle(at)

    def _see(self, device: str, how: Sighting, at: Instant) -> None:
        before = self._standing.get(device, Standing("gap", at))
        if device in self._standing and before.how == how:
            return
        now = Standing(how, at)
        if how == "gap" and before.how == "open":
            now = replace(now, open_since=before.since)
        if how == "open" and (since := self._open_all_along(device, before, at)) is not None:
            now = replace(now, since=since)
        elif before.how != "closed" and at != before.since:
            self._ended.append((device, before.how == "gap", before.since, at))
        if len(self._ended) > ENDED_MOST:  # the clock is not right for very long: it begins behind these
            self._begun = self._ended.pop(0)[-1]
        self._standing[device] = now

    def _open_all_along(self, device: str, before: Standing, at: Instant) -> Instant | None:
        """Since when, if it was open also before a short gap, or before a restart that was one."""
        if before.open_since is not None and at.monotonic_s - before.since.monotonic_s <= JOIN_S:
            return before.open_since
        if device in self._standing and before.since != self._begun:
            return None
        how, first_s = self._before.standing.get(device, ("closed", 0.0))
        if how != "open" or at.clock != "synchronised" or at.utc_s - self._before.whole_s > JOIN_S:
            return None
        return Instant(at.monotonic_s - (at.utc_s - first_s), first_s, at.clock)

    def _settle(self, at: Instant) -> None:
        """The clock is right: what ended in this run has its place, and so has the time before it began."""
        if self.logged_since_utc_s is None:
            self._settle_start(at)
        for device, gap, first, last in self._ended:
            first_s, last_s = _utc_s(first, at), _utc_s(last, at)
            self._add(Span(first_s, max(first_s, last_s), device, gap))
        self._ended.clear()

    def _settle_start(self, at: Instant) -> None:
        assert self._begun is not None
        begun_s = _utc_s(self._begun, at)
        since_s, whole_s = self._before.since_s, self._before.whole_s
        self.logged_since_utc_s = begun_s if since_s is None else since_s
        if since_s is None:
            return
        for device, (how, first_s) in self._before.standing.items():
            self._add(Span(min(first_s, whole_s), whole_s, device, how == "gap"))
        if begun_s > whole_s:
            self._add(Span(whole_s, begun_s, EVERYBODY, gap=True))

    def _add(self, span: Span) -> None:
        number = int(span.last_s // DAY_S)
        self._days.setdefault(number, Day(number)).add(span)
        self._changed.add(number)
        for old in [n for n in self._days if n <= max(self._days) - DAYS]:
            del self._days[old]

    # --- what is known ------------------------------------------------------------------------------

    def openings(self, at: Instant, since_s: float = 0.0) -> tuple[Opening, ...]:
        """Those that had not ended by then, and those that last."""
        over = (Opening(s.device, s.first_s, s.last_s) for s in self._spans(since_s) if not s.gap)
        ended = (Opening(d, _utc_s(a, at), _utc_s(b, at)) for d, gap, a, b in self._ended if not gap)
        return (*over, *ended, *(Opening(d, _utc_s(a, at)) for d, a in self._lasting("open")))

    def gaps(self, at: Instant, since_s: float = 0.0) -> tuple[Gap, ...]:
        """The same of gaps."""
        over = (Gap(s.device, s.first_s, s.last_s) for s in self._spans(since_s) if s.gap)
        ended = (Gap(d, _utc_s(a, at), _utc_s(b, at)) for d, gap, a, b in self._ended if gap)
        return (*over, *ended, *(Gap(d, _utc_s(a, at)) for d, a in self._lasting("gap")))

    def _spans(self, since_s: float) -> Iterable[Span]:
        return (span for _, day in sorted(self._days.items()) for span in day.spans if span.last_s >= since_s)

    def _lasting(self, how: Sighting) -> Iterable[tuple[str, Instant]]:
        return ((device, one.since) for device, one in self._standing.items() if one.how == how)

    # --- what is kept -------------------------------------------------------------------------------

    @property
    def changed(self) -> bool:
        """Something has ended that is not written yet."""
        return bool(self._changed)

    def states(self, at: Instant) -> dict[str, str]:
        """What is to be written; nothing before the clock is right."""
        if self.logged_since_utc_s is None:
            return {}
        days = [self._days[number] for number in self._changed if number in self._days]
        standing = {
            device: (one.how, round(_utc_s(one.since, at), 1))
            for device, one in self._standing.items()
            if one.how != "closed"
        }
        whole = {"since": self.logged_since_utc_s, "whole": round(at.utc_s, 1), "standing": standing}
        return {WHOLE: json.dumps(whole), **{day.key: _day_to_json(day) for day in days}}

    def written(self, states: Mapping[str, str]) -> None:
        """The disk has these; what has changed since waits for the next time."""
        days = ((number, self._days.get(number)) for number in self._changed)
        self._changed = {n for n, day in days if day is not None and states.get(day.key) != _day_to_json(day)}

    def _recall(self, kept: str) -> "Before":
        if not kept:
            return Before()
        try:
            whole = json.loads(kept)
            standing = {
                str(device): (str(how), float(first)) for device, (how, first) in whole["standing"].items()
            }
            return Before(float(whole["since"]), float(whole["whole"]), standing)
        except (AttributeError, KeyError, TypeError, ValueError):
            log.warning("how far the log of openings goes cannot be read; it begins anew")
            self._days.clear()
            return Before()


def _utc_s(then: Instant, at: Instant) -> float:
    """A moment of this run, by the clock as it is now."""
    return at.utc_s - (at.monotonic_s - then.monotonic_s)


def _day_to_json(day: Day) -> str:
    spans = [[round(s.first_s, 1), round(s.last_s, 1), s.device, int(s.gap)] for s in day.spans]
    return json.dumps({"day": day.number, "spans": spans}, ensure_ascii=False, separators=(",", ":"))


def _days_of(kept: Mapping[str, str]) -> dict[int, Day]:
    days = {}
    for key in (f"{PREFIX}/{n}" for n in range(DAYS)):
        if text := kept.get(key):
            try:
                told = json.loads(text)
                spans = [Span(float(a), float(b), str(device), bool(gap)) for a, b, device, gap in told["spans"]]
                days[int(told["day"])] = Day(int(told["day"]), sorted(spans))
            except (KeyError, TypeError, ValueError):
                log.warning("a day of the log of openings cannot be read")
    newest = max(days, default=0)
    return {number: day for number, day in days.items() if number > newest - DAYS}
