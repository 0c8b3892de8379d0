"""Bugs planted into the store: each breaks one ordering on which "nothing is lost" rests."""

import asyncio
import contextlib
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest.mock import patch

from agent.outbox import opening, room, store, takeover
from agent.outbox.batches import Batches, Header
from agent.outbox.ledger import Ledger
from agent.outbox.outbox import Outbox
from agent.outbox.room import Bounds
from agent.outbox.store import Store
from agent.outbox.turn import Turn
from agent.outbox.window import Window
from agent.outbox.writing import Writing
from agent.records import Instant, Lane, Record, Stored


@contextlib.contextmanager
def fsync_is_left_out() -> Iterator[None]:
    """Accepted is what the operating system has heard of."""
    connect = opening.connect

    def careless(file: Path) -> sqlite3.Connection:
        database = connect(file)
        database.execute("PRAGMA synchronous=OFF")
        return database

    with patch.object(opening, "connect", careless):
        yield


@contextlib.contextmanager
def accepted_before_it_is_written() -> Iterator[None]:
    """An append returns while its transaction is still to come."""
    append = Outbox.append
    running: set[asyncio.Task[list[int]]] = set()

    async def hasty(self: Outbox, records: Sequence[Record], states: Mapping[str, str]) -> list[int]:
        waiting = sum(len(wish.rows) for wish in self._pending.next.wishes)
        writing = len(self._pending.writing.rows) if self._pending.writing else 0
        first = self._keeper.ledger.last + writing + waiting + 1
        running.add(asyncio.get_running_loop().create_task(append(self, records, states)))
        await asyncio.sleep(0)
        return list(range(first, first + len(records)))

    with patch.object(Outbox, "append", hasty):
        yield


@contextlib.contextmanager
def state_is_stored_before_its_record() -> Iterator[None]:
    """Two transactions: a cut in between leaves an alarm state that nobody was told of."""
    write = Store.write

    def apart(self: Store, turn: Turn) -> Ledger:
        if turn.rows and turn.states:
            write(self, Turn(turn.boot_id, states=turn.states))
        return write(self, replace(turn, states={}))

    with patch.object(Store, "write", apart):
        yield


@contextlib.contextmanager
def telemetry_stays_in_memory() -> Iterator[None]:
    """Its window never ends."""
    with patch.object(Window, "due_s", property(lambda _self: None)):
        yield


@contextlib.contextmanager
def telemetry_goes_first() -> Iterator[None]:
    """The newest alarm waits behind the backlog."""
    following = Outbox.next

    async def upside_down(self: Outbox, after: Mapping[Lane, int], limit: int) -> list[Stored]:
        return sorted(await following(self, after, limit), key=lambda stored: -stored.record.lane)

    with patch.object(Outbox, "next", upside_down):
        yield


@contextlib.contextmanager
def a_sequence_of_another_store_confirms() -> Iterator[None]:
    """Only the number is looked at."""
    confirm = Outbox.confirm

    async def lax(self: Outbox, stored: Iterable[Stored]) -> None:
        await confirm(self, [replace(one, series=self.store_id) for one in stored])

    with patch.object(Outbox, "confirm", lax):
        yield


@contextlib.contextmanager
def a_drop_is_not_told() -> Iterator[None]:
    """What did not fit is gone without a word."""
    with patch.object(Writing, "tell_dropped", lambda *_, **__: None):
        yield


@contextlib.contextmanager
def alarms_are_dropped_first() -> Iterator[None]:
    """When full, the oldest goes, whatever it is."""
    make_room = store.make_room

    def careless(writing: Writing, batches: Batches, bounds: Bounds, at: Instant) -> list[Header]:
        if (over := writing.ledger.bytes - bounds.max_bytes) > 0:
            room._drop_rows(writing, Lane.ALARM, over, at)
        return make_room(writing, batches, bounds, at)

    with patch.object(store, "make_room", careless):
        yield


@contextlib.contextmanager
def salvage_is_skipped() -> Iterator[None]:
    """A damaged store is set aside, and that is that."""
    with patch.object(takeover.salvage, "waiting_records", lambda _before: iter(())):
        yield


@contextlib.contextmanager
def the_damaged_one_steps_aside_before_the_new_one_is_whole() -> Iterator[None]:
    """A cut in between leaves a new store that nobody fills any more."""
    begin_anew = opening._begin_anew

    def early(file: Path, before: Any, states: Mapping[str, str], why: str) -> None:
        begin_anew(file, None, states, why)
        opening._change_places(file, "damaged")
        opening._flush_names(file.parent)
        begin_anew(file, before, states, why)

    with patch.object(opening, "_begin_anew", early):
        yield


@contextlib.contextmanager
def set_aside_is_not_told() -> Iterator[None]:
    """A new store, and nobody hears what became of the old one."""
    with patch.object(Writing, "tell_set_aside", lambda *_: None):
        yield
