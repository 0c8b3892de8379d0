"""How a field stands when all is normal, as the gateway's devices use its points: the ground of every story."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from drivers.profile import DeviceProfile
from drivers.reading import Value
from simulators.field import Field
from simulators.field_file import FieldFileError, LineSetup

ON = (
    "closed_limit",
    "mains",
    "closed",
    "raised_limit",
    "reachable",
    "rtsp",
    "onvif",
)  # what is on while all is well; every other contact is not
WORDS: Mapping[str, str] = {"state": "closed"}
NUMBERS: Mapping[str, float] = {"temperature": 21.5, "humidity": 48.0, "charge": 100.0, "clock_offset_s": 0.0}


def bring_to_rest(field: Field, document: Mapping[str, Any], lines: Iterable[LineSetup]) -> None:
    """Barriers closed, bollards up, cameras there, all contacts as without alarms; raises FieldFileError."""
    profiles = {unit.id: unit.profile for line in lines for unit in line.units}
    try:
        for device in document.get("devices") or ():
            for role, use in _uses(device, profiles).items():
                _rest(field, device, role, use)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        what = f"{type(error).__name__}: {error}"
        raise FieldFileError(f"no devices to bring to rest ({what}): see campusgw check") from error


def _uses(device: Mapping[str, Any], profiles: Mapping[str, DeviceProfile]) -> dict[str, Mapping[str, Any]]:
    """The points of a device by their role: those that its unit's profile names, and those that the file names."""
    found: dict[str, Mapping[str, Any]] = {}
    unit = device.get("unit")
    if device["kind"] == "fire_panel":
        return found
    if unit is not None:
        found |= {p.role: {"point": f"{unit}.{p.name}"} for p in profiles[unit].points if p.role is not None}
    for role, use in (device.get("points") or {}).items():
        found[role] = {"point": use} if isinstance(use, str) else use
    return found


def _rest(field: Field, device: Mapping[str, Any], role: str, use: Mapping[str, Any]) -> None:
    """Set one point; what its profile cannot say stays as the unit itself begins."""
    for value in _values(device, role, inverted=use.get("normally") == "closed"):
        if _says(field, use["point"], value):
            return


def _values(device: Mapping[str, Any], role: str, *, inverted: bool) -> Iterator[Value]:
    if role in NUMBERS:
        settings = device.get("settings") or {}
        yield _between(NUMBERS[role], settings.get(f"{role}_low"), settings.get(f"{role}_high"))
    elif role in WORDS:
        yield WORDS[role]
    elif role in ON or inverted:
        yield (role in ON) != inverted


def _between(usual: float, low: float | None, high: float | None) -> float:
    """The usual value, or one between limits that are elsewhere."""
    least = usual if low is None else max(usual, low + _margin(low))
    if high is None or least < high - _margin(high):
        return least
    return high - _margin(high) if low is None else (low + high) / 2


def _margin(limit: float) -> float:
    return max(1.0, abs(limit) / 10)


def _says(field: Field, point: str, value: Value) -> bool:
    try:
        field.set(point, value)
    except ValueError:
        return False
    return True
