"""The linkage room: cause and effect, carried out here and now, whatever becomes of disk, link and platform.

Deciding and commanding wait for nothing; what was decided is kept beside it, by a part of its own. So what is
remembered runs ahead of the disk by one transaction: a power cut in between finds the causes still there.
"""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from agent.errors import StorageError
from agent.host import Host, loop_s
from agent.linkage.answer import LinkageAnswer, answer_of
from agent.linkage.drill import held, in_drill
from agent.linkage.evaluate import decide, reset, reset_order
from agent.linkage.memory import memory_from_json, memory_to_json
from agent.linkage.model import Contact, Decision, EffectChange, Fire, Matrix, Memory, View
from agent.linkage.seen import DeviceNow, contacts_wanted, view_of
from agent.linkage.trial import Trial, trial, with_facts
from agent.linkage.truth import truth
from agent.outbox.outbox import Outbox
from agent.records import NOTHING, Along, Instant, Record, event_record
from agent.service.journal import Note
from agent.service.line_sight import Poller
from agent.service.linkage_outputs import LinkageOutputs, News, contact, pressing
from agent.service.linkage_words import linkage_data, notes_of, output_note, prealarm, reset_note, restored
from agent.service.pipe import Pipe
from agent.uplink.board import Board
from agent.uplink.linkage_message import LinkageShown

log = logging.getLogger(__name__)

LOOK_S = 1.0  # an output may be read back, and a number pass, without anybody saying so
RETRY_S = 1.0  # so often is a disk that refuses asked again
OWED_MOST = 512
MEMORY, SHOWN = "linkage/memory", "linkage/shown"  # states' names that no device can have
CHANNEL = "linkage"


@dataclass(frozen=True, slots=True)
class Seen:
    """What a look led to, and by what: to be told."""

    changes: tuple[EffectChange, ...]
    news: list[News]
    view: View
    at: Instant


