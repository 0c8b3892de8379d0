"""The hazard ledger of the running gateway: what fails opens one, people take steps, who must act is told in time.

Everything goes through the store first; the ledger moves when the store has it. A disk that refuses is asked again
each second, and nothing is forgotten meanwhile: what fails still fails.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.errors import OrderRefused, StorageError
from agent.hazards import sensed, watch
from agent.hazards.deadlines import reported
from agent.hazards.ledger import PREFIX, Ledger
from agent.hazards.model import Deadline, Duties, Facts, Hazard
from agent.hazards.moments import Times
from agent.hazards.progress import Progress
from agent.hazards.settings import HazardSettings
from agent.hazards.sights import Key, Sight, of_devices, of_verdicts, watched_keys, watches_of
from agent.hazards.steps import EVENTS, Wish, step
from agent.hazards.watch import Looked, pending_from_json, pending_to_json
from agent.host import Host, loop_s
from agent.outbox.outbox import Outbox
from agent.provisioning.model import IndicatorVerdict
from agent.provisioning.pack import Pack
from agent.records import NOTHING, Along, Instant, Record, event_record
from agent.school import Responsible
from agent.service.hazard_board import HazardBoard
from agent.service.hazard_words import fields_of, hazard_data
from agent.service.pipe import Pipe
from agent.service.telling import Channels, Told, places_of, second_of, told
from agent.uplink.board import Board

log = logging.getLogger(__name__)

WATCH, SOUNDING = f"{PREFIX}watch", f"{PREFIX}sounding"
PAUSE_S = 1.0  # what is judged many times a second is looked at once
RETRY_S = 1.0  # so often is a disk that refuses asked again


@dataclass(frozen=True, slots=True)
class Judges:
    """What hazards come from beside the pipe's alarms: verdicts by these packs; `watchers` hear of new ones."""

    packs: tuple[Pack, ...] = ()
    verdicts: Callable[[], Sequence[IndicatorVerdict]] = tuple
    watchers: list[Callable[[], None]] = field(default_factory=list)


@dataclass(slots=True)
class _Draft:
    """What is to be stored together."""

    at: Instant
    sounding: set[str]
    hazards: list[Hazard] = field(default_factory=list)
    records: list[Record] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    pending: Mapping[Key, watch.Pending] | None = None


