"""What is known of time: when it surely is later than, and what UTC was at a moment of a machine's boot. Pure.

CLOCK_MONOTONIC goes on while the machine runs, whatever happens to the wall clock and to our process. So one
moment at which both were right, an anchor, tells the UTC of every other moment of that boot, before and after.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from agent.records import ClockState, Instant, machine_of

RELEASED_UTC_S = 1_788_220_800.0  # 2026-09-01, before this release: no clock that is right shows less. Raise it
DRIFT = (
    500e-6  # include/linux/timex.h, MAXFREQ: how fast the kernel takes a clock to go wrong that nobody corrects
)
SMALL_S = 5.0  # a site's clocks may differ by this [recall: GB 50348's family]; the kernel's own limit is 16 s
MOVED_S = 0.5  # an offset that moves by more has been corrected: what was said before was wrong
KEEP_EVERY_S = 3600.0  # flash wears out
BOOTS_MOST = 32  # machine boots that are remembered; of an older one records keep the time that they were given


@dataclass(frozen=True, slots=True)
class Anchor:
    """A moment at which the kernel's clock was synchronised."""

    monotonic_s: float
    utc_s: float

    @property
    def offset_s(self) -> float:
        """UTC at monotonic zero."""
        return self.utc_s - self.monotonic_s

    def doubt_s(self, monotonic_s: float) -> float:
        """How wrong a clock may have gone from here to there."""
        return abs(monotonic_s - self.monotonic_s) * DRIFT


@dataclass(frozen=True, slots=True)
class Timeline:
    """The floor, and by machine boot its first and its last anchor; the boot that was heard of last comes last."""

    floor_utc_s: float = RELEASED_UTC_S
    boots: Mapping[str, tuple[Anchor, ...]] = field(default_factory=dict)

    def filled_in(self, boot_id: str, at: Instant) -> Instant:
        """The moment as it is known by now: what was synchronised stays, what can be told from an anchor is."""
        anchors = self.boots.get(machine_of(boot_id), ())
        if at.clock == "synchronised" or not anchors:
            return at
        near = min(anchors, key=lambda anchor: anchor.doubt_s(at.monotonic_s))
        clock: ClockState = "synchronised" if near.doubt_s(at.monotonic_s) <= SMALL_S else "estimated"
        return Instant(at.monotonic_s, near.offset_s + at.monotonic_s, clock)

    def judged(self, boot_id: str, at: Instant) -> Instant:
        """What the clock shows now, and how far that may be believed: a time that is surely over is `unknown`."""
        if at.clock == "synchronised":
            return at if at.utc_s >= RELEASED_UTC_S else replace(at, clock="unknown")
        known = self.filled_in(boot_id, at)
        return known if known is not at or at.utc_s >= self.floor_utc_s else replace(at, clock="unknown")

    def observed(self, boot_id: str, at: Instant) -> "Timeline":
        """The clock was looked at; only one that is synchronised teaches anything."""
        if at.clock != "synchronised" or at.utc_s < RELEASED_UTC_S:
            return self
        boot, seen = machine_of(boot_id), Anchor(at.monotonic_s, at.utc_s)
        boots = {name: anchors for name, anchors in self.boots.items() if name != boot}
        boots[boot] = _joined(self.boots.get(boot, ()), seen)
        newest = dict(list(boots.items())[-BOOTS_MOST:])
        return Timeline(max(self.floor_utc_s, at.utc_s), newest)

    def differs(self, kept: "Timeline", boot_id: str) -> bool:
        """Whether so much is new that it is worth a write."""
        now, then = (t.boots.get(machine_of(boot_id), ()) for t in (self, kept))
        if not now or not then:
            return bool(now)
        moved = _corrected(then[-1], now[-1]) or now[0] != then[0]
        return moved or now[-1].monotonic_s - then[-1].monotonic_s >= KEEP_EVERY_S


def _joined(anchors: tuple[Anchor, ...], seen: Anchor) -> tuple[Anchor, ...]:
    """The first and the last; a correction says that what came before it was wrong."""
    if not anchors or _corrected(anchors[-1], seen):
        return (seen,)
    return (anchors[0], seen)


def _corrected(before: Anchor, after: Anchor) -> bool:
    return abs(after.offset_s - before.offset_s) > MOVED_S + before.doubt_s(after.monotonic_s)


def timeline_to_json(timeline: Timeline) -> str:
    """For the outbox's states."""
    boots = {boot: [[a.monotonic_s, a.utc_s] for a in anchors] for boot, anchors in timeline.boots.items()}
    return json.dumps({"floor": timeline.floor_utc_s, "boots": boots})


def timeline_from_json(text: str) -> Timeline:
    """What an earlier run kept; what makes no sense costs what it said, not the start."""
    try:
        kept = json.loads(text)
        boots = {str(boot): _anchors(raw) for boot, raw in kept["boots"].items()}
        return Timeline(max(RELEASED_UTC_S, float(kept["floor"])), {b: a for b, a in boots.items() if a})
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return Timeline()


def _anchors(raw: Any) -> tuple[Anchor, ...]:
    return tuple(Anchor(float(monotonic_s), float(utc_s)) for monotonic_s, utc_s in raw)
