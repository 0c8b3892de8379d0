"""A row that a worn-out card gives back is a record that can be sent, or damaged; it breaks off nobody."""

import json
from typing import Any

import pytest

from agent.outbox.batches import Numbered, pack_batch, unpack_batch, unpack_line
from agent.outbox.rows import pack, unpack
from agent.records import Instant, Lane, Record, Stored
from agent.uplink.envelope import stored_event

RECORD = Record(Lane.EVENT, "event", "gateway", {"n": [1, None, "三"]}, Instant(1.5, 2.5, "synchronised"))
ROW = (7, 1, "event", "gateway", pack(RECORD).text, "boot", 1.5, 2.5, "synchronised")
COLUMNS = ("sequence", "lane", "type", "subject", "data", "boot_id", "monotonic_s", "utc_s", "clock")
DAMAGE: list[tuple[str, Any]] = [
    ("lane", 3),
    ("type", b"event"),
    ("subject", b"gateway"),
    ("subject", ""),
    ("subject", "gate/way"),
    ("subject", "gate#"),
    ("subject", "gate\0"),
    ("data", b"{}"),
    ("data", "[1]"),
    ("data", '{"n": NaN}'),
    ("data", '{"n": -Infinity}'),
    ("data", '{"n": "\\ud83d"}'),
    ("data", '{"n": ' + "[" * 60 + "]" * 60 + "}"),
    ("data", "[" * 5000),
    ("boot_id", 5),
    ("monotonic_s", float("nan")),
    ("utc_s", float("inf")),
    ("utc_s", None),
    ("clock", "synchronized"),
]


def test_a_sound_row_is_the_record_that_it_was() -> None:
    assert unpack(ROW) == (7, "boot", RECORD)


@pytest.mark.parametrize(("column", "value"), DAMAGE)
def test_what_could_not_be_sent_is_damaged(column: str, value: Any) -> None:
    row = list(ROW)
    row[COLUMNS.index(column)] = value
    with pytest.raises((ValueError, TypeError)):
        unpack(row)


@pytest.mark.parametrize(
    "line", ["[" * 5000, "[1,2]", "{}", '[1,"telemetry","x",1,NaN,"unknown",{}]', '[1,"t","x",1,1,"unknown",[]]']
)
def test_a_line_of_a_batch_is_held_to_the_same(line: str) -> None:
    with pytest.raises((ValueError, TypeError)):
        unpack_line(line)


def test_large_telemetry_is_not_taken_for_deep() -> None:
    values = {f"p{n}": {"value": [n], "quality": "good"} for n in range(500)}
    record = Record(Lane.TELEMETRY, "telemetry", "server-room", {"values": values}, RECORD.at)
    (line,) = unpack_batch(pack_batch([Numbered(3, pack(record))]))
    number, found = unpack_line(line)
    assert (number, found) == (3, record)
    assert json.loads(stored_event(Stored(number, "s", "b", found), "/campus"))["data"]["values"] == values
