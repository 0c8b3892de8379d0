"""What is wrong with units that are asked by name instead of by register: cameras, and UPS with Q1."""

from agent.config.findings import Findings
from agent.config.models import LineModel, UnitModel
from agent.config.source import Loc
from agent.language import tr
from drivers.profile import DeviceProfile

CAMERA_KEYS = ("host", "ports", "path")
OTHERS_KEYS = ("points", "blocks", "slow_interval_s", "guard_s", "address")


def check_unit(found: Findings, loc: Loc, line: LineModel, unit: UnitModel, profile: DeviceProfile) -> None:
    """Note what has no meaning here, and what is missing."""
    unwanted = OTHERS_KEYS if line.type == "cameras" else CAMERA_KEYS
    for key in unwanted:
        if key in unit.model_fields_set:
            said = tr("{key} has no meaning on a {type} line", key=repr(key), type=line.type)
            found.wrong((*loc, key), said, key=True)
    if unit.battery_factor is not None and profile.protocol != "megatec_q1":
        said = tr("battery_factor: {profile} tells no battery voltage of this sort", profile=profile.id)
        found.wrong((*loc, "battery_factor"), said, key=True)
    if line.type == "cameras":
        _camera(found, loc, unit, profile)


def _camera(found: Findings, loc: Loc, unit: UnitModel, profile: DeviceProfile) -> None:
    if unit.host is None:
        found.missing(loc, "host", "192.168.1.64")
    asked = profile.probes.asked if profile.probes else {}
    for kind in unit.ports:
        if asked and kind not in asked:
            said = tr("{profile} is asked at: {kinds}", profile=profile.id, kinds=", ".join(asked))
            found.wrong((*loc, "ports", kind), said, key=True)
    if unit.path and asked and "rtsp" not in asked:
        found.wrong((*loc, "path"), tr("{profile} is not asked for a stream", profile=profile.id), key=True)
