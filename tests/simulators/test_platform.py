"""The reference platform believes each record once, finds every gap, and does not depend on order."""

import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.records import Instant, Lane, Record, Stored
from agent.uplink.envelope import live_event, stored_event
from agent.uplink.messages import HeartbeatData, LaneShown
from simulators.platform import AlarmKey, Gap, Platform, Unreadable, open_books
from simulators.platform_sequences import Sequences

PREFIX = "campus/v1/430102/4301020001/gw-demo"
SOURCE = "/campus/430102/4301020001/gw-demo"
KEY = AlarmKey(SOURCE, "panic-gate", "pressed")


def alarm(state: str, active: bool) -> dict[str, Any]:
    return {
        "device": "panic-gate",
        "kind": "one_key_alarm",
        "name": "门卫室一键报警",
        "location": "南门门卫室",
        "condition": "pressed",
        "change": "raised" if active else "cleared",
        "state": state,
        "active": active,
        "priority": 1,
    }


def record(sequence: int, store: str = "store1") -> tuple[str, bytes]:
    """The topic and payload of a stored alarm; odd sequences raise, even ones clear."""
    raised = sequence % 2 == 1
    data = alarm("unacknowledged" if raised else "latched_unacknowledged", raised)
    at = Instant(float(sequence), 1_700_000_000.0 - sequence, "unknown")
    stored = Stored(sequence, store, "boot1", Record(Lane.ALARM, "alarm", "panic-gate", data, at))
    return f"{PREFIX}/alarm/panic-gate", stored_event(stored, SOURCE)


def measured(sequence: int, boot: str = "boot1") -> tuple[str, bytes]:
    data = {"device": "room", "kind": "environment", "name": "机房", "location": "三层", "values": {}}
    at = Instant(float(sequence), 1_700_000_000.0, "synchronised")
    stored = Stored(sequence, boot, boot, Record(Lane.TELEMETRY, "telemetry", "room", data, at))
    return f"{PREFIX}/telemetry/room", stored_event(stored, SOURCE)


def dropped(sequence: int, boot: str, first: int, last: int) -> tuple[str, bytes]:
    fields = {"lane": "telemetry", "count": last - first + 1, "series": boot, "first": first, "last": last}
    data = {"event": "outbox.dropped", "text": "", "fields": fields}
    at = Instant(1.0, 1_700_000_000.0, "synchronised")
    stored = Stored(sequence, "store1", boot, Record(Lane.EVENT, "event", "outbox", data, at))
    return f"{PREFIX}/event/outbox", stored_event(stored, SOURCE)


def status(online: bool, monotonic_s: float, boot: str = "boot1") -> tuple[str, bytes]:
    data = {"online": online, "reason": "connected" if online else "lost", "gateway": "gw-demo", "name": "示例"}
    at = Instant(monotonic_s, 1_700_000_000.0, "synchronised")
    return f"{PREFIX}/status/gateway", live_event("status", "gateway", SOURCE, at, boot, data)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_any_order_with_any_repeats_gives_the_same_result(choose: st.DataObject) -> None:
    count = choose.draw(st.integers(1, 12))
    repeats = choose.draw(st.lists(st.integers(1, count), max_size=12))
    order = choose.draw(st.permutations([*range(1, count + 1), *repeats]))
    platform = Platform()
    for at_s, sequence in enumerate(order):
        platform.take(*record(sequence), float(at_s))
    assert platform.records("store1") == count
    assert platform.duplicates == len(repeats)
    assert platform.gaps() == []
    assert platform.alarms[KEY].active == (count % 2 == 1)


@settings(max_examples=200, deadline=None)
@given(st.sets(st.integers(1, 60), min_size=1), st.randoms(use_true_random=False))
def test_exactly_what_has_not_arrived_is_missing(arrived: set[int], dice: random.Random) -> None:
    seen = Sequences()
    order = list(arrived)
    dice.shuffle(order)
    assert all(seen.add(number) for number in order)
    assert not any(seen.add(number) for number in order)
    gaps = {n for first, last in seen.missing(1) for n in range(first, last + 1)}
    assert gaps == set(range(1, max(arrived))) - arrived
    assert seen.count == len(arrived)


def test_a_gap_is_found_and_closes_when_the_record_comes() -> None:
    platform = Platform()
    for sequence in (1, 2, 5, 6):
        platform.take(*record(sequence), 0.0)
    assert platform.gaps() == [Gap("store1", 3, 4)]
    for sequence in (4, 3):
        platform.take(*record(sequence), 1.0)
    assert platform.gaps() == []


def test_who_comes_later_does_not_miss_what_was_before() -> None:
    platform = Platform()
    for sequence in (100, 102):
        platform.take(*record(sequence), 0.0)
    assert platform.gaps(first=None) == [Gap("store1", 101, 101)]
    assert platform.gaps() == [Gap("store1", 1, 99), Gap("store1", 101, 101)]


