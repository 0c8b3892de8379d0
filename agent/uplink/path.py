"""One way to the platform: a session to the first broker of its list that takes us, kept up for ever.

Every way says hello and beats; alarms and states go by the one that is chosen.
"""

import asyncio
import itertools
import logging
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from agent.errors import Rejected, UplinkError
from agent.host import Host, loop_s
from agent.session import Broker, Inbox, SessionRequest
from agent.site import UplinkSettings
from agent.uplink.delivery import Delivery
from agent.uplink.history import History, PathStatus
from agent.uplink.lent import Lent
from agent.uplink.presence import Presence

log = logging.getLogger(__name__)

GOODBYE_S = 2.0
HURRY_S = 1.0  # thousands of gateways whose way fails at the same moment come back within this, not all at once
STANDBY_BEAT_S = 30.0  # a way that stands by says something so often, or its loss would not be noticed
STEADY_S = 30.0  # a session that broke sooner does not shorten the back-off: two gateways with one name would race


@dataclass(frozen=True, slots=True)
class WayPlan:
    """Which way: its name, whom it calls, under what name, by which interface; whether others stand beside it."""

    name: str
    brokers: tuple[Broker, ...]
    client_id: str
    interface: str | None
    alone: bool


class Watcher(Protocol):
    """Who chooses among the ways."""

    def way_up(self, way: str) -> None:
        """It has a session, and said hello."""

    def way_proved(self, way: str) -> None:
        """It confirmed something."""

    def way_failed(self, way: str) -> None:
        """Its session is lost, or none could be opened."""


class Path:
    """One session at a time."""

    def __init__(
        self,
        plan: WayPlan,
        host: Host,
        settings: UplinkSettings,
        presence: Presence,
        delivery: Delivery,
        inbox: Inbox | None,
        watcher: Watcher,
    ) -> None:
        self.name = plan.name
        self.history = History(loop_s())
        self.session: Lent | None = None
        self._plan, self._host, self._settings, self._presence = plan, host, settings, presence
        self._delivery, self._inbox, self._watcher = delivery, inbox, watcher
        self._topics = presence.topics
        self._hurry = asyncio.Event()
        self._wait_s = 0.0
        self._whys: set[str] = set()

    @property
    def status(self) -> PathStatus:
        """How it is now."""
        return self.history.status

    async def run(self) -> None:
        """Connect and serve for ever; on cancellation say goodbye."""
        for round_number in itertools.count():
            for broker in self._plan.brokers:
                if (session := await self._open(broker)) is not None:
                    await self._serve(session, broker, round_number)
            await self._back_off()

    def choose(self, chosen: bool) -> None:
        """From now on alarms and states go this way, or another one."""
        self._delivery.choose(chosen)

    def offer_again(self) -> None:
        """The other way is there again."""
        self._delivery.offer_again()

    def hurry(self) -> None:
        """The other way failed: do not wait for the end of a back-off."""
        self._hurry.set()

    async def _open(self, broker: Broker) -> Lent | None:
        request = SessionRequest(
            broker,
            self._plan.client_id,
            self._presence.will(),
            self._settings.protocol,
            self._settings.keepalive_s,
            listen=self._topics.commands if self._inbox is not None else "",
            interface=self._plan.interface,
        )
        try:
            session = await self._host.open_session(request)
        except UplinkError as error:
            self._down(broker, str(error))
            return None
        return Lent(session, self.history, lambda: self._watcher.way_proved(self.name))

    async def _serve(self, session: Lent, broker: Broker, round_number: int) -> None:
        use = asyncio.create_task(self._use(session, broker, round_number), name=f"session {self.name}")
        try:
            # Not `await use`: before Python 3.13 a TaskGroup that fails forgets that it was cancelled as well.
            await asyncio.wait({use})
            use.result()
        except asyncio.CancelledError:
            use.cancel()
            await asyncio.wait({use})
            await self._say_goodbye(session)
            raise
        finally:
            if self.session is session:  # a part failed, or we are told to stop
                self._down(broker, "the session was given up")
            await session.aclose()

    async def _use(self, session: Lent, broker: Broker, round_number: int) -> None:
        """Hello, then delivery and heartbeat side by side until the link is of no more use."""
        try:
            async with asyncio.TaskGroup() as group:
                await self._say_hello(session)
                self._up(session, broker, round_number)
                group.create_task(self._delivery.run(session), name="delivery")
                group.create_task(self._beat(session), name="heartbeat")
                group.create_task(_until_lost(session), name="link")
                if self._inbox is not None:
                    group.create_task(self._listen(session, self._inbox), name="commands")
        except* UplinkError as errors:
            self._down(broker, str(_first(errors)))
            await self._delivery.learn(self.status.why)

    async def _say_hello(self, session: Lent) -> None:
        hello = self._presence.status(True, "connected")
        await session.say(self._topics.status, hello, self._settings.confirm_timeout_s, retain=True)

    async def _say_goodbye(self, session: Lent) -> None:
        try:
            async with asyncio.timeout(GOODBYE_S):
                stopped = self._presence.status(False, "stopped")
                await session.publish(self._topics.status, stopped, retain=True)
        except (UplinkError, TimeoutError) as error:
            log.info("the platform did not hear our goodbye: %s", error)

    async def _beat(self, session: Lent) -> None:
        """Only while there is a session; an old heartbeat means nothing, so none is kept."""
        alone = self._plan.alone
        rest_s = self._settings.heartbeat_s if alone else min(STANDBY_BEAT_S, self._settings.heartbeat_s)
        while True:
            heartbeat = await self._presence.heartbeat()
            await session.say(self._topics.heartbeat, heartbeat, self._settings.confirm_timeout_s)
            await asyncio.sleep(rest_s)

    async def _listen(self, session: Lent, inbox: Inbox) -> None:
        """Hand on what the platform says; without leave to listen the session still delivers."""
        try:
            while True:
                await inbox(await session.receive())
        except Rejected as error:
            log.error("refused on %s: %s", self._topics.commands, error)

    def _up(self, session: Lent, broker: Broker, round_number: int) -> None:
        """Only now: a broker that lets us in and confirms nothing is none."""
        self._whys.clear()
        self.history.up(_where(broker), loop_s())
        self.session = session
        log.info("connected to %s (%s, round %d)", _where(broker), self.name, round_number)
        self._watcher.way_up(self.name)

    def _down(self, broker: Broker, why: str) -> None:
        if (said := f"{_where(broker)}: {why}") not in self._whys:  # each address has its own, round after round
            log.warning("uplink down: %s", said)
        self._whys.add(said)
        before, now_s = self.status, loop_s()
        if before.connected and now_s - before.since_s >= STEADY_S:
            self._wait_s = 0.0
        self.session = None
        self.history.down(_where(broker), why, now_s)
        self._watcher.way_failed(self.name)

    async def _back_off(self) -> None:
        """Wait, twice as long each time, with jitter: thousands of gateways must not come back at once."""
        self._wait_s = min(self._settings.backoff_most_s, max(self._settings.backoff_first_s, self._wait_s * 2))
        dice = self._host.random.random()
        self._hurry.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(self._wait_s * (0.5 + dice)):
                await self._hurry.wait()
                await asyncio.sleep(HURRY_S * dice)


def _where(broker: Broker) -> str:
    return f"{broker.host}:{broker.port}"


async def _until_lost(session: Lent) -> None:
    raise UplinkError(await session.wait_lost())


def _first(errors: BaseExceptionGroup[UplinkError]) -> BaseException:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
