"""Bugs planted into what is believed of time."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace
from unittest.mock import patch

from agent.clock.timeline import Timeline
from agent.records import Instant, machine_of


@contextlib.contextmanager
def the_floor_follows_the_clock_down() -> Iterator[None]:
    """What the clock shows now is taken for the last good time."""
    observed = Timeline.observed

    def lowered(self: Timeline, boot_id: str, at: Instant) -> Timeline:
        return replace(observed(self, boot_id, at), floor_utc_s=at.utc_s)

    with patch.object(Timeline, "observed", lowered):
        yield


@contextlib.contextmanager
def an_anchor_of_another_boot_tells_the_time() -> Iterator[None]:
    """Monotonic seconds of two boots are taken for the same."""
    filled_in = Timeline.filled_in

    def careless(self: Timeline, boot_id: str, at: Instant) -> Instant:
        anchors = next(iter(self.boots.values()), ())
        return filled_in(replace(self, boots={machine_of(boot_id): anchors}), boot_id, at)

    with patch.object(Timeline, "filled_in", careless):
        yield
