"""What is seen of a barrier or door: open, closed, or nothing that could be believed."""

from dataclasses import replace

import pytest

from agent.provisioning.model import DeviceSeen
from agent.provisioning.sightings import is_portal, sighting

GATE = DeviceSeen(
    "gate", "gate_barrier", "", "", "", False, False, True, frozenset(), frozenset(), "closed", age_s=0.1
)


@pytest.mark.parametrize("motion", ["open", "opening", "closing", "stopped", "obstructed"])
def test_what_is_not_closed_is_open(motion: str) -> None:
    assert sighting(replace(GATE, motion=motion)) == "open"  # type: ignore[arg-type]
    assert sighting(GATE) == "closed"


@pytest.mark.parametrize("blind", [{"lost": True}, {"heard": False}, {"motion": None}, {"motion": "unknown"}])
def test_what_was_seen_before_proves_nothing_while_nobody_sees_it(blind: dict[str, object]) -> None:
    assert sighting(replace(GATE, **blind)) == "gap"  # type: ignore[arg-type]


def test_only_what_can_stand_open_is_looked_at() -> None:
    kinds = ("gate_barrier", "door", "bollard", "one_key_alarm", "camera", "fire_panel", "smoke_detector")
    assert [kind for kind in kinds if is_portal(replace(GATE, kind=kind))] == ["gate_barrier", "door", "bollard"]
