"""What can be seen of a barrier or door: it stands open, it is closed, or nobody can tell. Pure."""

from typing import Literal

from agent.alarms.kinds import KINDS
from agent.provisioning.model import DeviceSeen

Sighting = Literal["open", "closed", "gap"]
STANDS_OPEN = frozenset({"held_open", "forced_open"})
MOVING_PORTALS = frozenset({"bollard"})  # no alarm when it stands open, but it does


def is_portal(device: DeviceSeen) -> bool:
    """It is something that can stand open."""
    return device.kind in MOVING_PORTALS or any(
        STANDS_OPEN & set(spec.conditions) for kind, spec in KINDS.items() if kind == device.kind
    )


def sighting(device: DeviceSeen) -> Sighting:
    """What is not closed is open: nobody passes a gate that is on its way without its having been open."""
    if device.lost or not device.heard or device.motion in (None, "unknown"):
        return "gap"
    return "closed" if device.motion == "closed" else "open"
