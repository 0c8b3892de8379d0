"""What is wrong with `linkage`: names, causes, actions, what the sounder has already."""

from collections.abc import Mapping

from agent.config.build import device_of
from agent.config.cause_reader import BUILT_IN
from agent.config.findings import Findings
from agent.config.linkage_build import Field, build_matrix, check_call_points
from agent.config.linkage_models import LinkageModel
from agent.config.models import ConfigModel
from agent.config.targets import MOVING
from agent.language import tr
from agent.linkage.model import Matrix
from drivers.profile import DeviceProfile


def check_linkage(found: Findings, config: ConfigModel, units: Mapping[str, DeviceProfile]) -> None:
    """`units`: the profiles of those that have one."""
    if (linkage := config.linkage) is None:
        return
    field, wrong = _sound(found, config, units), found.wrong
    check_call_points(linkage, field, wrong)
    _names(found, linkage)
    matrix = build_matrix(linkage, field, wrong)
    _not_by_default(found, linkage, matrix)
    _outputs(found, config)
    taken = config.sounder.point if config.sounder else ""
    for n, effect in enumerate(linkage.effects):
        points = {".".join(t.output) for one in matrix.effects if one.id == effect.id for t in one.targets}
        if taken in points:
            said = tr("{point} is used by {user} already", point=taken, user="sounder")
            found.wrong(("linkage", "effects", n, "do"), said)


def _sound(found: Findings, config: ConfigModel, units: Mapping[str, DeviceProfile]) -> Field:
    """Devices whose units and points are there; what is wrong with the others has been told."""
    doubtful = found.doubtful("devices")
    good = [d for n, d in enumerate(config.devices) if n not in doubtful and (d.unit is None or d.unit in units)]
    every = [device.id for device in config.devices] + [u.id for line in config.lines for u in line.units]
    known = {device.id: device_of(device, units) for device in good}
    return Field(known, units, frozenset(every) - known.keys() - units.keys())


def _names(found: Findings, linkage: LinkageModel) -> None:
    first: dict[str, int] = {}
    for n, effect in enumerate(linkage.effects):
        if first.setdefault(effect.id, n) != n:
            said = tr("{name} is the id of an earlier one already", name=repr(effect.id))
            found.wrong(("linkage", "effects", n, "id"), said)
    for name in linkage.causes:
        if name in BUILT_IN:
            found.wrong(
                ("linkage", "causes", name),
                tr("{name} is built in; choose another name", name=repr(name)),
                key=True,
            )


def _not_by_default(found: Findings, linkage: LinkageModel, matrix: Matrix) -> None:
    """Two effects of one name would be one memory, and what the one ends the other has forgotten."""
    given = {effect.id for effect in matrix.effects if effect.by_default}
    for n, effect in enumerate(linkage.effects):
        if effect.id in given:
            said = tr("{name} is the id of what a fire opens by default", name=repr(effect.id))
            found.wrong(("linkage", "effects", n, "id"), said)


def _outputs(found: Findings, config: ConfigModel) -> None:
    """A relay that moves something by falling would do so with every restart, and be told the wrong way round."""
    for n, device in enumerate(config.devices):
        for role, use in device.points.items():
            if role in MOVING and use.normally == "closed":
                said = tr("linkage moves a device by switching its relay on; wire {role} so", role=role)
                found.wrong(("devices", n, "points", role, "normally"), said, key=True)
