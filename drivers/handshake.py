"""A value that counts while its flag is on, and the flag that must be written off for the next one. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from drivers.profile_parts import Handshake
from drivers.reading import Quality, Reading

NONE = ""


def believed(shake: Handshake, readings: Sequence[Reading]) -> list[Reading]:
    """The readings of one reply; without its flag a value is the last one's, and with a bad flag nobody's."""
    flag = _flag(shake, readings)
    if flag is None:
        return list(readings)
    return [_with(flag, reading) if reading.point == shake.value else reading for reading in readings]


def to_be_cleared(shake: Handshake, readings: Sequence[Reading]) -> bool:
    """There is a value whose flag stands: also one that was told already, when the order to clear it was lost."""
    flag = _flag(shake, readings)
    return flag is not None and flag.quality is Quality.GOOD and flag.value is True


def _flag(shake: Handshake, readings: Sequence[Reading]) -> Reading | None:
    return next((reading for reading in readings if reading.point == shake.flag), None)


def _with(flag: Reading, value: Reading) -> Reading:
    if flag.quality is not Quality.GOOD:
        return replace(value, value=None, quality=flag.quality, cause=f"its flag: {flag.cause}")
    return value if flag.value is True else replace(value, value=NONE)
