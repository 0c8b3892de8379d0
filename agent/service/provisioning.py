"""The provisioning room: judges every rule pack on every change and each minute, and tells what follows.

What is shown live (the retained messages, heartbeats) does not wait for the disk; what is kept (the event of a
change, the history, the log of openings) goes to the outbox, and is tried again until it is there.
"""

import asyncio
import contextlib
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from agent.errors import OrderRefused, StorageError
from agent.host import Host
from agent.outbox.outbox import Outbox
from agent.provisioning.calendar import local
from agent.provisioning.evaluate import evaluate
from agent.provisioning.model import Evidence, IndicatorVerdict
from agent.provisioning.pack import Pack
from agent.records import Instant, Record, event_record
from agent.school import School
from agent.service.evidence import Gathering, Signings
from agent.service.openings import Openings
from agent.service.pipe import Pipe
from agent.service.provisioning_report import answer_of
from agent.service.provisioning_words import changed, content, provision_data, subjects_of
from agent.service.room import Room
from agent.service.strip import Strip
from agent.uplink.board import Board
from agent.uplink.messages import UplinkShown

log = logging.getLogger(__name__)

TICK_S = 60.0
COALESCE_S = 1.0  # however much happens, nobody judges more often
RETRY_S = 5.0  # so often is a disk that refuses asked again
REPEAT_S = 600.0  # ages alone are not news: so often are they told
KEEP_S = 600.0  # so much of the log of openings a power cut makes a gap
SETTLE_S = 20.0  # a start is no failure: so long everybody may take to say the first word
LOOK_S = 0.25
OWED_MOST = 256
STATE = "provisioning/verdicts"  # a state's name that no device can have
CHANNEL = "provision"


