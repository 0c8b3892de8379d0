"""Watches for fires and one-key alarms that nobody upstream confirms: told, shown, and sounded on the spot."""

import asyncio
import contextlib
import json
import logging
import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from agent.alarms.model import key_of
from agent.alarms.overdue import Waiting, overdue, parted, saves_lives, since_s, waiting
from agent.errors import OrderRefused, StorageError
from agent.host import Host, loop_s
from agent.outbox.outbox import Outbox
from agent.records import Lane, Record
from agent.service.journal import Note
from agent.service.pipe import Pipe
from agent.service.sounder import Sounder

log = logging.getLogger(__name__)

LOOK_S = 1.0  # so often is an overdue alarm asked for
SOUNDER_LOOK_S = 5.0  # so often is a silent sounder's fault looked for
PAGE = 256
STATE = "alarm/unconfirmed"  # a state's name that no device can have


class Unconfirmed:
    """Life alarms that wait for their confirmation; those that wait too long are `late`.

    What was told and what a person silenced outlives a restart, with the next record that is stored.
    """

    def __init__(self, after_s: float, pipe: Pipe, outbox: Outbox, sounder: Sounder, host: Host) -> None:
        self.late: tuple[Waiting, ...] = ()
        self.sounder = sounder
        self._after_s = after_s
        self._pipe, self._outbox, self._host = pipe, outbox, host
        self._waiting: dict[int, Waiting] = {}
        self._told, self._silenced = _kept(outbox)
        self._unstored_silenced: set[Waiting] = set()
        self._lost: set[int] = set()
        self._dropped: dict[int, int] = {}  # how many alarms had been dropped when each was known to wait
        self._sounder_told = ""
        self._store_id = ""
        self._wake = asyncio.Event()
        pipe.accepted = self.accepted

    def accepted(self, records: Sequence[Record], sequences: Sequence[int]) -> None:
        """The disk has these; called by the pipe."""
        for record, sequence in zip(records, sequences, strict=False):
            if record.lane is Lane.ALARM and saves_lives(record.data):
                self._waiting[sequence] = waiting(sequence, record.data, record.at.monotonic_s)
                self._dropped[sequence] = self._outbox.dropped(Lane.ALARM)
                self._wake.set()

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            self._wake.clear()
            await self.look()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(self._next_look_s()):
                    await self._wake.wait()

    async def look(self) -> None:
        """Who is overdue now, who has got through, and what follows."""
        if self._store_id != self._outbox.store_id:
            await self._recall()
        late = overdue((*self._waiting.values(), *self._unstored()), loop_s(), self._after_s)
        still, through = await self._asked(late)
        self.late = tuple(still)
        self._pipe.unconfirmed = len(still)
        self.sounder.sound(any(not self._is_silenced(one) for one in still))
        await self._tell(still, through)

    async def silence(self, person: str) -> None:
        """A person has heard it: it is silent until another alarm is overdue. Raises OrderRefused."""
        if not person.strip():
            raise OrderRefused("an order needs the name of the person who gives it")
        if not self.sounder.sounding:
            raise OrderRefused("nothing to silence: the sounder is not sounding")
        self._silenced |= {one.sequence for one in self.late if one.sequence}
        self._unstored_silenced = {one for one in self.late if not one.sequence}
        self.sounder.hush()  # also where the disk refuses to keep who it was: nobody can work in that noise
        alarms = [_named(one) for one in self.late]
        text = f"{person} has silenced the sounder"
        fields: dict[str, object] = {"person": person, "alarms": alarms}
        await self._pipe.journal.note([("sounder.silenced", text, fields)], self._state(self._told))

    def shown(self) -> dict[str, Any]:
        """For whoever asks on the spot."""
        sounder = {"point": self.sounder.point, "sounding": self.sounder.sounding, "fault": self.sounder.fault}
        return {"unconfirmed": [self._shown(one) for one in self.late], "sounder": sounder}

    # --- inside -------------------------------------------------------------------------------------

    async def _recall(self) -> None:
        """What waits in the store already: we are started anew, or so is the store."""
        store_id = self._outbox.store_id
        if self._store_id:
            self._told, self._silenced = {}, set()
        self._waiting, dropped = {}, self._outbox.dropped(Lane.ALARM)  # in the store too, where it waits still
        try:
            found = await self._in_store()
        except StorageError:
            return  # it is tried again with the next look
        gone = {sequence: one for sequence, one in self._told.items() if sequence not in found}
        self._waiting = gone | found | self._waiting
        self._dropped |= dict.fromkeys(found, dropped)
        self._store_id = store_id

    async def _in_store(self) -> dict[int, Waiting]:
        now, last, found = self._host.instant(), 0, dict[int, Waiting]()
        while True:
            page = await self._outbox.next({Lane.ALARM: last}, PAGE)
            alarms = [stored for stored in page if stored.record.lane is Lane.ALARM]
            for stored in alarms:
                if saves_lives(stored.record.data):
                    at = self._host.moment(stored.boot_id, stored.record.at)
                    since = since_s(stored.boot_id, at, self._host.boot_id, now)
                    found[stored.place] = waiting(stored.place, stored.record.data, since)
            if len(alarms) < PAGE:
                return found
            last = alarms[-1].place

    def _unstored(self) -> Iterable[Waiting]:
        """What was seen and the disk refuses: nobody upstream can know."""
        owed = (record for record in self._pipe.owed() if record.lane is Lane.ALARM)
        return (waiting(0, one.data, one.at.monotonic_s) for one in owed if saves_lives(one.data))

    async def _asked(self, late: Sequence[Waiting]) -> tuple[list[Waiting], list[Waiting]]:
        """Parted by what the outbox says; a disk that says nothing confirms nothing."""
        stored = {one.sequence for one in late if one.sequence}
        if not stored:
            return list(late), []
        dropped = self._outbox.dropped(Lane.ALARM)  # first: what is dropped while we ask must count
        try:
            still = await self._outbox.unconfirmed(stored)
            self._lost = await self._missing(stored - still)
            self._dropped |= dict.fromkeys(still, dropped)
        except StorageError:
            return list(late), []
        heard = set[int]() if self._outbox.in_memory else self._silenced
        return parted(late, still | (self._lost - heard))

    async def _missing(self, away: set[int]) -> set[int]:
        """What may have been dropped from a full store, or waits on a disk that refuses, has got nowhere.

        A person has to hear it: it is late until somebody has silenced the sounder.
        """
        dropped = self._outbox.dropped(Lane.ALARM)
        doubtful = {n for n in away if self._outbox.in_memory or self._dropped.get(n, 0) != dropped}
        return await self._outbox.missing(doubtful) if doubtful else doubtful

    async def _tell(self, late: Sequence[Waiting], through: Sequence[Waiting]) -> None:
        """Each alarm and each fault once; what could not be stored is told with the next look."""
        news = [one for one in late if one.sequence and one.sequence not in self._told]
        got = [one for one in through if one.sequence in self._told and one.sequence not in self._lost]
        fault = self.sounder.fault
        notes = [*map(self._unconfirmed, news), *map(self._confirmed_late, got), *self._of_sounder(fault)]
        gone = {one.sequence for one in through}
        told = {n: one for n, one in self._told.items() if n not in gone} | {one.sequence: one for one in news}
        if notes and not await self._pipe.journal.note(notes, self._state(told)):
            return
        self._told, self._sounder_told = told, fault
        self._silenced -= gone
        for sequence in gone:
            self._waiting.pop(sequence, None)
            self._dropped.pop(sequence, None)

    def _unconfirmed(self, one: Waiting) -> Note:
        text = f"{one.device} {key_of(one.condition, one.address)} is not confirmed: it was told on the spot"
        return "uplink.unconfirmed", text, self._fields(one)

    def _confirmed_late(self, one: Waiting) -> Note:
        text = f"{one.device} {key_of(one.condition, one.address)} is confirmed at last"
        return "uplink.confirmed_late", text, self._fields(one)

    def _of_sounder(self, fault: str) -> list[Note]:
        """Told when it begins and when it ends; another cause in between is no news."""
        if bool(fault) == bool(self._sounder_told):
            return []
        fields: dict[str, object] = {"point": self.sounder.point, "cause": fault}
        if fault:
            log.error("the sounder %s cannot be switched: %s", self.sounder.point, fault)
            return [("sounder.failed", f"the sounder cannot be switched: {fault}", fields)]
        return [("sounder.works", "the sounder can be switched again", fields)]

    def _fields(self, one: Waiting) -> dict[str, object]:
        known = math.isfinite(one.since_s)
        return {
            **_named(one),
            "sequence": one.sequence,
            "since_s": round(loop_s() - one.since_s, 1) if known else None,
        }

    def _shown(self, one: Waiting) -> dict[str, Any]:
        device = self._pipe.devices.get(one.device)
        told: dict[str, Any] = {"kind": "", "name": one.device, "location": ""}
        if device is not None:
            place = device.places.get(one.address, device.location)
            told = {"kind": device.kind, "name": device.name, "location": place}
        return {**self._fields(one), **told, "silenced": self._is_silenced(one)}

    def _is_silenced(self, one: Waiting) -> bool:
        return one.sequence in self._silenced if one.sequence else one in self._unstored_silenced

    def _state(self, told: Mapping[int, Waiting]) -> dict[str, str]:
        named = {n: [one.device, one.condition, one.address] for n, one in told.items()}
        kept = {"store": self._store_id, "told": named, "silenced": sorted(self._silenced)}
        return {STATE: json.dumps(kept)}

    def _next_look_s(self) -> float | None:
        """When the next alarm will be overdue; soon, while one is; now and then, for the sounder's sake."""
        now_s = loop_s()
        dues = [one.since_s + self._after_s for one in self._waiting.values()]
        looks = [due_s if due_s > now_s else now_s + LOOK_S for due_s in dues]
        if self.late or not self._store_id or any(self._unstored()):
            looks.append(now_s + LOOK_S)
        if self.sounder.point:
            looks.append(now_s + SOUNDER_LOOK_S)
        return min(looks, default=None)


def _named(one: Waiting) -> dict[str, object]:
    return {"device": one.device, "condition": one.condition, "address": one.address}


def _kept(outbox: Outbox) -> tuple[dict[int, Waiting], set[int]]:
    """What an earlier run had told and silenced of this very store; overdue since nobody knows when."""
    try:
        kept = json.loads(outbox.states().get(STATE, "{}"))
        if kept.get("store") == outbox.store_id:
            told = {int(n): Waiting(int(n), *_names(of), since_s=-math.inf) for n, of in kept["told"].items()}
            return told, set(map(int, kept["silenced"]))
    except (AttributeError, KeyError, TypeError, ValueError):
        log.warning("what was told of unconfirmed alarms cannot be read; it is told again")
    return {}, set()


def _names(kept: Sequence[str]) -> tuple[str, str, str]:
    device, condition, address = map(str, kept)
    return device, condition, address
