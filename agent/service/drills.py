"""Drills: announced by name for a time; while one is on, every alarm says so, and all that happens is recorded.

A drill keeps nothing from anybody: alarms keep their priority, their lane and their confirmation.
"""

import asyncio
import contextlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from agent.alarms.model import Change
from agent.drills.kept import DRILLS, drill_state, kept_drills
from agent.drills.model import AlarmLine, Drill, EventLine
from agent.drills.record import with_alarms, with_events
from agent.drills.until import until_utc_s
from agent.errors import OrderRefused, StorageError
from agent.host import Host, loop_s
from agent.outbox.outbox import Outbox
from agent.provisioning.ends import end_after
from agent.provisioning.sent import Sent
from agent.records import Along, Instant, Lane, Record, event_record
from agent.school import Calendar
from agent.service.pipe import Pipe
from agent.service.through import LOOK_S, Through
from agent.site import Device, Site

IDLE_S = 3600.0
CONFIRMED_WITHIN_S = 3600.0  # so long after its end is looked whether a drill's alarms have got through
SECRET = ("card",)  # who has a card's code can make the card; a drill's report is passed on
OWN = "drill."  # events of this room are not lines of its record


class Drills:
    """The one that is on, and the records of the last fifty; `watchers` are told of begin and end."""

    def __init__(self, site: Site, host: Host, outbox: Outbox, pipe: Pipe) -> None:
        self.watchers: list[Callable[[], None]] = []
        self._calendar = site.school.calendar if site.school else Calendar(site.identity.time_zone)
        self._settings, self._by = site.drill, site.uplink.confirmed_by
        self._host, self._pipe = host, pipe
        self._drills = kept_drills(outbox.states(), host.boot_id)
        self._unwritten = False
        self._through = Through(outbox, host.boot_id)
        self._changing, self._wake = asyncio.Lock(), asyncio.Event()
        pipe.marks.append(self._mark)
        pipe.journal.accepted.append(self._accepted)

    def active(self) -> Drill | None:
        """The drill that is on now."""
        newest = self._newest()
        return newest if newest is not None and newest.is_active(loop_s()) else None

    @property
    def holds_outputs(self) -> bool:
        """Effects of security rest now; those of fire act always."""
        return self._settings.outputs == "hold" and self.active() is not None

    def known(self) -> tuple[Drill, ...]:
        """Those that are remembered, the oldest first."""
        return tuple(self._drills.values())

    async def start(self, person: str, reason: str, until: str, answer: Callable[[Drill], Along]) -> Drill:
        """Announce one; raises OrderRefused or StorageError."""
        async with self._changing:
            at = self._host.instant()
            drill = self._announced(person, reason, until, at)
            text = f"{person} has announced a drill: {reason}"
            fields = {"drill": drill.number, "person": person, "reason": reason, "until": drill.end.until_utc_s}
            await self._keep(drill, event_record("drill.started", text, fields, at), at, answer(drill))
            return drill

    async def stop(self, person: str, answer: Callable[[Drill], Along]) -> Drill:
        """End it before its time; raises OrderRefused or StorageError."""
        async with self._changing:
            at = self._host.instant()
            if not person.strip():
                raise OrderRefused("an order needs the name of the person who gives it")
            if (drill := self.active()) is None:
                raise OrderRefused("no drill is on")
            ended = replace(drill, ended_utc_s=at.utc_s, stopped_by=person)
            await self._keep(ended, self._over(ended, f"{person} has ended the drill", at), at, answer(ended))
            return ended

    async def run(self) -> None:
        """End a drill in its time, and follow its alarms until they are confirmed, until cancelled."""
        while True:
            self._wake.clear()
            async with self._changing:
                kept = await self._look()
            await asyncio.sleep(LOOK_S)  # a flood of alarms is written down once a second
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(self._next_look_s() if kept else loop_s()):
                    await self._wake.wait()

    # --- what happens while one is on ---------------------------------------------------------------

    def _mark(self, _device: Device, _change: Change) -> Mapping[str, object]:
        return {"drill": True} if self.active() is not None else {}

    def _accepted(self, records: Sequence[Record], sequences: Sequence[int]) -> None:
        """The disk has these: those that belong to the drill are its lines."""
        drill, now_s = self._newest(), loop_s()
        if drill is None:
            return
        self._through.note(records, sequences)
        alarms = [self._alarm_line(one, now_s) for one in records if one.data.get("drill") is True]
        events = [_event_line(one) for one in records if one.lane is Lane.EVENT and drill.is_active(now_s)]
        told = [line for line in events if not line.event.startswith(OWN)]
        if alarms or told:
            self._move(with_events(with_alarms(drill, alarms), told))

    def _alarm_line(self, record: Record, now_s: float) -> AlarmLine:
        said, at = record.data, record.at
        return AlarmLine(
            self._through.named(record),
            said["name"],
            said["kind"],
            said["location"],
            said["priority"],
            said["person"],
            bool(said.get("test")),
            at.utc_s,
            at.clock == "synchronised",
            round(now_s - at.monotonic_s, 3),
        )

    def _move(self, drill: Drill) -> None:
        """A line more: written down with the next look."""
        self._drills[drill.number] = drill
        self._unwritten = True
        self._wake.set()

    # --- time ---------------------------------------------------------------------------------------

    async def _look(self) -> bool:
        """False when the disk refuses."""
        at = self._host.instant()
        if (drill := self._newest()) is None:
            return True
        if drill.ended_utc_s is None:
            self._drills[drill.number] = drill = replace(drill, end=drill.end.anchored(at))
        if drill.ended_utc_s is None and drill.end.is_over(at.monotonic_s):
            return await self._end(drill, at)
        await self._confirm(drill, at)
        if not self._unwritten:
            return True
        self._unwritten = False
        self._unwritten = not await self._pipe.journal.note([], self._state(self._drills[drill.number]))
        return not self._unwritten

    async def _end(self, drill: Drill, at: Instant) -> bool:
        ended = replace(drill, ended_utc_s=at.utc_s)
        try:
            await self._keep(ended, self._over(ended, "the drill is over: its time has come", at), at, Along())
        except StorageError as error:
            self._pipe.journal.complain(error)
            return False
        return True

    async def _confirm(self, drill: Drill, at: Instant) -> None:
        """What the outbox says of the alarms that wait; a disk that says nothing confirms nothing."""
        waiting = _waiting(drill)
        if not waiting:
            return
        try:
            through, gone = await self._through.asked(waiting)
        except StorageError:
            return
        if through or gone:
            newest = self._drills[drill.number]  # lines may have come meanwhile
            alarms = tuple(self._settled(line, through, gone, at) for line in newest.alarms)
            self._move(replace(newest, alarms=alarms))

    def _settled(self, line: AlarmLine, through: set[Sent], gone: set[Sent], at: Instant) -> AlarmLine:
        if line.confirmed_after_s is not None or line.gone:
            return line
        if line.sent in gone:
            return replace(line, gone=True)
        if line.sent not in through:
            return line
        same_start = line.sent.boot_id == self._host.boot_id
        after_s = at.monotonic_s - line.sent.at_s if same_start else max(0.0, at.utc_s - line.seen_utc_s)
        return replace(line, confirmed_after_s=round(after_s, 3))

    def _next_look_s(self) -> float:
        now_s, drill = loop_s(), self._newest()
        if drill is None:
            return now_s + IDLE_S
        looks = [now_s + IDLE_S]
        if drill.ended_utc_s is None:
            looks.append(drill.end.look_s(now_s))
        if _waiting(drill) and not _is_long_over(drill, self._host.wall_clock()[0]):
            looks.append(now_s + LOOK_S)
        return min(looks)

    # --- inside -------------------------------------------------------------------------------------

    def _announced(self, person: str, reason: str, until: str, at: Instant) -> Drill:
        if not person.strip() or not reason.strip():
            raise OrderRefused("a drill needs a reason, and the name of the person who announces it")
        if (now := self.active()) is not None:
            raise OrderRefused("a drill by {person} is on already; end that first", person=now.person)
        length_s = until_utc_s(until, self._calendar, at.utc_s) - at.utc_s
        number = max(self._drills, default=0) + 1
        sure = at.clock == "synchronised"
        return Drill(number, person, reason, at.utc_s, sure, end_after(length_s, at), self._by)

    async def _keep(self, drill: Drill, record: Record, at: Instant, along: Along) -> None:
        """One transaction; raises StorageError, and then nothing has changed."""
        await self._pipe.journal.append([record, *along.records], {**self._state(drill), **along.states}, at)
        newest = self._drills.get(drill.number, drill)  # lines may have come meanwhile
        self._unwritten |= (newest.alarms, newest.events) != (drill.alarms, drill.events)
        self._drills[drill.number] = replace(
            drill, alarms=newest.alarms, events=newest.events, missed=newest.missed
        )
        self._drills = dict(list(self._drills.items())[-DRILLS:])
        self._wake.set()
        for look in self.watchers:
            look()

    def _over(self, drill: Drill, text: str, at: Instant) -> Record:
        raised = sum(line.sent.change == "raised" for line in drill.alarms)
        fields = {"drill": drill.number, "stopped_by": drill.stopped_by, "raised": raised}
        return event_record("drill.ended", text, fields, at)

    def _newest(self) -> Drill | None:
        return self._drills[max(self._drills)] if self._drills else None

    def _state(self, drill: Drill) -> dict[str, str]:
        return drill_state(drill, self._host.boot_id)


def _waiting(drill: Drill) -> set[Sent]:
    return {line.sent for line in drill.alarms if line.confirmed_after_s is None and not line.gone}


def _is_long_over(drill: Drill, now_utc_s: float) -> bool:
    return drill.ended_utc_s is not None and now_utc_s > drill.ended_utc_s + CONFIRMED_WITHIN_S


def _event_line(record: Record) -> EventLine:
    said: Mapping[str, Any] = record.data
    fields = {key: value for key, value in said["fields"].items() if key not in SECRET}
    return EventLine(record.at.utc_s, said["event"], said["text"], fields)
