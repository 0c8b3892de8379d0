"""From bits and registers to readings, and back; pure."""

import math
import struct
from collections.abc import Sequence

from drivers.profile import Point, Word
from drivers.reading import Quality, Reading, Value

FORMAT = {"bool": ">H", "u16": ">H", "event": ">H", "i16": ">h", "u32": ">I", "i32": ">i", "f32": ">f"}
F32_MOST = struct.unpack(">f", b"\x7f\x7f\xff\xff")[0]
DECIMALS = 6  # 23 × 0.1 is 2.3 to everybody but a computer
PADDING = "\0 "
TEXTS = ("ascii", "hex", "card")


def read_point(point: Point, words: Sequence[int]) -> list[Reading]:
    """What the words (or the one bit) of a point say; an event register may say several things."""
    if point.type == "event":
        return _events(point, words[0])
    if point.type in TEXTS:
        return [Reading(point.name, text(point, words))]
    raw = number(point, words)
    if not math.isfinite(raw):
        return [Reading(point.name, None, Quality.BAD, "not a number")]
    if raw in point.invalid:
        return [Reading(point.name, None, Quality.BAD, f"the device says {raw:g}: no valid value")]
    if point.of_bits or point.bit is not None:
        return [Reading(point.name, bool(int(raw) >> (point.bit or 0) & 1))]
    return [_meaning(point, raw) if point.values else _measured(point, raw)]


def unread_point(point: Point, cause: str) -> Reading:
    """A point of which nothing can be told now; told under a name at which the next good reading ends it."""
    name = f"{point.name}/unknown" if point.type == "event" else point.name
    return Reading(name, None, Quality.BAD, cause)


def number(point: Point, words: Sequence[int]) -> int | float:
    """The number in a point's registers (or its bit), before scale and meaning."""
    if point.of_bits:
        return words[0]
    content = _content(point, words)
    value: int | float = struct.unpack(FORMAT[point.type], content)[0]
    return _shortest(value, content) if point.type == "f32" and math.isfinite(value) else value


def _shortest(value: float, content: bytes) -> float:
    """The number with the fewest digits that is this f32: 1.1, where the exact one is 1.10000002384…"""
    for digits in range(1, 9):
        short = float(f"{value:.{digits}g}")
        if abs(short) <= F32_MOST and struct.pack(FORMAT["f32"], short) == content:
            return short
    return float(f"{value:.9g}")


def text(point: Point, words: Sequence[int]) -> str:
    """The letters in a point's registers without their padding, its bytes in hex, or the code of a card."""
    content = _content(point, words)
    if point.type == "ascii":
        return content.decode("ascii", "replace").strip(PADDING)
    if point.low_bytes:
        content = content[1::2]
    return content.hex() if point.type == "hex" else content.hex().upper() if any(content) else ""


def words_of(point: Point, value: Value, before: Sequence[int] = ()) -> list[int]:
    """The registers (or the one bit) that say `value`; `before` are those that hold other bits too.

    None asks for what the device says when it has no value. Raises ValueError for what the point cannot say.
    """
    if point.of_bits:
        return [int(_flag(point, value))]
    if point.type in TEXTS:
        return _ordered(point, _spelt(point, value))
    if point.bit is not None and value is not None:
        whole, one = int(number(point, before)) if before else 0, 1 << point.bit
        return _ordered(point, _packed(point, whole | one if _flag(point, value) else whole & ~one))
    return _ordered(point, _packed(point, _raw(point, value)))


def _meaning(point: Point, raw: int | float) -> Reading:
    key = round(raw)
    if key not in point.values or abs(raw - key) > point.tolerance:
        return Reading(point.name, None, Quality.BAD, f"no meaning known for {raw:g}")
    return Reading(point.name, point.values[key])


def _measured(point: Point, raw: int | float) -> Reading:
    plain = point.scale == 1.0 and not point.offset
    value = raw if plain else round(raw * point.scale + point.offset, DECIMALS)
    if point.plausible is not None:
        low, high = point.plausible
        if not low <= value <= high:
            cause = f"{value:g} is not within {low:g} to {high:g}"
            return Reading(point.name, value, Quality.UNCERTAIN, cause)
    return Reading(point.name, value)


def _events(point: Point, code: int) -> list[Reading]:
    """A register that holds the last event: it only tells what that event sets and clears.

    `…/unknown` is bad as long as the code means nothing to us, and is told at every read so that it can end.
    """
    meaning = point.codes.get(code)
    if meaning is None:
        return [Reading(f"{point.name}/unknown", True, Quality.BAD, f"unknown event code {code}")]
    told = [(condition, True) for condition in meaning.set]
    told += [(condition, False) for condition in (*meaning.clear, "unknown")]
    return [Reading(f"{point.name}/{condition}", active) for condition, active in told]


def _raw(point: Point, value: Value) -> float:
    """The number that says `value`."""
    if value is None:
        return _absent(point)
    if point.type == "event":
        return _code(point, value)
    if point.values:
        return _key(point, value)
    if isinstance(value, bool | str):
        raise ValueError(f"{point.name} takes a number, not {value!r}")
    raw = (value - point.offset) / point.scale
    return raw if point.type == "f32" else round(raw)


def _absent(point: Point) -> float:
    if point.invalid:
        return point.invalid[0]
    if point.type == "f32":
        return math.nan
    raise ValueError(f"{point.name} has no number that means `no value`")


def _code(point: Point, value: Value) -> int:
    """An event's code, or the first one that sets the condition of that name."""
    setting = [code for code, meaning in point.codes.items() if value in (code, *meaning.set)]
    if isinstance(value, bool) or not setting:
        raise ValueError(f"{point.name} has no event {value!r}")
    return setting[0]


def _key(point: Point, value: Value) -> int:
    for key, word in point.values.items():
        if _same(word, value):
            return key
    words = ", ".join(str(word) for word in point.values.values())
    raise ValueError(f"{point.name} takes one of {words}, not {value!r}")


def _same(word: Word, value: Value) -> bool:
    """Equal, and both or neither a bool: True is not the number 1."""
    return word == value and isinstance(word, bool) == isinstance(value, bool)


def _flag(point: Point, value: Value) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{point.name} takes true or false, not {value!r}")
    return value


def _spelt(point: Point, value: Value) -> bytes:
    if not isinstance(value, str):
        raise ValueError(f"{point.name} takes text, not {value!r}")
    content = value.encode("ascii") if point.type == "ascii" else bytes.fromhex(value)
    room = point.width if point.low_bytes else 2 * point.width
    if len(content) > room:
        raise ValueError(f"{point.name} holds {room} bytes, not {len(content)}")
    content = content.ljust(room, b"\0")
    return b"".join(bytes((0, byte)) for byte in content) if point.low_bytes else content


def _packed(point: Point, raw: float) -> bytes:
    try:
        return struct.pack(FORMAT[point.type], raw)
    except (struct.error, OverflowError) as error:
        raise ValueError(f"{point.name} is a {point.type} and cannot hold {raw:g}") from error


def _content(point: Point, words: Sequence[int]) -> bytes:
    """A point's registers as bytes, high word first."""
    ordered = words[: point.width]
    return b"".join(word.to_bytes(2, "big") for word in (ordered[::-1] if _swapped(point) else ordered))


def _ordered(point: Point, content: bytes) -> list[int]:
    words = [int.from_bytes(content[i : i + 2], "big") for i in range(0, len(content), 2)]
    return words[::-1] if _swapped(point) else words


def _swapped(point: Point) -> bool:
    return point.word_order == "little"
