"""Whether the sounder's point can be one: switched, read back, and nobody else's."""

from collections.abc import Mapping

from agent.config.fits import sort_of
from agent.language import tr
from agent.mistakes import did_you_mean
from drivers.profile import DeviceProfile


def sounder_mistake(point: str, units: Mapping[str, DeviceProfile], users: Mapping[str, str]) -> str | None:
    """What is wrong with it; `users`: who uses which point already."""
    unit, _, name = point.partition(".")
    if unit not in units:
        return tr("no unit {name}", name=repr(unit)) + did_you_mean(unit, units)
    profile = units[unit]
    names = [one.name for one in profile.points]
    if name not in names:
        said = tr("{profile} has no point {name}", profile=profile.id, name=repr(name))
        return said + did_you_mean(name, names)
    found = profile.point(name)
    if not (found.writable and found.readable) or found.momentary or sort_of(found) != "bool":
        return tr("{point} is no output that can be switched on and off and read back", point=point)
    if point in users:
        return tr("{point} is used by {user} already", point=point, user=users[point])
    return None
