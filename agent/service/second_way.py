"""Who is told by the second platform is told by the second way too, whichever way records go by; nothing is lost.

What is owed is stored with the record itself. Its message there has the id that it has everywhere, so that a
platform that is reached by both ways counts it once.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from agent.errors import StorageError
from agent.host import Host, loop_s
from agent.outbox.outbox import Outbox
from agent.records import Instant, Lane, Record, Stored
from agent.service.journal import Journal

log = logging.getLogger(__name__)

STATE = "escalation/second_way"  # a state's name that no device can have
RETRY_S = 5.0
OWED_MOST = 256  # a second way that is down for months; the oldest is given up, and that is told

SendBySecond = Callable[[Stored], Awaitable[bool]]
"""Sends by the second way; whether its broker has it."""


@dataclass(frozen=True, slots=True)
class Owed:
    """An event that the second way has not got; `place` 0 until the store has said where it stands."""

    data: Mapping[str, Any]
    at: Instant
    boot_id: str
    place: int = 0


class SecondWay:
    """Sends what is owed, oldest first, until it is confirmed."""

    def __init__(self, host: Host, outbox: Outbox, journal: Journal, send: SendBySecond) -> None:
        self._host, self._outbox, self._journal, self._send = host, outbox, journal, send
        self._owed = _kept(outbox.states().get(STATE, ""))
        self._placed = not self._owed  # an earlier run may have ended before it wrote where they stand
        self._come = asyncio.Event()

    def __len__(self) -> int:
        return len(self._owed)

    def state(self, new: Sequence[Record]) -> dict[str, str]:
        """To be stored with these records; nothing where there are none."""
        return _state([*self._owed, *map(self._of, new)]) if new else {}

    def owe(self, new: Sequence[Record], places: Sequence[int]) -> None:
        """They are stored, at these places."""
        self._owed += [self._of(record, place) for record, place in zip(new, places, strict=True)]
        self._placed = self._placed and not new
        self._come.set()

    async def run(self) -> None:
        """Send, for ever."""
        while True:
            self._come.clear()
            done = await self._round()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(None if done else loop_s() + RETRY_S):
                    await self._come.wait()

    async def _round(self) -> bool:
        """Whether nothing is owed any more."""
        if not await self._place():
            return False
        through = list[Owed]()
        for one in self._owed:
            if not await self._send(self._stored(one)):
                break
            through.append(one)
        given_up = [one for one in self._owed if one not in through][:-OWED_MOST]
        await self._forget(through, given_up)
        return not self._owed

    async def _place(self) -> bool:
        """What a crash left without a place is kept anew: better told twice than never."""
        lost = [one for one in self._owed if not one.place]
        if not lost and self._placed:
            return True
        now = self._host.instant()
        records = [_record(replace(one, at=now)) for one in lost]
        try:
            if records:
                places = await self._journal.append(records, {}, now)
                self._owed = [one for one in self._owed if one.place]
                self.owe(records, places[: len(records)])
            await self._journal.append([], _state(self._owed), now)
        except StorageError as error:
            self._journal.complain(error)
            return False
        self._placed = True
        return True

    async def _forget(self, through: Sequence[Owed], given_up: Sequence[Owed]) -> None:
        if not through and not given_up:
            return
        gone = (*through, *given_up)
        left = [one for one in self._owed if one not in gone]
        notes = [("escalation.given_up", "the second way did not take it", dict(one.data)) for one in given_up]
        if await self._journal.note(notes, _state(left)):
            self._owed = [one for one in self._owed if one not in gone]

    def _stored(self, one: Owed) -> Stored:
        series, base = self._outbox.name_of(one.place)
        return Stored(one.place - base, series, one.boot_id, _record(one), base)

    def _of(self, record: Record, place: int = 0) -> Owed:
        return Owed(record.data, record.at, self._host.boot_id, place)


def _record(one: Owed) -> Record:
    return Record(Lane.EVENT, "event", str(one.data["event"]).partition(".")[0], one.data, one.at)


def _state(owed: Sequence[Owed]) -> dict[str, str]:
    kept = [[one.data, [one.at.monotonic_s, one.at.utc_s, one.at.clock], one.boot_id, one.place] for one in owed]
    return {STATE: json.dumps(kept, ensure_ascii=False)}


def _kept(text: str) -> list[Owed]:
    try:
        found = json.loads(text or "[]")
        return [Owed(data, Instant(*at), boot_id, int(place)) for data, at, boot_id, place in found]
    except (AttributeError, TypeError, ValueError):
        log.warning("what the second way is owed cannot be read")
        return []
