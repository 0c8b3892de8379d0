"""What a platform may say: read, or refused in words, whatever the bytes are."""

import json
import time
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.session import Incoming
from agent.uplink.commands import (
    COMMANDS,
    MESSAGE_MOST,
    Acknowledge,
    Command,
    Confirm,
    Now,
    Refusal,
    Replay,
    command_schemas,
    joined,
    parse,
    spans_of,
)
from agent.uplink.orders import SEQUENCE_MOST

NOW = Now(1_790_000_000.0, "synchronised")
AT = "2026-09-21T14:13:20Z"  # the same moment
ACKNOWLEDGE = {"id": "1", "at": AT, "device": "panic-gate", "condition": "pressed", "person": "王建国"}
LONG, HUGE = [[n, n] for n in range(1, 1002)], [[1, int("9" * 200)]]
REPLAY = {"id": "1", "at": AT, "store": "s", "first": 1, "last": 3}


def said(name: str, body: Any, *, retain: bool = False, now: Now = NOW) -> Command | Refusal:
    payload = body if isinstance(body, bytes) else json.dumps(body).encode()
    return parse(Incoming(f"campus/v1/430102/s/g/command/{name}", payload, retain), now)


def why(answer: Command | Refusal) -> str:
    assert isinstance(answer, Refusal), answer
    return answer.why


def test_each_command_is_read() -> None:
    assert said("confirm", {"store": "s", "spans": [[1, 20], [22, 22]]}) == Confirm(
        store="s", spans=[(1, 20), (22, 22)]
    )
    assert isinstance(said("replay", REPLAY), Replay)
    read = said("acknowledge", ACKNOWLEDGE)
    assert isinstance(read, Acknowledge)
    assert (read.person, read.address, read.reason) == ("王建国", "", "")


@pytest.mark.parametrize(("name", "body"), [("replay", REPLAY), ("acknowledge", ACKNOWLEDGE)])
def test_what_is_read_is_what_the_schema_allows(name: str, body: dict[str, Any]) -> None:
    schema = command_schemas()[name]
    jsonschema.Draft202012Validator(schema).validate(body)
    for key in body:
        without = {k: v for k, v in body.items() if k != key}
        assert isinstance(said(name, without), Refusal)
        assert not jsonschema.Draft202012Validator(schema).is_valid(without)


def test_a_retained_command_is_refused_however_good_it_is() -> None:
    assert "never retained" in why(said("acknowledge", ACKNOWLEDGE, retain=True))


def test_an_unknown_name_is_answered_with_the_known_ones() -> None:
    assert "known: confirm, replay, acknowledge" in why(said("shutdown", {"id": "7"}))
    assert "did you mean replay?" in why(said("repaly", {"id": "7"}))
    answer = said("shutdown", {"id": "7"})
    assert isinstance(answer, Refusal)
    assert answer.id == "7", "so that its sender learns which it was"


@pytest.mark.parametrize(("age_s", "words"), [(301, "301 s ago"), (-301, "301 s in the future")])
def test_a_command_of_another_time_is_refused_while_the_clock_is_right(age_s: float, words: str) -> None:
    late = Now(NOW.utc_s + age_s, "synchronised")
    assert words in why(said("acknowledge", ACKNOWLEDGE, now=late))
    assert words in why(said("replay", REPLAY, now=late))


@pytest.mark.parametrize("now", [Now(NOW.utc_s + 299, "synchronised"), Now(0.0, "unknown"), Now(9e9, "estimated")])
def test_a_command_of_now_is_read_and_one_that_nobody_can_judge_too(now: Now) -> None:
    assert isinstance(said("acknowledge", ACKNOWLEDGE, now=now), Acknowledge)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe",
        b"[" * MESSAGE_MOST,
        b"null",
        b"1e999",
        {**ACKNOWLEDGE, "person": ""},
        {**ACKNOWLEDGE, "person": "x" * 101},
        {**ACKNOWLEDGE, "adress": "1.1.1"},
        {**ACKNOWLEDGE, "at": "2026-09-21T14:13:20"},
        {**ACKNOWLEDGE, "at": 1},
        {**ACKNOWLEDGE, "id": 5},
        {**ACKNOWLEDGE, "id": "x" * 65},
    ],
    ids=str,
)
def test_what_is_no_command_is_refused_in_words(body: Any) -> None:
    answer = said("acknowledge", body)
    assert isinstance(answer, Refusal)
    assert answer.why
    assert len(answer.why) < 500


@pytest.mark.parametrize(
    "spans",
    [
        [[0, 1]],
        [[-5, 2]],
        [[1, SEQUENCE_MOST + 1]],
        [["1", 2]],
        [[1.0, 2]],
        [[True, 2]],
        [[1]],
        [[1, 2, 3]],
        7,
        [[n, n] for n in range(1, 1002)],
        [[1, int("9" * 200)]],
    ],
    ids=lambda spans: str(spans)[:30],
)
def test_a_confirmation_of_nonsense_is_refused(spans: Any) -> None:
    assert isinstance(said("confirm", {"store": "s", "spans": spans}), Refusal)


def test_spans_that_run_backwards_name_nothing_and_neighbours_become_one() -> None:
    confirm = said(
        "confirm", {"store": "s", "spans": [[9, 3], [5, 6], [1, 2], [3, 3], [2, 2], [8, SEQUENCE_MOST]]}
    )
    assert isinstance(confirm, Confirm)
    assert joined(spans_of(confirm)) == [(1, 3), (5, 6), (8, SEQUENCE_MOST)]


def test_a_million_spans_cost_no_more_than_looking_at_their_length() -> None:
    huge = b'{"store": "s", "spans": [' + b"[1,2]," * 1_000_000 + b"[1,2]]}"
    began_s = time.perf_counter()
    assert "at most" in why(said("confirm", huge))
    assert time.perf_counter() - began_s < 0.1


@given(st.sampled_from([*COMMANDS, "x", ""]), st.binary(max_size=300), st.booleans())
def test_any_bytes_are_a_command_or_a_refusal(name: str, payload: bytes, retain: bool) -> None:
    answer = said(name, payload, retain=retain)
    assert isinstance(answer, Refusal | Confirm | Replay | Acknowledge)
    if isinstance(answer, Refusal):
        json.dumps([answer.name, answer.id, answer.why], ensure_ascii=False).encode()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=10,
)


@given(st.sampled_from([ACKNOWLEDGE, REPLAY]), st.data(), json_values)
def test_any_value_in_any_place_is_read_or_refused(body: dict[str, Any], data: st.DataObject, value: Any) -> None:
    changed = {**body, data.draw(st.sampled_from([*body, "another"])): value}
    name = "acknowledge" if "device" in body else "replay"
    answer = said(name, changed)
    assert isinstance(answer, Refusal | {"acknowledge": Acknowledge, "replay": Replay}[name])
    if isinstance(answer, Refusal):
        json.dumps([answer.name, answer.id, answer.why], ensure_ascii=False).encode()
