"""What can be seen of a barrier or door: it stands open, it is closed, or nobody can tell. Pure."""

from typing import Literal

from agent.alarms.kinds import KINDS
from agent.provisioning.model import DeviceSeen

Sighting = Literal["open", "closed", "gap"]
NOT_SHUT = frozenset({"held_open", "forced_open"})
PORTALS = frozenset(kind for kind, spec in KINDS.items() if NOT_SHUT & spec.conditions.keys()) | {"bollard"}
"""What can stand open; a bollard that does raises no alarm."""


def is_portal(device: DeviceSeen) -> bool:
    """It is something that can stand open."""
    return device.kind in PORTALS


def sighting(device: DeviceSeen) -> Sighting:
    """What is not closed is open: nobody passes a gate that is on its way without its having been open."""
    if device.lost or not device.heard or device.motion in (None, "unknown"):
        return "gap"
    return "closed" if device.motion == "closed" else "open"