class Linkage:
    """`look` decides and commands at once, and never waits; `keep` tells and stores what it led to."""

    def __init__(
        self,
        matrix: Matrix,
        pipe: Pipe,
        outbox: Outbox,
        host: Host,
        board: Board,
        pollers: Iterable[Poller],
        holds_security: Callable[[], bool],
    ) -> None:
        self.outputs = LinkageOutputs(pipe, pollers)
        self._matrix, self._pipe, self._host, self._board = matrix, pipe, host, board
        self._holds_security = holds_security
        kept = outbox.states()
        self._stored = kept.get(MEMORY, "")
        self._memory = memory_from_json(matrix, self._stored, host.instant().monotonic_s)
        self._decision = Decision(self._memory)
        self._contacts = contacts_wanted(matrix)
        self._prealarm = False
        self._shown: dict[str, Mapping[str, Any] | None] = dict.fromkeys(
            filter(None, kept.get(SHOWN, "").split(" "))
        )
        self._owed: list[Record] = []
        self._untold: deque[Seen] = deque(maxlen=OWED_MOST)
        self._stir, self._told, self._storing = asyncio.Event(), asyncio.Event(), asyncio.Lock()
        pipe.watchers.append(self._stir.set)
        acting = {name: one for name, one in self._memory.effects.items() if one.acting}
        dry_run = matrix.dry_run
        self._note((restored(name, one, dry_run=dry_run) for name, one in acting.items()), host.instant())
        if not dry_run:
            self.outputs.fall(pressing(matrix))

    @property
    def acting(self) -> frozenset[str]:
        """The effects that wish their outputs now."""
        return frozenset(name for name, one in self._memory.effects.items() if one.acting)

    async def run(self) -> None:
        """Decide and command, until cancelled."""
        while True:
            self._stir.clear()
            self.look()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout_at(self._next_s()):
                    await self._stir.wait()

    def look(self) -> None:
        """What follows from what is known at this moment; words are made elsewhere, and can fail without harm."""
        at, view = self._host.instant(), self._view()
        decision = self._decided(view, at)
        news = self.outputs.wish({} if self._matrix.dry_run else decision.outputs, at.monotonic_s)
        self._memory, self._decision = decision.memory, decision
        if self._untold and not (self._untold[-1].changes or self._untold[-1].news):
            self._untold.pop()  # of looks that nothing came of the last one is enough
        self._untold.append(Seen(decision.changes, news, view, at))
        self._told.set()

    async def keep(self) -> None:
        """Tell and store what was decided, until cancelled; a disk that refuses holds nobody up."""
        while True:
            await self._told.wait()
            self._told.clear()
            try:
                self._tell()
            finally:  # what latches is remembered, whatever becomes of its words
                kept = await self._kept()
            if not kept:
                self._told.set()
                await asyncio.sleep(RETRY_S)

    # --- inside -------------------------------------------------------------------------------------

    def _next_s(self) -> float:
        dues = (loop_s() + LOOK_S, self._decision.due_s, self.outputs.due_s)
        return min(due_s for due_s in dues if due_s is not None)

    def _decided(self, view: View, at: Instant) -> Decision:
        """In a drill what is security must not act, where the school wants it so; a fire does, and always."""
        if not self._holds_security():
            return decide(self._matrix, self._memory, view, at)
        return in_drill(self._matrix, decide(held(self._matrix), self._memory, view, at))

    def _view(self) -> View:
        pipe = self._pipe
        devices = [
            DeviceNow(
                device,
                pipe.latest(device.id),
                pipe.table.of(device),
                lost=bool(device.units & pipe.lost.keys()),
                heard=pipe.heard(device),
            )
            for device in pipe.site.devices
        ]
        return view_of(devices, {point: contact(pipe, Contact(*point)) for point in self._contacts})

    def _tell(self) -> None:
        """In words, as events and on the board."""
        while self._untold:
            seen = self._untold.popleft()
            self._note(notes_of(self._matrix, seen.changes, seen.view), seen.at)
            self._note((output_note(one) for one in seen.news), seen.at)
            self._pre(seen)
        self._show()

    def _note(self, notes: Iterable[Note], at: Instant) -> None:
        for note in notes:
            log.warning("%s", note[1])
            self._owed.append(event_record(*note, at))
        del self._owed[:-OWED_MOST]

    def _pre(self, seen: Seen) -> None:
        """A single detector is told once, until there is none."""
        fire, confirmed = (truth(Fire(self._matrix.fire, confirmed=c), seen.view) for c in (False, True))
        single = fire is True and confirmed is not True
        if single and not self._prealarm:
            self._note([prealarm(self._matrix, seen.view)], seen.at)
        self._prealarm = fire is True or (self._prealarm and fire is None)

    def _show(self) -> None:
        """On the board, what reads differently; what an earlier configuration had goes."""
        switched = self.outputs.switched()
        for effect in self._matrix.effects:
            data = linkage_data(effect, self._decision, switched, dry_run=self._matrix.dry_run)
            if data != self._shown.get(effect.id):
                self._board.put(effect.id, data, CHANNEL)
                self._shown[effect.id] = data
        for gone in self._shown.keys() - {effect.id for effect in self._matrix.effects}:
            self._board.put(gone, None, CHANNEL)
            del self._shown[gone]

    async def _kept(self) -> bool:
        """What is owed and remembered, if anything is new, in one transaction; False when the disk refuses."""
        try:
            async with self._storing:
                if self._owed or memory_to_json(self._memory) != self._stored:
                    await self._append(NOTHING, self._memory)
        except StorageError as error:
            self._pipe.journal.complain(error)
            return False
        return True

    async def _append(self, along: Along, memory: Memory) -> None:
        owed, text = list(self._owed), memory_to_json(memory)
        states = {MEMORY: text, SHOWN: " ".join(self._shown), **along.states}
        await self._pipe.journal.append([*owed, *along.records], states, self._host.instant())
        gone = set(map(id, owed))
        self._owed = [one for one in self._owed if id(one) not in gone]
        self._stored = text

    # --- people -------------------------------------------------------------------------------------

    async def release(self, effect: str, person: str, reason: str, along: Along = NOTHING) -> None:
        """A named person releases it, in one transaction with `along`; raises OrderRefused or StorageError."""
        async with self._storing:  # what waits for the disk already is told once
            at, before = self._host.instant(), self._memory.of(effect)
            after = reset(self._matrix, self._memory, self._view(), reset_order(person, reason, at), effect)
            note = event_record(*reset_note(effect, person, reason), at)
            await self._append(Along((note, *along.records), along.states), after)
            now = self._memory.of(effect)
            if (now.state, now.since_s) == (
                before.state,
                before.since_s,
            ):  # else its cause has come back: it goes on
                self._memory = replace(self._memory, effects={**self._memory.effects, effect: after.of(effect)})
        self._stir.set()

    def answer(self) -> LinkageAnswer:
        """As it was decided last; asking changes nothing."""
        return answer_of(self._matrix, self._decision, self._view(), self.outputs.switched())

    def tried(self, facts: Iterable[str]) -> Trial:
        """What would happen if these were so as well; raises OrderRefused for what is no fact."""
        view = with_facts(self._matrix, self._pipe.devices, self._view(), facts)
        return trial(self._matrix, self._memory, view, self._host.instant())

    def shown(self) -> LinkageShown:
        """In heartbeats."""
        states = [one.state for one in self._memory.effects.values()]
        acting, latched = states.count("active") + states.count("latched"), states.count("latched")
        return LinkageShown(active=acting, latched=latched, faults=self.outputs.faults)
