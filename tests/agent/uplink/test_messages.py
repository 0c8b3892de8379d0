"""What goes over the wire is what the schemas and the page for platforms say."""

import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from agent.cli.schema import all_schemas
from agent.records import Instant, Lane, Record, Stored
from agent.uplink.envelope import CloudEvent, live_event, stored_event
from agent.uplink.messages import KEPT, PAYLOADS
from agent.uplink.topics import Topics
from tests.agent.uplink.bench import IDENTITY

ROOT = Path(__file__).parents[3]
SCHEMAS = {p.name.partition(".")[0]: p for p in sorted((ROOT / "docs/schema").glob("*.schema.json"))}
PAGE = (ROOT / "docs/mqtt.md").read_text()
EXAMPLES = [json.loads(block) for block in re.findall(r"^```json\n(.*?)^```", PAGE, re.S | re.M)]
AT = Instant(86412.3371, 1_792_809_123.5184, "estimated")


def channel_of(event: dict[str, Any]) -> str:
    return str(event["type"].split(".")[1])


def judge(event: dict[str, Any]) -> None:
    """By the model and, independently, by the schema that platforms read."""
    channel = channel_of(event)
    CloudEvent.model_validate(event)
    PAYLOADS[channel].model_validate(event["data"])
    schema = json.loads(SCHEMAS[channel].read_text())
    jsonschema.Draft202012Validator(schema).validate(event)


def stored(lane: Lane, data: dict[str, Any], sequence: int = 7) -> dict[str, Any]:
    record = Record(lane, lane.channel, "panic-gate", data, AT)
    event: dict[str, Any] = json.loads(stored_event(Stored(sequence, "store", "boot", record), "/campus/1/2/3"))
    return event


def test_the_files_in_docs_schema_are_those_of_the_models() -> None:
    fresh = all_schemas()
    assert set(fresh) == {p.name for p in SCHEMAS.values()}
    stale = [name for name, text in fresh.items() if (ROOT / "docs/schema" / name).read_text() != text]
    assert not stale, "make schema"


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_schema_is_a_schema(name: str) -> None:
    jsonschema.Draft202012Validator.check_schema(json.loads(SCHEMAS[name].read_text()))


REQUESTS = {  # at the control socket; they have dots too
    f"{room}.{what}"
    for room, does in {
        "drill": ("list", "press", "report", "start", "stop"),
        "hazard": ("add", "list", "show", "step"),
        "linkage": ("reset", "try"),
    }.items()
    for what in does
}
ONLY_WHEN_TRUE = {"alarm": {"drill", "test"}}


@pytest.mark.parametrize("example", EXAMPLES, ids=channel_of)
def test_every_example_on_the_page_is_true(example: dict[str, Any]) -> None:
    judge(example)


def test_the_page_has_an_example_of_every_channel() -> None:
    assert sorted(map(channel_of, EXAMPLES)) == sorted(PAYLOADS)


@pytest.mark.parametrize("channel", PAYLOADS)
def test_an_example_shows_every_field_of_its_payload(channel: str) -> None:
    (example,) = [e for e in EXAMPLES if channel_of(e) == channel]
    rare = ONLY_WHEN_TRUE.get(channel, set())
    assert set(example["data"]) == set(PAYLOADS[channel].model_fields) - rare
    assert not [name for name in rare if f"`{name}`:" not in PAGE]


def test_the_page_names_every_event_that_the_sources_can_send() -> None:
    sources = "\n".join(p.read_text() for p in (ROOT / "agent").rglob("*.py"))
    words = (
        "gateway|part|outbox|uplink|storage|config|command|sounder|people|test|drill|provision|hazard|linkage|unit"
    )
    sent = set(re.findall(rf'"((?:{words})\.[a-z_]+)"', sources)) - REQUESTS - {"outbox.sqlite", "unit.point"}
    assert sent
    assert not [event for event in sorted(sent) if f"`{event}`" not in PAGE and not _continued(event)]


