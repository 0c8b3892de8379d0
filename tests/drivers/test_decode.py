"""From words to readings and back: nothing gets lost on the way, and nothing unbelievable gets through."""

import math
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.decode import read_point, unread_point, words_of
from drivers.profile import Point
from drivers.reading import Quality, Reading

WORD = st.integers(0, 0xFFFF)
ORDERS = st.sampled_from(["big", "little"])
INTEGERS = {"u16": (0, 0xFFFF), "i16": (-0x8000, 0x7FFF), "u32": (0, 2**32 - 1), "i32": (-(2**31), 2**31 - 1)}


def point(**keys: Any) -> Point:
    return Point.model_validate(
        {"name": "it", "title": {"en": "it", "zh": "它"}, "table": "holding", "address": 0} | keys
    )


def only(made: list[Reading]) -> Reading:
    (reading,) = made
    return reading


def value_of(of: Point, words: list[int]) -> Any:
    reading = only(read_point(of, words))
    assert reading.quality is Quality.GOOD, reading
    return reading.value


@pytest.mark.parametrize(
    ("keys", "words", "value"),
    [
        ({"type": "u16"}, [0xFFFF], 65535),
        ({"type": "i16"}, [0xFF9B], -101),
        ({"type": "i16", "scale": 0.1}, [0xFF9B], -10.1),
        ({"type": "u32"}, [0x0001, 0x0002], 0x10002),
        ({"type": "u32", "word_order": "little"}, [0x0001, 0x0002], 0x20001),
        ({"type": "i32"}, [0xFFFF, 0xFFFE], -2),
        ({"type": "f32"}, [0x4000, 0x0000], 2.0),
        ({"type": "f32", "word_order": "little"}, [0x0000, 0x4000], 2.0),
        ({"type": "u16", "scale": "1/512"}, [51200], 100.0),
        ({"type": "u16", "scale": 0.1, "offset": -40}, [415], 1.5),
        ({"type": "bool", "bit": 9}, [0x0200], True),
        ({"type": "bool", "bit": 9}, [0xFDFF], False),
        ({"type": "bool", "table": "coil"}, [1], True),
        ({"type": "ascii", "length": 3}, [0x494F, 0x3820, 0x0000], "IO8"),
        ({"type": "hex", "length": 2}, [0x4056, 0x534F], "4056534f"),
        ({"type": "card", "length": 2}, [0x0A1B, 0x2C3D], "0A1B2C3D"),
        ({"type": "card", "length": 2}, [0, 0], ""),
        ({"type": "card", "length": 4, "low_bytes": True}, [0x0A, 0x1B, 0x2C, 0x3D], "0A1B2C3D"),
        ({"values": {0: False, 1: True}}, [1], True),
        ({"values": {16: "open", 17: "closed"}}, [17], "closed"),
        ({"type": "f32", "values": {0: "none", 2: "alarm"}, "tolerance": 0.01}, [0x3FFF, 0xFF00], "alarm"),
    ],
)
def test_words_say_what_the_datasheet_says(keys: dict[str, Any], words: list[int], value: Any) -> None:
    read = value_of(point(**keys), words)
    assert (read, type(read)) == (value, type(value))


@given(st.sampled_from(sorted(INTEGERS)), ORDERS, st.data())
def test_every_whole_number_survives_both_ways(kind: str, order: str, draw: st.DataObject) -> None:
    number = draw.draw(st.integers(*INTEGERS[kind]))
    it = point(type=kind, word_order=order)
    words = words_of(it, number)
    assert len(words) == it.width
    assert value_of(it, words) == number


@given(st.floats(width=32, allow_nan=False, allow_infinity=False), ORDERS)
def test_every_float_survives_both_ways(number: float, order: str) -> None:
    it = point(type="f32", word_order=order)
    words = words_of(it, number)
    assert words_of(it, value_of(it, words)) == words
    assert value_of(it, words) == pytest.approx(number, rel=1e-6)


@given(st.integers(-999999, 999999), st.sampled_from([1, 10, 1000]))
def test_a_float_says_what_somebody_put_in(number: int, divisor: int) -> None:
    it = point(type="f32")
    assert value_of(it, words_of(it, number / divisor)) == number / divisor


@given(WORD, st.sampled_from([0.1, 0.01, 0.001, "1/32", "1/512", 2, 10]), st.sampled_from([0, -40, 273.15]))
def test_every_register_survives_scale_and_offset(word: int, scale: Any, offset: float) -> None:
    it = point(scale=scale, offset=offset)
    assert words_of(it, value_of(it, [word])) == [word]


@given(WORD, st.integers(0, 15), st.booleans())
def test_a_bit_is_set_without_its_neighbours(word: int, bit: int, value: bool) -> None:
    it = point(type="bool", bit=bit)
    (after,) = words_of(it, value, [word])
    assert value_of(it, [after]) is value
    assert (after ^ word) & ~(1 << bit) == 0


@given(st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=12))
def test_letters_survive_both_ways(letters: str) -> None:
    it = point(type="ascii", length=6)
    assert value_of(it, words_of(it, letters)) == letters


@given(st.binary(min_size=8, max_size=8), ORDERS)
def test_bytes_survive_both_ways(content: bytes, order: str) -> None:
    it = point(type="hex", length=4, word_order=order)
    assert value_of(it, words_of(it, content.hex())) == content.hex()