class Hazards:
    """Holds the ledger, and moves it only when the outbox has the events."""

    def __init__(
        self,
        settings: HazardSettings,
        chain: tuple[Responsible, ...],
        host: Host,
        outbox: Outbox,
        pipe: Pipe,
        board: Board,
        channels: Channels,
        judges: Judges,
    ) -> None:
        self._settings, self._chain, self._host, self._pipe = settings, chain, host, pipe
        self._channels, self._judges = channels, judges
        self.times = Times(host.boot_id, loop_s(), host.moment)
        kept = outbox.states()
        self.ledger, self._unread = Ledger.recalled(settings.kept_most, kept)
        self._pending: Mapping[Key, watch.Pending] = pending_from_json(kept.get(WATCH, ""))
        self._sounding, self._quiet = _names(kept.get(SOUNDING, "")), False
        self._full = False
        self._watches = watches_of(settings.book, pipe.site.devices, chain)
        self._watched = watched_keys(self._watches, judges.packs)
        self._board = HazardBoard(board, self.times, settings.shown_s)
        self._board.recall(self.ledger, host.instant())
        self._lock, self._wake = asyncio.Lock(), asyncio.Event()
        channels.sounder.hushed.append(self._hushed)
        pipe.watchers.append(self._wake.set)
        judges.watchers.append(self._wake.set)

    def beat(self) -> Mapping[str, Any]:
        """The ledger in numbers."""
        alive = [one for one in self.ledger if one.open]
        major = sum(one.facts.grade == "major" for one in alive)
        return {"hazards": {"open": len(alive), "major": major, "overdue": sum(one.overdue for one in alive)}}

    def data(self, hazard: Hazard) -> dict[str, Any]:
        """As it is said upstream and at a terminal."""
        return hazard_data(hazard, self.times)

    # --- people -------------------------------------------------------------------------------------

    async def add(self, facts: Facts, duties: Duties, by_utc_s: float | None, photo: str, along: Along) -> Hazard:
        """A person has found one; raises OrderRefused or StorageError."""
        async with self._lock:
            draft = self._draft()
            at = self.times.moment(draft.at)
            if not facts.found_by:
                raise OrderRefused("a step needs the name of the person who takes it")
            sort, within_s = reported(facts.grade)
            deadline = Deadline(sort if by_utc_s is None else "by_date", at, within_s, by_utc_s)
            seen: sensed.Seen = (("photo", photo),) if photo else ()
            hazard = sensed.opened(self._new_id(0), facts, duties, deadline, at, failing=None, seen=seen)
            await self._take(draft, hazard, "hazard.opened", facts.found_by, "", along)
        return hazard

    async def step(self, name: str, wish: Wish, along: Along = NOTHING) -> Hazard:
        """A person takes a step; raises OrderRefused or StorageError."""
        async with self._lock:
            draft = self._draft()
            hazard = step(self.ledger.named(name), wish, self.times.moment(draft.at), self.times)
            await self._take(draft, hazard, EVENTS[wish.action], wish.person.strip(), wish.reason, along)
        return hazard

    async def _take(
        self, draft: _Draft, hazard: Hazard, event: str, person: str, reason: str, along: Along
    ) -> None:
        draft.hazards.append(hazard)
        draft.records.append(self._event(event, hazard, draft.at, person, reason))
        await self._store(draft, along)
        self._wake.set()

    # --- by itself ----------------------------------------------------------------------------------

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            self._wake.clear()
            rest_s = await self.look()
            await asyncio.sleep(PAUSE_S)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rest_s):
                    await self._wake.wait()

    async def look(self) -> float | None:
        """What has come to pass; returns in how long to look again, None: when something happens."""
        async with self._lock:
            draft = self._draft()
            looked = watch.look(self._sights(), self.ledger.newest, self._pending, self.times, draft.at)
            progress = Progress(self.ledger, self._settings, self._chain, self.times, draft.at, self._new_id)
            progress.leave_to_people(self._watched)
            progress.follow(looked.changes)
            progress.watch_time()
            self._take_over(draft, progress, looked)
            try:
                await self._store(draft)
            except StorageError as error:
                self._pipe.journal.complain(error)
                return RETRY_S
            self._full = progress.refused > 0
            self._board.clear_old(self.ledger, draft.at)
            rests = (looked.next_s, progress.rest_s())
        return min((rest_s for rest_s in rests if rest_s is not None), default=None)

    def _sights(self) -> list[Sight]:
        judges = self._judges
        unmet = of_verdicts(self._settings.book, judges.packs, judges.verdicts(), self._chain)
        return [*of_devices(self._watches, self._pipe.latest), *unmet]

    def _take_over(self, draft: _Draft, progress: Progress, looked: Looked) -> None:
        if self._unread:
            text = "some of the hazard ledger cannot be read: it was damaged"
            draft.records.append(event_record("hazard.unreadable", text, {"states": self._unread}, draft.at))
        draft.hazards += progress.hazards.values()
        draft.records += [self._event(one.event, one.hazard, draft.at) for one in progress.happenings]
        for call in progress.calls:
            what = f"hazard {call.hazard.id} ({call.hazard.facts.text.en}) stands still"
            said = told("hazard.escalated", what, call.due, fields_of(call.hazard, self.times), draft.at)
            draft.told.append(said)
            draft.sounding |= {call.hazard.id} if said.sounds else set()
        if progress.refused and not self._full:
            text = "the ledger is full of open hazards; no more are opened"
            draft.records.append(event_record("hazard.full", text, {"refused": progress.refused}, draft.at))
        followed = {change.sight.finding.key for change in looked.changes}
        draft.pending = {key: one for key, one in looked.pending.items() if key not in followed}

    # --- inside -------------------------------------------------------------------------------------

    def _draft(self) -> _Draft:
        """It sounds on for whom it sounded, where nobody has moved a hand and nobody has silenced it."""
        told_of = {one.id for one in self.ledger if one.told}
        return _Draft(self._host.instant(), set() if self._quiet else self._sounding & told_of)

    def _event(self, event: str, hazard: Hazard, at: Instant, person: str = "", reason: str = "") -> Record:
        by = f" by {person}" if person else ""
        text = f"hazard {hazard.id} ({hazard.facts.text.en}): {event.partition('.')[2].replace('_', ' ')}{by}"
        return event_record(event, text, fields_of(hazard, self.times, person, reason), at)

    async def _store(self, draft: _Draft, along: Along = NOTHING) -> None:
        """One transaction for the events, the hazards and what is remembered with them; then it is so."""
        entry, second = self.ledger.prepared(draft.hazards), second_of(draft.told)
        draft.records += [self._event("hazard.dropped", gone, draft.at) for gone in entry.gone]
        records = [*draft.records, *(one for said in draft.told for one in said.records), *along.records]
        states = {**entry.states, **self._channels.second.state(second), **self._marks(draft), **along.states}
        if records or states:
            places = await self._pipe.journal.append(records, states, draft.at)
            self._channels.second.owe(second, places_of(records, places, second))
        self.ledger.enter(entry)
        self._sounding, self._unread = draft.sounding, []
        self._pending = self._pending if draft.pending is None else draft.pending
        self._quiet = self._quiet and bool(draft.sounding)
        self._channels.sounder.sound(bool(self._sounding) and not self._quiet, PREFIX)
        self._board.show(entry.hazards)
        self._board.take_down(entry.gone)

    def _marks(self, draft: _Draft) -> dict[str, str]:
        """What is remembered beside the hazards, where it has changed."""
        marks = {}
        if draft.sounding != self._sounding:
            marks[SOUNDING] = json.dumps(sorted(draft.sounding))
        if draft.pending is not None:
            before, after = pending_to_json(self._pending), pending_to_json(draft.pending)
            marks |= {WATCH: after} if after != before else {}
        return marks

    def _hushed(self) -> None:
        """A person has silenced the sounder; that is remembered with what is stored next."""
        self._quiet = True
        self._wake.set()

    def _new_id(self, number: int) -> str:
        """Its number, and dice: another ledger of this gateway may have had the number."""
        return f"{self.ledger.next_number + number}-{self._host.random.getrandbits(16):04x}"


def _names(text: str) -> set[str]:
    try:
        return set(map(str, json.loads(text or "[]")))
    except (TypeError, ValueError):
        return set()