def _continued(event: str) -> bool:
    """Named after another of its kind, as in `people.signed_on`, `.signed_off`."""
    kind, _, rest = event.partition(".")
    return any(f"`.{rest}`" in line for line in PAGE.splitlines() if line.startswith(f"| `{kind}."))


def test_extension_attributes_are_lower_case_alphanumerics_of_at_most_twenty_characters() -> None:
    assert all(re.fullmatch(r"[a-z0-9]{1,20}", name) for name in CloudEvent.model_fields)


def test_the_time_is_rfc_3339_in_utc_to_the_millisecond() -> None:
    time = stored(Lane.EVENT, {"event": "a.b", "text": ""})["time"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", time)
    assert abs(datetime.fromisoformat(time).timestamp() - AT.utc_s) < 0.001


@pytest.mark.parametrize("utc_s", [-5.0, 0.0, 1e300])
def test_a_clock_that_is_far_off_still_labels_an_alarm(utc_s: float) -> None:
    at = Instant(1.0, utc_s, "unknown")
    event = json.loads(live_event("status", "gateway", "/s", at, "boot", {}))
    assert datetime.fromisoformat(event["time"]).tzinfo is UTC


def test_sequences_sort_as_text_as_they_do_as_numbers() -> None:
    numbers = [1, 2, 9, 10, 99, 100, 2**40]
    texts = [stored(Lane.EVENT, {}, n)["sequence"] for n in numbers]
    assert texts == sorted(texts)
    assert [int(text) for text in texts] == numbers


def test_the_id_of_a_record_is_its_store_and_sequence_whatever_else_differs() -> None:
    assert stored(Lane.ALARM, {"a": 1})["id"] == stored(Lane.EVENT, {"b": 2})["id"] == "store-7"


def test_live_messages_have_ids_of_their_own_and_no_sequence() -> None:
    one = json.loads(live_event("state", "a", "/s", AT, "boot", {}))
    two = json.loads(live_event("state", "b", "/s", AT, "boot", {}))
    assert one["id"] != two["id"]
    assert "sequence" not in one


@pytest.mark.parametrize("channel", PAYLOADS)
def test_the_schema_wants_a_sequence_exactly_where_records_are_kept(channel: str) -> None:
    (example,) = [e for e in EXAMPLES if channel_of(e) == channel]
    turned = {**example, "sequence": "0" * 20}
    if channel in KEPT:
        turned = {k: v for k, v in example.items() if k != "sequence"}
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.Draft202012Validator(json.loads(SCHEMAS[channel].read_text())).validate(turned)


def test_an_unknown_field_is_a_mistake() -> None:
    (example,) = [e for e in EXAMPLES if channel_of(e) == "alarm"]
    schema = jsonschema.Draft202012Validator(json.loads(SCHEMAS["alarm"].read_text()))
    with pytest.raises(jsonschema.ValidationError):
        schema.validate({**example, "data": {**example["data"], "surprise": 1}})


def test_chinese_is_written_as_it_is() -> None:
    record = Record(Lane.EVENT, "event", "x", {"text": "南门“门卫室”🚨"}, AT)
    assert "南门“门卫室”🚨".encode() in stored_event(Stored(1, "s", "b", record), "/s").replace(b'\\"', b'"')


def test_topics_have_seven_segments() -> None:
    topics = Topics(IDENTITY)
    made = [
        topics.status,
        topics.heartbeat,
        topics.channel("state", "c"),
        *(topics.channel(name, "a") for name in PAYLOADS),
    ]
    assert all(len(topic.split("/")) == 7 for topic in made)
    assert all(topic.startswith("campus/v1/430102/s0001/gw-1/") for topic in made)


@pytest.mark.parametrize("channel", PAYLOADS)
def test_the_example_acl_lets_a_gateway_write_every_channel(channel: str) -> None:
    rules = (ROOT / "configs" / "broker" / "mosquitto-acl.example").read_text()
    assert f"/{channel}/+\n" in rules
