"""Planted bugs: each breaks one promise of the gateway, to prove that the invariants notice."""

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from agent.alarms.memory import new_memory
from agent.alarms.spec import View
from agent.clock.timeline import Timeline
from agent.outbox.store import Store
from agent.polling.modbus_poller import ModbusPoller
from agent.polling.poller import Roll
from agent.polling.schedule import Job
from agent.records import Instant, Lane, Stored
from agent.service.pipe import Pipe
from agent.uplink.board import Board
from agent.uplink.drain import Drain
from drivers.modbus import rtu
from drivers.modbus.line import ModbusLine
from drivers.modbus.mbap import MbapFraming


@contextlib.contextmanager
def guard_window_is_zero() -> Iterator[None]:
    """A unit is asked again at once, so that its late reply answers the next question."""
    exchange = ModbusLine.exchange

    async def hasty(self: ModbusLine, unit: int, pdu: bytes, **named: Any) -> bytes:
        return await exchange(self, unit, pdu, **{**named, "guard_s": -named["timeout_s"]})

    with patch.object(ModbusLine, "exchange", hasty):
        yield


@contextlib.contextmanager
def checksum_is_not_checked() -> Iterator[None]:
    """What noise left of a frame is believed."""
    with patch.object(rtu, "sound", lambda _frame: True):
        yield


@contextlib.contextmanager
def transaction_id_is_not_compared() -> Iterator[None]:
    """Any Modbus TCP reply will do."""
    scan = MbapFraming.scan

    def lax(self: MbapFraming, received: bytes, asked: Any) -> Any:
        if asked is not None and len(received) >= 2:
            received = asked.tag.to_bytes(2, "big") + received[2:]
        return scan(self, received, asked)

    with patch.object(MbapFraming, "scan", lax):
        yield


@contextlib.contextmanager
def state_moves_though_the_disk_refuses() -> Iterator[None]:
    """A disk that refuses costs the alarm."""

    def moved(self: Pipe, judgements: Any, _told: Any, _at: Any) -> None:
        self._move(judgements)

    with patch.object(Pipe, "_owe", moved):
        yield


@contextlib.contextmanager
def confirmed_before_it_is_published() -> Iterator[None]:
    """A link that breaks costs the record."""
    deliver = Drain._deliver

    async def hopeful(self: Drain, stored: Stored) -> None:
        await self._outbox.confirm([stored])
        await deliver(self, stored)

    with patch.object(Drain, "_deliver", hopeful):
        yield


@contextlib.contextmanager
def bad_reading_clears() -> Iterator[None]:
    """Nobody can tell, so it must be over."""
    flag = View.flag

    def careless(self: View, role: str) -> bool | None:
        return flag(self, role) or False

    with patch.object(View, "flag", careless):
        yield


@contextlib.contextmanager
def sequence_is_used_again_after_a_restart() -> Iterator[None]:
    """It counts from what still waits."""
    made = Store.__init__

    def forgetful(self: Store, *positional: Any, **named: Any) -> None:
        made(self, *positional, **named)
        self.database.execute("DELETE FROM records WHERE NOT waiting")  # else SQLite would refuse the same number
        self.ledger.last = self.one("SELECT COALESCE(MAX(sequence), 0) FROM records")

    with patch.object(Store, "__init__", forgetful):
        yield


@contextlib.contextmanager
def alarm_state_is_forgotten_at_a_restart() -> Iterator[None]:
    """Every start begins with a site where nothing has happened."""
    with patch("agent.service.pipe._recall", lambda device, *_kept: new_memory(device)):
        yield


@contextlib.contextmanager
def one_dead_unit_takes_its_line_along() -> Iterator[None]:
    """A time-out is taken for a dead port."""

    async def drastic(self: ModbusPoller, job: Job, error: Exception) -> None:
        for unit in self._units:
            for _ in range(self._units[unit].lost_after_misses):
                await self.roll.missed(unit, str(error))
        self._rest(job.unit)

    with patch.object(ModbusPoller, "_missed", drastic):
        yield


@contextlib.contextmanager
def silence_is_normal() -> Iterator[None]:
    """A unit that does not answer is never called lost."""
    missed = Roll.missed

    async def calm(self: Roll, unit: str, cause: str, **named: Any) -> Any:
        with patch.object(self, "_sink", _Deaf(self._sink)):
            return await missed(self, unit, cause, **named)

    with patch.object(Roll, "missed", calm):
        yield


class _Deaf:
    def __init__(self, sink: Any) -> None:
        self._sink = sink

    async def unit_lost(self, _unit: str, _cause: str) -> None:
        await asyncio.sleep(0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._sink, name)


@contextlib.contextmanager
def newest_record_goes_first_and_the_others_never() -> Iterator[None]:
    """The drain skips what it has not sent yet."""
    following = Store.next

    def skipping(self: Store, after: Mapping[Lane, int], limit: int, hidden: Any) -> list[Stored]:
        return following(self, after, limit, hidden)[-1:]

    with patch.object(Store, "next", skipping):
        yield


@contextlib.contextmanager
def states_are_said_once_and_never_again() -> Iterator[None]:
    """What a broken link swallowed of the board stays unsaid."""
    with patch.object(Board, "repeat_all", lambda _self: None):
        yield


@contextlib.contextmanager
def every_clock_is_believed() -> Iterator[None]:
    """The gateway learns the time from its clock, whatever the kernel says of it."""
    observed = Timeline.observed

    def hopeful(self: Timeline, boot_id: str, at: Instant) -> Timeline:
        return observed(self, boot_id, replace(at, clock="synchronised"))

    with patch.object(Timeline, "observed", hopeful):
        yield


@contextlib.contextmanager
def window_of_the_broker_is_ignored() -> Iterator[None]:
    """More is under way than the broker allows."""
    made = Drain.__init__

    def wide(self: Drain, session: Any, outbox: Any, topics: Any, _window: int, *rest: Any, **named: Any) -> None:
        made(self, session, outbox, topics, 1000, *rest, **named)

    with patch.object(Drain, "__init__", wide):
        yield


Mutant = Callable[[], contextlib.AbstractContextManager[None]]

MUTANTS: tuple[Mutant, ...] = (
    guard_window_is_zero,
    checksum_is_not_checked,
    transaction_id_is_not_compared,
    state_moves_though_the_disk_refuses,
    confirmed_before_it_is_published,
    bad_reading_clears,
    sequence_is_used_again_after_a_restart,
    alarm_state_is_forgotten_at_a_restart,
    one_dead_unit_takes_its_line_along,
    silence_is_normal,
    newest_record_goes_first_and_the_others_never,
    states_are_said_once_and_never_again,
    every_clock_is_believed,
    window_of_the_broker_is_ignored,
)
