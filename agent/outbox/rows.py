"""A record as a row: its JSON is made before it joins a transaction, so that it can spoil nobody else's."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agent.errors import StorageError
from agent.records import Instant, Lane, Record, Stored

ROW_OVERHEAD = 96  # bytes of keys, index and cell headers, so that max_bytes is about the file's size
COLUMNS = "sequence, lane, type, subject, data, boot_id, monotonic_s, utc_s, clock"


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
    return int(sequence), boot_id, Record(Lane(lane), kind, subject, json.loads(text), at)


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {key: _finite(inner) for key, inner in value.items()}
    return [_finite(inner) for inner in value] if isinstance(value, list | tuple) else value
