"""A finding about a matrix, and what it is found in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from agent.linkage.model import Alarm, Effect, Matrix, OutputName
from agent.linkage.possible import Devices
from agent.linkage.truth import leaves
from agent.site import LinePlan, Site
from drivers.profile import DeviceProfile, Point

Code = Literal[
    "conflict",
    "shared_output",
    "unreachable",
    "could_lock",
    "no_feedback",
    "uplink",
    "late",
    "not_opted_in",
    "dry_run",
]


@dataclass(frozen=True, slots=True)
class Doubt:
    """About an effect's key, a device's, or all of it; `text` and `fix` are to be filled in with `fields`."""

    code: Code
    text: str
    fix: str
    effect: str = ""
    key: str = "id"
    device: str = ""
    error: bool = True
    fields: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Facts:
    """The matrix, and of the site what matters for it; `guarded`: units whose outputs fall when nobody asks."""

    matrix: Matrix
    devices: Devices
    lines: Mapping[str, LinePlan]
    points: Mapping[OutputName, Point]
    brokers: frozenset[str]
    guarded: frozenset[str]

    def units_of(self, effect: Effect) -> frozenset[str]:
        """All units that it takes: its outputs' and its causes'."""
        units = {target.output[0] for target in effect.targets}
        for leaf in leaves(effect.cause):
            units |= self.devices[leaf.device].units if isinstance(leaf, Alarm) else {leaf.unit}
        return frozenset(units)


def facts_of(site: Site, matrix: Matrix) -> Facts:
    """What the checks look at."""
    units = [(unit, line) for line in site.lines for unit in line.units]
    brokers = [*site.uplink.brokers, *(site.uplink.backup.brokers if site.uplink.backup else ())]
    return Facts(
        matrix,
        {device.id: device for device in site.devices},
        {unit.id: line for unit, line in units},
        {(unit.id, point.name): point for unit, _ in units for point in unit.profile.points},
        frozenset(broker.host for broker in brokers),
        frozenset(unit.id for unit, _ in units if unit.safe_state and _falls_when_unasked(unit.profile)),
    )


def _falls_when_unasked(profile: DeviceProfile) -> bool:
    """One that only says what its outputs are after a loss of power has no watchdog over the gateway."""
    return profile.safe_state is not None and bool(profile.safe_state.tripped)
