"""What only the chosen way does: it empties the outbox and shows the states."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from functools import partial

from agent.errors import Rejected
from agent.host import loop_s
from agent.outbox.outbox import Outbox
from agent.records import Lane, Stored
from agent.session import Publisher
from agent.site import UplinkSettings
from agent.uplink.again import Again
from agent.uplink.answers import Answers
from agent.uplink.board import Board
from agent.uplink.drain import Drain
from agent.uplink.envelope import stored_event
from agent.uplink.lent import Detour, Lent, confirmed
from agent.uplink.mark import Reach
from agent.uplink.presence import Presence
from agent.uplink.suspicion import Suspicion
from agent.uplink.told import Teller

log = logging.getLogger(__name__)

ASIDE = 3  # slots of the far side's window that the board, the heartbeat and what is sent again may need
DETOUR_SHARE = 0.5  # of the time for a confirmation: the other way's must come within the record's own
Other = Callable[[], Publisher | None]


class Delivery:
    """One for each way; `turn` is held by the one that delivers, so that two never send the same records.

    The next one goes on where it stopped (`reach`), if the broker's word is not what lets a record leave.
    """

    def __init__(
        self,
        outbox: Outbox,
        board: Board,
        settings: UplinkSettings,
        presence: Presence,
        turn: asyncio.Lock,
        reach: Reach,
        other: Other,
        answers: Answers,
    ) -> None:
        self._outbox, self._board, self._settings, self._presence = outbox, board, settings, presence
        self._turn, self._reach, self._other, self._answers = turn, reach, other, answers
        self._tell = Teller(outbox, presence.instant)
        self._suspicion = Suspicion()
        self._drain: Drain | None = None
        self._chosen, self._dismissed = asyncio.Event(), asyncio.Event()

    def choose(self, chosen: bool) -> None:
        """Deliver from now on, or finish what is under way and leave the rest to the other."""
        if chosen:
            self._dismissed.clear()
            self._chosen.set()
        else:
            self._chosen.clear()
            self._dismissed.set()

    def offer_again(self) -> None:
        """The other way is there again: it may take what our broker refuses."""
        if self._drain is not None:
            self._drain.offer_again()

    async def run(self, session: Lent) -> None:
        """Deliver by this session whenever its way is chosen; raises UplinkError when it is of no more use."""
        while True:
            await self._chosen.wait()
            async with self._turn:
                await self._deliver(session)

    async def learn(self, why: str) -> None:
        """The session broke. A record that ends every session is put off, so that those behind it get through."""
        drain, self._drain = self._drain, None
        if drain is None:
            return
        convict = self._suspicion.learn(drain.under_way.values(), loop_s())
        if convict is None:
            return
        text = "three sessions in a row ended over this record; it is put off for a while"
        topic = self._presence.topics.of(convict.record)
        log.error("%s: %s (%s)", topic, text, why)
        await self._tell("uplink.put_off", text, {"topic": topic, "sequence": convict.sequence, "why": why})

    async def _deliver(self, session: Lent) -> None:
        known = self._reach.places if self._settings.confirmed_by == "platform" else {}
        again = self._again_of(session, known)
        drain = self._drain = self._drain_of(session, again, known)
        self._board.repeat_all()  # the broker may have forgotten, or was told by the other way for a while
        try:
            await self._run(drain, again, session)
        finally:
            self._reach.note(*drain.reached)
        self._drain = None

    async def _run(self, drain: Drain, again: Again, session: Lent) -> None:
        async with asyncio.TaskGroup() as group:
            states = group.create_task(self._show_states(session), name="states")
            repeats = group.create_task(again.run(), name="again")
            group.create_task(self._retire(drain), name="retiring")
            await drain.run()
            states.cancel()
            repeats.cancel()

    async def _retire(self, drain: Drain) -> None:
        await self._dismissed.wait()
        drain.retire()

    def _again_of(self, session: Lent, known: Mapping[Lane, int]) -> Again:
        topics = self._presence.topics

        async def send(stored: Stored) -> None:
            event = stored_event(stored, topics.source, self._presence.moment)
            await confirmed(session, topics.of(stored.record), event, self._settings.confirm_timeout_s)

        settings = self._settings
        return Again(settings.confirmed_by, self._outbox, self._answers, settings.again_after_s, send, known)

    def _drain_of(self, session: Lent, again: Again, known: Mapping[Lane, int]) -> Drain:
        patience_s = DETOUR_SHARE * self._settings.confirm_timeout_s
        return Drain(
            Detour(session, self._other, patience_s, partial(self._detoured, session)),
            self._outbox,
            self._presence.topics,
            max(1, min(self._settings.window, session.window - ASIDE)),
            self._settings.confirm_timeout_s,
            self._tell,
            careful=self._suspicion.careful,
            put_off=self._suspicion.put_off(self._outbox.store_id, loop_s()),
            moment=self._presence.moment,
            by_broker=again.by_broker,
            known=known,
        )

    async def _detoured(self, session: Lent, topic: str, error: Rejected) -> None:
        """Said once a session for each channel and code."""
        if not session.is_news(topic, error):
            return
        log.error("refused on %s: %s; it went by the other way", topic, error)
        await self._tell("uplink.refused", str(error), {"topic": topic, "code": error.code, "detour": True})

    async def _show_states(self, session: Lent) -> None:
        while True:
            await self._board.changed.wait()
            for (channel, subject), data in self._board.take().items():
                topic = self._presence.topics.channel(channel, subject)
                event = b"" if data is None else self._presence.live(channel, subject, data)
                await session.say(topic, event, self._settings.confirm_timeout_s, retain=True)
