"""Targets in the state directory: rows, batches and alarm states as a worn-out card could give them back."""

import json
import zlib
from collections.abc import Iterator
from typing import Any

from agent.alarms.kinds import KINDS
from agent.alarms.memory import memory_from_json, memory_to_json, snapshot
from agent.alarms.model import ConditionState, DeviceMemory, Hold, Since
from agent.alarms.states import State
from agent.outbox.batches import Numbered, pack_batch, unpack_batch, unpack_line
from agent.outbox.rows import pack, unpack
from agent.records import Instant, Lane, Record, Stored
from agent.uplink.envelope import stored_event
from tests.fuzz.target import Target
from tests.site.school import demo_site

AT = Instant(86412.25, 1_793_000_000.0, "synchronised")
DATA = {
    "event": "gateway.started",
    "text": "the gateway has started",
    "fields": {"agent": "0.1.0", "n": [1, None]},
}
RECORD = Record(Lane.EVENT, "event", "gateway", DATA, AT)
FIELDS = 9
SEPARATOR = b"\0"
DEEP = b"[" * 2000  # deeper than Python's own stack


def _row(given: bytes) -> None:
    """Fields between zero bytes, each with the letter of its type in front; SQLite gives back any type."""
    fields = [_field(part) for part in given.split(SEPARATOR)]
    sequence, boot_id, record = unpack((fields + [None] * FIELDS)[:FIELDS])
    _sent(Stored(sequence, "store", boot_id, record))


def _sent(stored: Stored) -> None:
    """What could be read must not break off whoever sends it."""
    try:
        json.loads(stored_event(stored, "/campus/1/2/3"), parse_constant=_no_number)
    except Exception as error:
        raise AssertionError("read, and cannot be sent") from error


def _no_number(word: str) -> float:
    raise ValueError(word)


def _field(part: bytes) -> Any:
    text = part[1:].decode("utf-8", "replace")
    match part[:1]:
        case b"i":
            return int(text) if text.isdecimal() and len(text) < 19 else -1
        case b"f":
            return float(text)
        case b"b":
            return part[1:]
        case b"s":
            return text
    return None


def _rows() -> Iterator[bytes]:
    text = pack(RECORD).text
    for lane in Lane:
        fields = [
            "i7",
            f"i{lane:d}",
            "sevent",
            "sgateway",
            f"s{text}",
            "sboot",
            "f86412.25",
            "f1793000000",
            "ssynchronised",
        ]
        yield SEPARATOR.join(field.encode() for field in fields)
        deep = [field.encode() for field in fields]
        yield SEPARATOR.join([*deep[:4], b"s" + DEEP, *deep[5:]])


def _batch(given: bytes) -> None:
    for line in unpack_batch(given):
        number, record = unpack_line(line)
        _sent(Stored(number, "boot", "boot", record))


def _batches() -> Iterator[bytes]:
    yield pack_batch([Numbered(n, pack(RECORD)) for n in range(1, 4)])
    yield pack_batch([Numbered(1, pack(RECORD))])
    yield from _lines()  # which are a batch once they are sealed


def _line(given: bytes) -> None:
    number, record = unpack_line(given.decode("utf-8", "replace"))
    _sent(Stored(number, "boot", "boot", record))


def _lines() -> Iterator[bytes]:
    yield unpack_batch(next(_batches()))[0].encode()
    yield DEEP


def _state(given: bytes) -> None:
    """The first byte is the device, the rest what was kept of it; whatever it is, the gateway starts with it."""
    devices = demo_site().devices
    device = devices[given[0] % len(devices)] if given else devices[0]
    memory = memory_from_json(device, given[1:].decode("utf-8", "replace"), "boot")
    json.dumps(snapshot(device, memory))
    assert (
        memory_from_json(device, memory_to_json(memory, "boot"), "boot").conditions.keys()
        <= memory.conditions.keys()
    )


def _states() -> Iterator[bytes]:
    for number, device in enumerate(demo_site().devices):
        kept = {}
        for condition in KINDS[device.kind].conditions:
            hold = Hold("shelved", "检修", "王建国", AT.utc_s)
            since = Since(AT.utc_s, "synchronised", AT.monotonic_s)
            kept[condition] = ConditionState(State.UNACKNOWLEDGED, hold, since)
        yield bytes((number,)) + memory_to_json(DeviceMemory(kept), "boot").encode()
    yield b"\0" + DEEP


DAMAGED = (ValueError, TypeError)
TARGETS = (
    Target("stored_row", _row, _rows, errors=DAMAGED, longest=2500, share=4.0),
    Target("stored_batch", _batch, _batches, errors=DAMAGED, sealed=zlib.compress, longest=2500, share=4.0),
    Target("stored_line", _line, _lines, errors=DAMAGED, longest=2500, share=4.0),
    Target("stored_state", _state, _states, longest=2500, share=3.0),
)
