"""From bits and registers to readings, and back; pure."""

import struct
from collections.abc import Sequence

from drivers.profile import Point
from drivers.reading import Quality, Reading, Value

FORMAT = {"u16": ">H", "i16": ">h", "u32": ">I", "i32": ">i", "f32": ">f"}


def read_point(point: Point, words: Sequence[int]) -> list[Reading]:
    """What the words (or the one bit) of a point say; an event register may say several things."""
    if point.type == "event":
        return _events(point, words[0])
    raw = bool(words[0]) if point.of_bits else number(point, words)
    if not isinstance(raw, bool) and raw != raw:
        return [Reading(point.name, None, Quality.BAD, "not a number")]
    if point.bit is not None:
        raw = bool(int(raw) >> point.bit & 1)
    if not isinstance(raw, bool) and int(raw) in point.invalid:
        return [Reading(point.name, None, Quality.BAD, f"the device says {int(raw)}: no valid value")]
    return [_meaning(point, raw)]


def number(point: Point, words: Sequence[int]) -> int | float:
    """The number in a point's registers, before scale and meaning."""
    if point.type == "bool":
        return words[0]
    ordered = list(words[: point.width])
    if point.word_order == "little":
        ordered.reverse()
    content = b"".join(word.to_bytes(2, "big") for word in ordered)
    value: int | float = struct.unpack(FORMAT[point.type], content)[0]
    return value


def _meaning(point: Point, raw: bool | int | float) -> Reading:
    if point.values:
        key = round(raw)
        if key not in point.values or abs(raw - key) > 0.01:
            return Reading(point.name, None, Quality.BAD, f"no meaning known for {raw}")
        return Reading(point.name, point.values[key])
    value: Value = raw
    if not isinstance(raw, bool) and (point.scale != 1.0 or point.offset):
        value = round(raw * point.scale + point.offset, 6)
    return Reading(point.name, bool(raw) if point.type == "bool" else value)


def _events(point: Point, code: int) -> list[Reading]:
    """A register that holds the last event: it only tells what that event sets and clears."""
    meaning = point.codes.get(code)
    if meaning is None:
        return [Reading(f"{point.name}/unknown", True, Quality.BAD, f"unknown event code {code}")]
    made = [Reading(f"{point.name}/{condition}", True) for condition in meaning.set]
    return made + [Reading(f"{point.name}/{condition}", False) for condition in meaning.clear]


def words_of(point: Point, value: Value, before: int = 0) -> list[int]:
    """The registers (or the one bit) that say `value`; `before` keeps the other bits of the register."""
    if point.bit is not None:
        wide = before | 1 << point.bit if value else before & ~(1 << point.bit)
        return _split(point, wide)
    raw: float = _raw(point, value)
    if point.of_bits or point.type in ("bool", "event"):
        return [int(raw)]
    content = struct.pack(">f", raw) if point.type == "f32" else struct.pack(FORMAT[point.type], round(raw))
    return _ordered(point, content)


def _raw(point: Point, value: Value) -> float:
    for key, word in point.values.items():
        if word == value and type(word) is type(value):
            return key
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return float(bool(value))
    return (value - point.offset) / point.scale


def _split(point: Point, wide: int) -> list[int]:
    return _ordered(point, wide.to_bytes(2 * point.width, "big"))


def _ordered(point: Point, content: bytes) -> list[int]:
    words = [int.from_bytes(content[i : i + 2], "big") for i in range(0, len(content), 2)]
    return words[::-1] if point.word_order == "little" else words