class Provisioning:
    """`verdicts` are the last ones; `watchers` are told when there are new ones. Nothing before the first look."""

    def __init__(
        self,
        school: School,
        packs: Sequence[Pack],
        pipe: Pipe,
        outbox: Outbox,
        host: Host,
        board: Board,
        people: Signings,
        ways: Callable[[], UplinkShown],
    ) -> None:
        self.watchers: list[Callable[[], None]] = []
        self.packs, self.subjects = tuple(packs), subjects_of(packs)
        kept = outbox.states()
        self.openings, self.strip = Openings(kept), Strip(kept)
        self._school, self._pipe, self._host, self._board = school, pipe, host, board
        self._ways = ways
        self._gathering = Gathering(pipe, people, self.openings, ways, packs)
        self._verdicts: tuple[IndicatorVerdict, ...] = ()
        self._known: Mapping[str, str] = _recall(kept.get(STATE, ""))
        self._owed: list[Record] = []
        self._shown: dict[str, tuple[object, float]] = {}
        self._kept_s = host.instant().monotonic_s
        self._stir = asyncio.Event()
        pipe.watchers.append(self._stir.set)
        people.watchers.append(self._stir.set)

    def room(self) -> Room:
        """What the gateway gets of it."""
        return Room({"provisioning": self.run}, {"provision": self._answer}, beat=self._beat)

    def verdicts(self) -> tuple[IndicatorVerdict, ...]:
        """One for each indicator of each pack."""
        return self._verdicts

    async def run(self) -> None:
        """Judge until cancelled; what is known then is kept, so that an orderly restart is a short gap."""
        try:
            await self._settled()
            while True:
                self._stir.clear()
                await self.look()
                await asyncio.sleep(COALESCE_S)
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout((RETRY_S if self._owed else TICK_S) - COALESCE_S):
                        await self._stir.wait()
        finally:
            await self._keep(self._host.instant())

    async def look(self) -> None:
        """Judge now, show it, and keep what is worth it."""
        at = self._host.instant()
        self._verdicts = self._judged(self._gathering.look(at), at)
        self._show(at)
        self._note(at)
        if self._owed or self._due(at):
            await self._keep(at)
        for watcher in self.watchers:
            watcher()

    # --- inside -------------------------------------------------------------------------------------

    async def _settled(self) -> None:
        """Everybody has been heard or is lost, and the platform is met; or the time for it is over."""
        for _ in range(int(SETTLE_S / LOOK_S)):
            if self._all_heard() and any(way.connected for way in self._ways().paths.values()):
                return
            await asyncio.sleep(LOOK_S)

    def _all_heard(self) -> bool:
        lost, devices = self._pipe.lost.keys(), self._pipe.site.devices
        return all(self._pipe.heard(device) or device.units & lost for device in devices)

    def _judged(self, evidence: Evidence, at: Instant) -> tuple[IndicatorVerdict, ...]:
        return tuple(verdict for pack in self.packs for verdict in evaluate(pack, self._school, evidence, at))

    def _by_subject(self) -> dict[str, IndicatorVerdict]:
        return {self.subjects[verdict.pack, verdict.id]: verdict for verdict in self._verdicts}

    def _show(self, at: Instant) -> None:
        """On the board, when it reads differently or is old; what an earlier configuration had goes."""
        for subject, verdict in self._by_subject().items():
            data = provision_data(verdict, self._pipe.site.config_hash, at)
            now, (before, shown_s) = content(data), self._shown.get(subject, (None, 0.0))
            if now != before or at.monotonic_s - shown_s >= REPEAT_S:
                self._board.put(subject, data, CHANNEL)
                self._shown[subject] = now, at.monotonic_s
        for gone in self._known.keys() - self.subjects.values():
            self._board.put(gone, None, CHANNEL)

    def _note(self, at: Instant) -> None:
        """What has changed since it was last told is owed; the history goes on where the hour is known."""
        verdicts = self._by_subject()
        for subject, verdict in verdicts.items():
            if (before := self._known.get(subject)) != verdict.verdict:
                self._owed.append(event_record(*changed(subject, before, verdict), at))
                log.info("%s", self._owed[-1].data["text"])
        self._owed = self._owed[-OWED_MOST:]
        now = {subject: verdict.verdict for subject, verdict in verdicts.items()}
        self._known = now
        if at.clock == "synchronised":
            self.strip.note(now, local(self._school.calendar, at.utc_s))

    def _due(self, at: Instant) -> bool:
        """Passages and hours can wait for a minute: what a power cut takes of them is a gap, and says so."""
        since_s = at.monotonic_s - self._kept_s
        return since_s >= KEEP_S or (since_s >= TICK_S and (self.openings.changed or self.strip.changed))

    async def _keep(self, at: Instant) -> None:
        """One transaction: what is owed, and what it leaves to be remembered."""
        owed = list(self._owed)
        verdicts = {STATE: json.dumps(dict(self._known))} if self._known else {}
        states = {**verdicts, **self.openings.states(at), **self.strip.states()}
        try:
            await self._pipe.journal.append(owed, states, at)
        except StorageError as error:
            self._pipe.journal.complain(error)
            return
        self._owed = self._owed[len(owed) :]
        self._kept_s = at.monotonic_s
        self.openings.written(states)
        self.strip.written(states)

    # --- who asks -----------------------------------------------------------------------------------

    def _beat(self) -> Mapping[str, Any]:
        return {"provision": {subject: one.verdict for subject, one in self._by_subject().items()}}

    async def _answer(self, _request: dict[str, Any]) -> dict[str, Any]:
        """As it is at this moment; asking changes nothing."""
        at = self._host.instant()
        evidence = self._gathering.look(at)
        verdicts = self._judged(evidence, at)
        told = answer_of(
            self._pipe.site, self._school, self.packs, self.subjects, verdicts, evidence, self.strip.shown(), at
        )
        return told.model_dump(mode="json")


def unjudged() -> Room:
    """Where no school is declared: who asks is told so."""

    async def answer(_request: dict[str, Any]) -> dict[str, Any]:
        raise OrderRefused("the configuration declares no school (school:), so there is nothing to judge")

    return Room(requests={"provision": answer})


def _recall(kept: str) -> dict[str, str]:
    """The verdicts that were told last."""
    try:
        return {str(subject): str(verdict) for subject, verdict in json.loads(kept or "{}").items()}
    except (AttributeError, ValueError):
        log.warning("which verdicts were told last cannot be read; they are told again")
        return {}