def test_a_gap_in_the_telemetry_of_a_boot_is_lost_for_good_unless_the_gateway_tells_of_it() -> None:
    platform = Platform()
    for sequence in (1, 2, 5, 9):
        platform.take(*measured(sequence), 0.0)
    assert platform.gaps() == [], "nobody can send it again"
    assert platform.telemetry_gaps() == [Gap("boot1", 3, 4), Gap("boot1", 6, 8)]
    platform.take(*dropped(1, "boot1", 2, 4), 0.0)
    platform.take(*dropped(2, "boot2", 6, 8), 0.0)
    assert platform.telemetry_gaps() == [Gap("boot1", 6, 8)]


@settings(max_examples=200, deadline=None)
@given(st.lists(st.tuples(st.integers(1, 40), st.integers(0, 9))))
def test_spans_are_the_numbers_in_them(spans: list[tuple[int, int]]) -> None:
    by_span, one_by_one = Sequences(), Sequences()
    for first, more in spans:
        by_span.add_span(first, first + more)
        for number in range(first, first + more + 1):
            one_by_one.add(number)
    assert by_span.spans == one_by_one.spans
    assert by_span.count == one_by_one.count


@pytest.mark.parametrize(("depth", "wrong"), [(1, 0), (2, 1)])
def test_books_that_do_not_close_are_named(depth: int, wrong: int) -> None:
    lane = {"depth": depth, "oldest_age_s": None, "accepted": 9, "confirmed": 5, "dropped": 3}
    beat = HeartbeatData.model_construct(outbox={"alarm": LaneShown(**lane)})  # type: ignore[arg-type]
    assert len(open_books(beat)) == wrong


def test_a_new_store_begins_to_count_anew_and_has_the_last_word() -> None:
    platform = Platform()
    platform.take(*record(7), 0.0)
    platform.take(*record(2, store="store2"), 1.0)
    platform.take(*record(5), 2.0)
    assert platform.stores == ["store1", "store2"]
    assert platform.alarms[KEY].active is False


def test_a_record_that_comes_twice_says_so_and_keeps_its_sequence() -> None:
    platform = Platform()
    first, second = platform.take(*record(1), 0.0), platform.take(*record(1), 5.0)
    assert (first.duplicate, second.duplicate) == (False, True)
    assert second.sequence == 1


def test_a_will_has_the_last_word_though_it_was_written_before_the_birth() -> None:
    platform = Platform()
    will = status(False, 10.0)
    platform.take(*status(True, 11.0), 0.0)
    assert platform.statuses[SOURCE].online is True
    platform.take(*will, 60.0)
    assert platform.statuses[SOURCE].online is False


def test_the_same_retained_message_again_is_a_duplicate() -> None:
    platform = Platform()
    message = status(True, 11.0)
    platform.take(*message, 0.0)
    assert platform.take(*message, 1.0).duplicate


def test_what_was_cleared_may_stand_there_again_and_a_clearing_of_nothing_is_nothing() -> None:
    platform = Platform()
    topic, payload = status(True, 11.0)
    platform.clear(topic)
    platform.take(topic, payload, 0.0)
    platform.clear(topic)
    assert not platform.take(topic, payload, 1.0).duplicate


@pytest.mark.parametrize(
    ("topic", "change"),
    [
        (f"{PREFIX}/alarm/panic-gate/more", {}),
        (f"{PREFIX}/nonsense/panic-gate", {}),
        (f"{PREFIX}/alarm/another", {}),
        (f"{PREFIX}/event/panic-gate", {}),
        (f"{PREFIX}/alarm/panic-gate", {"sequence": "00000000000000000009"}),
        (f"{PREFIX}/alarm/panic-gate", {"sequence": None}),
        (f"{PREFIX}/alarm/panic-gate", {"type": "campusgw.event.v1"}),
        (f"{PREFIX}/alarm/panic-gate", {"source": "/campus/430102/4301020001/gw-other"}),
        (f"{PREFIX}/alarm/panic-gate", {"data": {"device": "panic-gate"}}),
        (f"{PREFIX}/alarm/panic-gate", {"surprise": 1}),
    ],
)
def test_a_message_against_the_contract_is_set_aside_and_changes_nothing(
    topic: str, change: dict[str, Any]
) -> None:
    platform = Platform()
    _, good = record(1)
    payload = json.dumps({**json.loads(good), **change}).encode()
    with pytest.raises(Unreadable):
        platform.take(topic, payload, 0.0)
    assert platform.alarms == {}
    assert platform.stores == []


def test_bytes_that_are_no_json_are_set_aside() -> None:
    with pytest.raises(Unreadable):
        Platform().take(f"{PREFIX}/alarm/panic-gate", b"\xff\xfe", 0.0)
