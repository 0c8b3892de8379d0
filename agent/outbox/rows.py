"""A record as a row: its JSON is made before it joins a transaction, so that it can spoil nobody else's."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, get_args

from agent.errors import StorageError
from agent.records import ClockState, Instant, Lane, Record, Stored

ROW_OVERHEAD = 96  # bytes of keys, index and cell headers, so that max_bytes is about the file's size
DEEPEST = 50  # no record of ours is nested half as deep
NO_SUBJECT = frozenset("/+#\0")  # a topic's segment
CLOCKS = get_args(ClockState)
COLUMNS = "sequence, lane, type, subject, data, boot_id, monotonic_s, utc_s, clock"


def _no_number(word: str) -> float:
    raise ValueError(f"{word} is no number of JSON")


_JSON = json.JSONDecoder(parse_constant=_no_number)


@dataclass(frozen=True, slots=True)
class Packed:
    """A record with its payload as text."""

    record: Record
    text: str

    def stored(self, sequence: int, series: str, boot_id: str, base: int = 0) -> Stored:
        """The record as it would be read back."""
        return Stored(sequence, series, boot_id, replace(self.record, data=json.loads(self.text)), base)

    @property
    def bytes(self) -> int:
        """What it costs on disk, about."""
        return len(self.text.encode()) + len(self.record.subject) + ROW_OVERHEAD


def pack(record: Record) -> Packed:
    """Make the record's JSON; raises StorageError when there is none.

    An alarm matters more than a number that is none (NaN) or a letter that is none (half a surrogate pair):
    these become null and a question mark.
    """
    try:
        text = json.dumps(_finite(record.data), ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except (TypeError, ValueError, RecursionError) as error:
        raise StorageError(f"a {record.type} of {record.subject} is no JSON: {error}") from error
    return Packed(record, text.encode("utf-8", "replace").decode())


def unpack(row: Sequence[Any]) -> tuple[int, str, Record]:
    """Sequence, boot id and record of a row; raises ValueError or TypeError when it was damaged."""
    sequence, lane, kind, subject, text, boot_id, monotonic_s, utc_s, clock = row
    at = Instant(float(monotonic_s), float(utc_s), clock)
    if not isinstance(boot_id, str):
        raise TypeError(boot_id)
    return int(sequence), boot_id, sendable(Record(Lane(lane), kind, subject, read_json(text), at))


def read_json(text: str) -> Any:
    """What a text says; raises ValueError or TypeError for what could not be written again as JSON."""
    if not isinstance(text, str):
        raise TypeError(text)
    try:
        found = _JSON.decode(text)
        if text.count("[") + text.count("{") > DEEPEST:
            _check_depth(found, DEEPEST)
    except RecursionError as error:
        raise ValueError("nested too deep") from error
    if "\\u" in text:  # half a surrogate pair is no letter, and can be written in this way only
        json.dumps(found, ensure_ascii=False).encode()
    return found


def sendable(record: Record) -> Record:
    """The same; raises ValueError when it was damaged, so that it cannot break off whoever sends it."""
    at, subject = record.at, record.subject
    words = (
        isinstance(record.type, str) and isinstance(subject, str) and subject and NO_SUBJECT.isdisjoint(subject)
    )
    moment = math.isfinite(at.monotonic_s) and math.isfinite(at.utc_s) and at.clock in CLOCKS
    if not (words and moment and isinstance(record.data, Mapping)):
        raise ValueError("damaged")
    return record


def _check_depth(value: Any, left: int) -> None:
    if not left:
        raise ValueError("nested too deep")
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    for one in inner:
        _check_depth(one, left - 1)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    return [_finite(inner) for inner in value] if isinstance(value, list | tuple) else value