@given(
    st.sampled_from(["u16", "i16", "u32", "i32", "f32"]),
    ORDERS,
    st.lists(WORD, min_size=2, max_size=2),
    st.sampled_from([{}, {"values": {0: False, 1: True}}, {"plausible": [-40, 80]}, {"invalid": [0, 65535]}]),
)
def test_whatever_a_device_says_becomes_one_reading(
    kind: str, order: str, words: list[int], more: dict[str, Any]
) -> None:
    reading = only(read_point(point(type=kind, word_order=order, **more), words))
    assert reading.point == "it"
    assert (reading.cause == "") == (reading.quality is Quality.GOOD)
    assert reading.value is not None or reading.quality is Quality.BAD


# --- what cannot be believed ------------------------------------------------------------------------


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_what_is_no_number_is_bad(number: float) -> None:
    words = list(struct.unpack(">2H", struct.pack(">f", number)))
    for keys in ({}, {"values": {0: "none"}}, {"plausible": [0, 1]}, {"invalid": [0]}):
        reading = only(read_point(point(type="f32", **keys), words))
        assert (reading.value, reading.quality) == (None, Quality.BAD)


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"invalid": [0xFFFF]}, [0xFFFF]),
        ({"type": "i16", "invalid": [-32768]}, [0x8000]),
        ({"type": "bool", "bit": 3, "invalid": [0xFFFF]}, [0xFFFF]),
        ({"values": {0: False, 1: True}}, [2]),
        ({"type": "f32", "values": {0: False, 2: True}, "tolerance": 0.01}, [0x3F80, 0]),
        ({"type": "f32", "values": {0: False, 2: True}, "tolerance": 0.01}, [0x4001, 0]),
    ],
)
def test_what_has_no_meaning_is_bad_and_says_why(keys: dict[str, Any], words: list[int]) -> None:
    reading = only(read_point(point(**keys), words))
    assert (reading.value, reading.quality) == (None, Quality.BAD)
    assert reading.cause


def test_what_is_not_plausible_is_shown_and_not_believed() -> None:
    it = point(type="i16", scale=0.1, plausible=[-40, 80])
    for raw, quality in ((-400, Quality.GOOD), (800, Quality.GOOD), (-401, Quality.UNCERTAIN)):
        reading = only(read_point(it, [raw & 0xFFFF]))
        assert (reading.value, reading.quality) == (raw / 10, quality)
    assert only(read_point(it, [801])).cause == "80.1 is not within -40 to 80"


def test_no_value_is_said_as_the_device_says_it() -> None:
    for keys in ({"invalid": [255]}, {"type": "f32"}, {"type": "i16", "invalid": [-1], "scale": 0.1}):
        it = point(**keys)
        assert only(read_point(it, words_of(it, None))).quality is Quality.BAD


# --- events -----------------------------------------------------------------------------------------

LAST = point(
    type="event",
    codes={0: {"clear": ["fire", "disabled"]}, 1: {"set": ["fire"]}, 7: {"set": ["disabled"]}},
)


def told(code: int) -> dict[str, Any]:
    return {reading.point: reading.value for reading in read_point(LAST, [code])}


def test_an_event_tells_only_what_it_sets_and_clears() -> None:
    assert told(1) == {"it/fire": True, "it/unknown": False}
    assert told(7) == {"it/disabled": True, "it/unknown": False}
    assert told(0) == {"it/fire": False, "it/disabled": False, "it/unknown": False}


def test_an_unknown_event_is_bad_until_a_known_one_comes_and_clears_nothing() -> None:
    unknown = only(read_point(LAST, [99]))
    assert (unknown.point, unknown.quality) == ("it/unknown", Quality.BAD)
    assert "99" in unknown.cause
    assert "it/unknown" in told(7)


def test_an_unread_point_is_bad_under_a_name_that_its_next_reading_has() -> None:
    assert unread_point(point(), "refused") == Reading("it", None, Quality.BAD, "refused")
    assert unread_point(LAST, "refused").point in told(0)


# --- what cannot be said ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("keys", "value"),
    [
        ({"type": "u16"}, 65536),
        ({"type": "u16"}, -1),
        ({"type": "i16", "scale": 0.1}, 3276.8),
        ({"type": "u16"}, True),
        ({"type": "u16"}, "ten"),
        ({"type": "u16"}, None),
        ({"type": "f32"}, 1e39),
        ({"type": "bool", "bit": 1}, 1),
        ({"type": "bool", "table": "coil"}, 1),
        ({"type": "bool", "table": "coil"}, None),
        ({"values": {0: False, 1: True}}, 1),
        ({"values": {0: 2400, 1: 4800}}, 9600),
        ({"values": {16: "open"}}, "opne"),
        ({"type": "ascii", "length": 1}, "IO8"),
        ({"type": "ascii", "length": 3}, 8),
        ({"type": "ascii", "length": 3}, "门"),
        ({"type": "hex", "length": 3}, "xyz"),
        ({"type": "event", "codes": {1: {"set": ["fire"]}}}, "flood"),
        ({"type": "event", "codes": {1: {"set": ["fire"]}}}, 2),
        ({"type": "event", "codes": {1: {"set": ["fire"]}}}, True),
    ],
)
def test_what_a_point_cannot_say_is_a_value_error(keys: dict[str, Any], value: Any) -> None:
    with pytest.raises(ValueError):
        words_of(point(**keys), value)
