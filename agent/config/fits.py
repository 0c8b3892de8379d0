"""What one value, point or read may be: every function says why not, or None."""

from typing import TypeGuard

from agent.alarms.spec import RoleSpec, SettingSpec
from agent.config.models import BlockModel
from agent.language import tr
from drivers.decode import TEXTS
from drivers.profile import FUNCTION, DeviceProfile, ExactBlock, Point


def is_number(value: object) -> TypeGuard[float]:
    """A number, and no bool."""
    return isinstance(value, int | float) and not isinstance(value, bool)


def unfit(value: float | bool | str, spec: SettingSpec) -> str | None:
    """What is wanted instead, or None."""
    if isinstance(spec.default, bool):
        return None if isinstance(value, bool) else tr("true or false")
    if isinstance(spec.default, str):
        right = isinstance(value, str) and (not spec.words or value in spec.words)
        return None if right else tr("one of {known}", known=", ".join(spec.words)) if spec.words else tr("a text")
    if not is_number(value):
        return tr("a number")
    least, most = spec.least, spec.most
    if (least is None or value >= least) and (most is None or value <= most):
        return None
    if least is not None and most is not None:
        return tr("{least} to {most}", least=least, most=most)
    return tr("at least {least}", least=least) if most is None else tr("at most {most}", most=most)


def sort_of(point: Point) -> str:
    """What a point's values are: bool, number or word."""
    if point.values:
        kinds = {type(value) for value in point.values.values()}
        return "bool" if kinds == {bool} else "word" if str in kinds else "number"
    if point.type in TEXTS:
        return "word"
    return "bool" if point.of_bits or point.bit is not None or point.type == "bool" else "number"


def misfit(point: Point, role: RoleSpec) -> str | None:
    """Why a point cannot fill a role; an alarm on it would never come."""
    if not role.output and not point.readable:
        return tr("can be written only")
    if point.type == "event" or sort_of(point) != role.type:
        want = {"bool": tr("a contact (yes or no)"), "number": tr("a number"), "word": tr("a word")}[role.type]
        return tr("does not give {want}", want=want)
    return None


def not_allowed(block: BlockModel, profile: DeviceProfile) -> str | None:
    """Why the profile does not allow this read."""
    bits = block.table in ("coil", "discrete")
    most = profile.limits.max_bits if bits else profile.limits.max_registers
    function = FUNCTION[block.table]
    if function not in profile.limits.functions:
        served = ", ".join(str(f) for f in profile.limits.functions)
        return tr("{profile} does not serve function {function} (it serves {served})", profile=profile.id,
                  function=function, served=served)  # fmt: skip
    if block.count > most:
        return tr("{profile} answers at most {most} in one read, not {count}", profile=profile.id, most=most,
                  count=block.count)  # fmt: skip
    if block.address + block.count > 0x10000:
        return tr("the block ends after address 65535")
    if not any(ExactBlock(**block.model_dump()).holds(point) for point in profile.readable_points):
        return tr("{profile} has no point in this block", profile=profile.id)
    return None
