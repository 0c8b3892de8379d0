"""What the instruments write is read as they mean it."""

import json
from pathlib import Path

from bench.records import Exchange, Flip, Message, read_field, read_messages
from bench.reduce import hear, returns_s, until_reply
from bench.wire import Medium

LOG = """C 100 mark warm
Q 1000 3 -1 0 2 8 7 9000
F 2000 3 7 1
Q 20000 3 11000 1 2 8 0 0
C 30000 dead 3
C 40000 alive 3
Q 50000 3 11000 0 2 8 7 59000
"""
SECOND = 1_000_000_000


def written(directory: Path, text: str) -> Path:
    path = directory / "field.log"
    path.write_text(text)
    return path


def alarm(device: str, change: str, condition: str = "pressed") -> str:
    body = json.dumps({"data": {"condition": condition, "change": change}})
    return f"500 campus/v1/430102/43/gw/alarm/{device} {body}"


def test_the_fields_log_is_read(tmp_path: Path) -> None:
    log = read_field(written(tmp_path, LOG))
    assert log.flips == [Flip(2000, (3, 7), True)]
    assert log.exchanges[1] == Exchange(20000, 3, 11000, True, 2, 8, 0, 0)
    assert log.marks == [(100, "mark warm"), (30000, "dead 3"), (40000, "alive 3")]


def test_changes_are_read_from_every_subject_and_nothing_else() -> None:
    lines = [
        "100 bench/ready 1",
        "200 bench/3/7 1",
        alarm("u3-i7", "cleared"),
        alarm("u4-i15", "raised", "alarm"),
        alarm("u4-i15", "raised", "lost"),
        alarm("u4-i15", "acknowledged"),
        "600 campus/v1/430102/43/gw/state/u3-i7 {}",
    ]
    heard = [Message(200, (3, 7), True), Message(500, (3, 7), False), Message(500, (4, 15), True)]
    assert read_messages(lines) == heard


def test_the_reply_that_carries_a_change_is_the_first_whose_bits_were_taken_after_it(tmp_path: Path) -> None:
    medium = Medium(9600)
    reply_ns = int(7 * medium.character_s * SECOND)
    rows = [f"Q {at} 1 -1 0 2 8 7 {at + 20_000_000}" for at in (SECOND, 2 * SECOND)]
    just_too_late = SECOND + 20_000_000 - reply_ns + 1000
    log = read_field(written(tmp_path, "\n".join(["C 0 mark warm", *rows, f"F {just_too_late} 1 0 1"])))
    expected_s = (2 * SECOND + 20_000_000 - just_too_late) / SECOND
    assert until_reply(log, medium) == [expected_s]


def test_a_change_that_its_units_death_hid_counts_for_nobody(tmp_path: Path) -> None:
    rows = ["C 0 mark warm", "F 1000 3 7 1", "F 1000 4 7 1", "C 2000 dead 3"]
    heard = hear(read_field(written(tmp_path, "\n".join(rows))), [], Medium(9600))
    assert [change.unit for _, change in heard] == [4]


def test_a_return_lasts_until_the_unit_is_heard(tmp_path: Path) -> None:
    assert returns_s(read_field(written(tmp_path, LOG))) == [19e-6]
