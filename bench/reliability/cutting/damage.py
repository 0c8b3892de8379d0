"""Damage that loses nothing by itself: a page of an index, which a salvage does not need."""

import contextlib
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import apsw

VERSIONS = slice(18, 20)  # of the header: which journal the file is made for
ROLLBACK = b"\x01\x01"


@dataclass(frozen=True, slots=True)
class Page:
    """Where it lies in the file."""

    offset: int
    size: int


def an_index_page(file: Path) -> Page | None:
    """The root of the first index, if the file has one yet. Where the log holds that page too, no harm is done."""
    if not file.exists():
        return None
    content = bytearray(file.read_bytes())
    content[VERSIONS] = ROLLBACK  # a database in memory has no log
    with closing(apsw.Connection(":memory:")) as database, contextlib.suppress(apsw.Error):
        database.deserialize("main", bytes(content))
        size = database.pragma("page_size")
        root = database.execute("SELECT rootpage FROM sqlite_master WHERE type='index' AND sql > ''").fetchone()
        return Page((root[0] - 1) * size, size) if root else None
    return None  # its beginning is in the log still
