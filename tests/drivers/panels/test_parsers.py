"""The parsers as pure functions: any bytes, any chopping, any single fault."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.counters import UnitCounters
from drivers.panels import fuan_events, jbf_events, songjiang_lists
from drivers.panels.attendant import Parser
from drivers.panels.cutter import Cutter
from drivers.panels.notifier_lines import LONGEST, Printout
from drivers.panels.notifier_lines import readings_of as printed
from drivers.panels.texts import bcd, gbk, quwei, stamp, to_quwei
from drivers.reading import Quality, Reading
from tests.drivers.panels.transcript import FOLDER, content_of, read


@dataclass(frozen=True)
class Protocol:
    """A parser, what its frames mean, the most it may hold back, and whether a checksum guards it."""

    name: str
    parser: Callable[[UnitCounters], Parser[Any]]
    meaning: Callable[[Any], list[Reading]]
    longest: int
    guarded: bool = True

    def spoken(self) -> list[bytes]:
        """What the panel says in its transcripts, whole or not."""
        files = sorted(FOLDER.glob(f"{self.name}*.txt"))
        return [content_of(step) for file in files for step in read(file) if step.mark == "<<"]

    def sound(self) -> list[bytes]:
        """The whole frames of these."""
        return [content for content in self.spoken() if heard(self, [content]) == [content]]


def cutter(start: int, measure: Any) -> Callable[[UnitCounters], Parser[bytes]]:
    return lambda counters: Cutter(start, measure, counters)


PROTOCOLS = (
    Protocol("notifier_nfs", Printout, printed, 2 * LONGEST, guarded=False),
    Protocol(
        "jbf_193k",
        cutter(jbf_events.START, jbf_events.measure),
        lambda frame: jbf_events.readings_of(jbf_events.event_of(frame)),
        2 + 2 * jbf_events.EXTENDED,
    ),
    Protocol(
        "songjiang_jb3208",
        cutter(songjiang_lists.START, songjiang_lists.measure),
        lambda frame: (
            songjiang_lists.Lists().readings(songjiang_lists.letter_of(frame))
            if frame[2] not in (100, 103, 104, 203, 204)
            else []
        ),
        songjiang_lists.HEAD + songjiang_lists.LONGEST_BODY + songjiang_lists.TAIL,
    ),
    Protocol(
        "fuan_fs5101w",
        cutter(fuan_events.START, fuan_events.measure),
        lambda frame: (
            fuan_events.readings_of(fuan_events.Broadcast(frame[3], frame[4:-2]))
            if frame[3] not in (fuan_events.POLL, fuan_events.TIME)
            else []
        ),
        260,
    ),
)
each = pytest.mark.parametrize("protocol", PROTOCOLS, ids=lambda protocol: protocol.name)
guarded = pytest.mark.parametrize(
    "protocol", [p for p in PROTOCOLS if p.guarded], ids=lambda protocol: protocol.name
)


def heard(protocol: Protocol, chunks: Iterable[bytes], counters: UnitCounters | None = None) -> list[Any]:
    """All frames of these chunks, after a pause at their end."""
    parser = protocol.parser(counters or UnitCounters())
    frames = [frame for chunk in chunks for frame in parser.feed(chunk)]
    return frames + parser.pause()


def chopped(whole: bytes, cuts: Iterable[int]) -> list[bytes]:
    """The same bytes in pieces."""
    at = sorted({cut % (len(whole) + 1) for cut in cuts} | {0, len(whole)})
    return [whole[a:b] for a, b in pairwise(at)]


NASTY = st.binary(max_size=300) | st.lists(
    st.sampled_from((0x82, 0x83, 0x30, 0x3F, 0xFE, 0xFF, 0x6E, 0x01, 0x00, 0xF0, 0xA5, 0x14, 0x0D, 0x0A, 0x41))
).map(bytes)


@each
@given(noise=NASTY, cuts=st.lists(st.integers(0, 300), max_size=6))
def test_any_bytes_are_taken_without_an_error_and_memory_is_bounded(
    protocol: Protocol, noise: bytes, cuts: list[int]
) -> None:
    parser = protocol.parser(UnitCounters())
    for chunk in chopped(noise * 3, cuts):
        for frame in parser.feed(chunk):
            protocol.meaning(frame)
    parser.pause()
    assert not parser.pending


@each
def test_an_endless_beginning_is_not_kept(protocol: Protocol) -> None:
    parser = protocol.parser(UnitCounters())
    for start in (b"\x82", b"\xfe", b"\xf0", b"A", b"\x82\x30", b"\xfe\x01\x67\x00\x1f", b"\xf0\x01\xff\xac"):
        for _ in range(20_000 // len(start)):
            parser.feed(start)
        held = [value for value in vars(parser).values() if isinstance(value, bytes | str)]
        assert sum(len(value) for value in held) <= protocol.longest


@each
@given(cuts=st.lists(st.integers(0, 5000), max_size=40))
def test_however_a_conversation_is_chopped_it_says_the_same(protocol: Protocol, cuts: list[int]) -> None:
    whole = b"".join(protocol.spoken())
    once, pieces = UnitCounters(), UnitCounters()
    assert heard(protocol, [whole], once) == heard(protocol, chopped(whole, cuts), pieces)
    assert once.faults == pieces.faults


@guarded
@given(noise=NASTY.filter(lambda noise: len(noise) < 60), data=st.data())
def test_frames_after_noise_are_found_once_the_line_has_paused(
    protocol: Protocol, noise: bytes, data: st.DataObject
) -> None:
    frame = data.draw(st.sampled_from(protocol.sound()))
    counters = UnitCounters()
    assert heard(protocol, [noise, frame], counters)[-1:] == [frame]
    assert (sum(counters.faults.values()) > 0) or not noise or noise in (frame, frame * 2)


@guarded
def test_a_frame_with_one_wrong_byte_is_never_believed(protocol: Protocol) -> None:
    for frame in protocol.sound():
        for at in range(len(frame)):
            for flip in (0x01, 0x02, 0x04, 0x08, 0x10, 0x20, 0x40, 0x80, 0xFF, 0x03, 0x18):
                spoiled = bytearray(frame)
                spoiled[at] ^= flip
                counters = UnitCounters()
                assert heard(protocol, [bytes(spoiled)], counters) == []
                assert counters.faults


@guarded
@given(data=st.data())
def test_a_frame_that_breaks_off_or_lost_bytes_is_never_believed(protocol: Protocol, data: st.DataObject) -> None:
    frame = data.draw(st.sampled_from(protocol.sound()))
    first = data.draw(st.integers(0, len(frame) - 1))
    last = data.draw(st.integers(first + 1, len(frame)))
    broken = frame[:first] + frame[last:]
    assert [f for f in heard(protocol, [broken]) if len(f) >= len(broken)] == []


def test_the_faults_have_the_names_of_the_counters() -> None:
    counters = UnitCounters()
    poll = fuan_events.wrap(1, b"\xa2")
    parser = Cutter(fuan_events.START, fuan_events.measure, counters)
    assert parser.feed(b"noise" + poll + poll[:-1] + b"\0" + poll + poll[:3]) == [poll, poll]
    assert parser.pending
    assert parser.pause() == []
    assert counters.faults == {"crc": 1, "garbage": 1, "short": 1}


def test_a_whole_frame_inside_half_a_frame_is_found_after_the_pause() -> None:
    half = songjiang_lists.wrap(1, 110, bytes((255, 0)) + bytes(255 * 32))[:300]
    poll = songjiang_lists.wrap(1, 100, b"\x64")
    parser = Cutter(songjiang_lists.START, songjiang_lists.measure, UnitCounters())
    assert parser.feed(half + poll) == []
    assert parser.pause() == [poll]


@pytest.mark.parametrize("wrong", [(2, 0xFF), (2, 0x28), (2, 0), (0, 0xF0)])
def test_a_wrong_length_does_not_hide_the_polls_behind_it(wrong: tuple[int, int]) -> None:
    poll = fuan_events.wrap(1, b"\xa2")
    at, byte = wrong
    spoiled = poll[:at] + bytes((byte,)) + poll[at + 1 :]
    heard_at_once = Cutter(fuan_events.START, fuan_events.measure, UnitCounters()).feed(spoiled + poll)
    assert heard_at_once[-1:] == [poll]


@pytest.mark.parametrize("size", [1, 300, 319, 320, 321, 1000])
def test_a_line_without_end_is_told_in_parts_and_nothing_of_it_is_lost(size: int) -> None:
    line = "".join(chr(65 + n % 26) for n in range(size))
    for chunks in ([line.encode()], [bytes((byte,)) for byte in line.encode()]):
        printout = Printout(UnitCounters())
        events = [event for chunk in chunks for event in printout.feed(chunk)] + printout.pause()
        assert "".join(events) == line
        assert all(reading.quality is Quality.BAD for event in events for reading in printed(event))


# --- meaning ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", range(256))
def test_no_jbf_code_is_dropped_or_made_an_alarm_of(code: int) -> None:
    event = jbf_events.CardEvent(code, 1, 3, 30, 3, "")
    readings = jbf_events.readings_of(event)
    known = code in jbf_events.EVENTS or code in jbf_events.QUIET or code == jbf_events.RESET_EVENT
    special = {0x70, 0x71, 0x72, 0xFA, 0xFB, 0xFC}
    assert bool(readings) == (code not in jbf_events.QUIET)
    if not known and code not in special:
        assert [(r.point, r.quality) for r in readings] == [("1.3.30/unknown", Quality.BAD)]


def test_every_jbf_end_has_a_beginning_at_the_same_address() -> None:
    """An end that names another address would leave an alarm for ever."""

    def points(codes: Iterable[tuple[int, int, int]]) -> set[tuple[str, bool]]:
        events = (jbf_events.CardEvent(code, 1, loop, 5, kind, "") for code, loop, kind in codes)
        return {(r.point, bool(r.value)) for e in events for r in jbf_events.readings_of(e) if r.point[0] != "*"}

    for family in (range(0x50, 0x60), range(0x80, 0x99), [0x70], [0x71], [0x72], [0xFA], [0xFB], [0xFC]):
        said = points((code, loop, kind) for code in family for loop in (3, 0x80, 0x90, *range(1, 15))
                      for kind in range(0, 256, 16))  # fmt: skip
        ends = {point for point, active in said if not active}
        assert ends
        assert ends <= {point for point, active in said if active}


def test_a_negative_temperature_is_one() -> None:
    extension = bytes((0x13, 1, *(0x8000 | 123).to_bytes(2, "little")))
    (reading,) = jbf_events.readings_of(jbf_events.CardEvent(0xFC, 1, 3, 30, 0xFF, "", extension))
    assert reading.text == "电气火灾报警 1通道 温度 -12.3 °C"


@pytest.mark.parametrize("state", range(256))
def test_no_fuan_state_is_dropped_or_made_an_alarm_of(state: int) -> None:
    content = bytes((0xC6, 1, state, 1, 7, 17, 9, 15, 15, 17, 43, 3, 31, 0, 0, 0, 0, 0, 0))
    readings = fuan_events.readings_of(fuan_events.Broadcast(fuan_events.EVENT, content))
    if state in fuan_events.STATES:
        assert readings[0].point.startswith("7.3.31/")
    elif state != fuan_events.TO_AUTOMATIC:
        assert [(r.point, r.quality) for r in readings] == [("7.3.31/unknown", Quality.BAD)]


@pytest.mark.parametrize("state", sorted(fuan_events.RESETS))
def test_a_fuan_panel_that_was_reset_or_switched_on_has_latched_nothing(state: int) -> None:
    content = bytes((0xC6, fuan_events.PANEL, state, 1, 7, *[0] * 14))
    assert fuan_events.readings_of(fuan_events.Broadcast(fuan_events.EVENT, content)) == [Reading("*/*", False)]


def test_a_fuan_fire_is_not_ended_by_a_state_that_says_normal() -> None:
    content = bytes((0xC3, 1, 0, 1, 7, 17, 9, 15, 15, 17, 43, 3, 31, 0, 0, 0, 0, 0, 0))
    (reading,) = fuan_events.readings_of(fuan_events.Broadcast(fuan_events.EVENT, content))
    assert reading.quality is Quality.BAD


def test_a_printed_address_cannot_be_mistaken_for_a_pattern() -> None:
    (reading,) = printed("TROUBL IN SYSTEM   */fire * ALL/*   11:29A 021526 Sun")
    assert reading.point == "panel.fire-ALL/fault"


# --- lists --------------------------------------------------------------------------------------------


def entry(loop: int, point: int) -> bytes:
    return bytes((1, loop, point, 0, 0, 0, 1, 0x10, 1, 0x20, 0x14, 0x57)) + b"\xff" * 20


def letter(code: int, *entries: bytes, asked: bool) -> songjiang_lists.Letter:
    return songjiang_lists.Letter(1, code, len(entries).to_bytes(2, "little") + b"".join(entries), asked)


def said(readings: list[Reading]) -> list[tuple[str, Any]]:
    return [(reading.point, reading.value) for reading in readings]


def test_only_a_list_that_was_asked_for_tells_what_is_over() -> None:
    lists = songjiang_lists.Lists()
    assert said(lists.readings(letter(111, entry(3, 1), asked=False))) == [("1.3.1/fault", True)]
    assert said(lists.readings(letter(111, entry(3, 2), asked=True))) == [
        ("*/fault", False),
        ("1.3.2/fault", True),
    ]


def test_a_list_of_fires_ends_fires_only_when_it_is_empty() -> None:
    lists = songjiang_lists.Lists()
    assert said(lists.readings(letter(110, entry(3, 2), asked=True))) == [("1.3.2/fire", True)]
    assert said(lists.readings(letter(110, asked=True))) == [("*/fire", False)]


def test_what_has_started_is_not_over_while_its_feedback_is_there() -> None:
    lists = songjiang_lists.Lists()
    lists.readings(letter(112, entry(5, 1), asked=True))
    assert said(lists.readings(letter(113, entry(5, 1), asked=True))) == [
        ("*/activated", False),
        ("1.5.1/activated", True),
        ("1.5.1/activated", True),
    ]
    assert said(lists.readings(letter(112, asked=True))) == [("*/activated", False), ("1.5.1/activated", True)]
    assert said(lists.readings(letter(113, asked=True))) == [("*/activated", False)]


def test_what_was_listed_before_a_reset_does_not_come_back_after_it() -> None:
    lists = songjiang_lists.Lists()
    lists.readings(letter(112, asked=True))
    lists.readings(letter(113, entry(5, 1), asked=True))
    assert said(lists.readings(songjiang_lists.Letter(1, 0, b"\0"))) == [("*/*", False)]
    assert lists.readings(letter(112, asked=True)) == []
    assert said(lists.readings(letter(113, asked=True))) == [("*/activated", False)]


def test_a_full_list_may_be_a_part_and_ends_nothing() -> None:
    many = [entry(3, point) for point in range(255)]
    readings = songjiang_lists.Lists().readings(letter(111, *many, asked=True))
    assert len(readings) == 255
    assert all(reading.value for reading in readings)


# --- texts --------------------------------------------------------------------------------------------


def test_rows_and_cells_become_characters_and_fillers_nothing() -> None:
    assert quwei(bytes.fromhex("28 5D 22 05 16 0B FF FF FF FF")) == "三楼东"
    assert quwei(bytes(20)) == ""
    assert quwei("三楼".encode("gbk") + b"\xff\xff") == "三楼"
    assert quwei(to_quwei("图书馆二层走廊", 20)) == "图书馆二层走廊"
    assert gbk("火警".encode("gbk") + b" A1") == "火警 A1"


def test_a_time_that_no_calendar_knows_is_not_said() -> None:
    assert stamp(10, 1, 20, 14, 57) == "2010-01-20 14:57"
    assert stamp(0, 0, 0, 0, 0, 0) == stamp(10, 13, 1, 0, 0) == stamp(10, 1, 20, 24, 0) == ""
    assert [bcd(0x59), bcd(0x1A), bcd(0xA0)] == [59, -1, -1]
