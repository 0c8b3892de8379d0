"""Keeps a session to the platform: connect, birth, states, then drain and beat until the link breaks."""

import asyncio
import itertools
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from agent.errors import Rejected, StorageError, UplinkError
from agent.host import Host
from agent.outbox.outbox import Outbox
from agent.records import Instant, Lane, Record
from agent.session import Broker, Inbox, Session, SessionRequest, Will
from agent.site import Site
from agent.uplink.board import Board
from agent.uplink.drain import Drain
from agent.uplink.messages import HeartbeatData, StatusData, live_event
from agent.uplink.suspicion import Suspicion
from agent.uplink.topics import Topics

log = logging.getLogger(__name__)

GOODBYE_S = 2.0
ASIDE = 2  # slots of the far side's window that the board and the heartbeat may need
STEADY_S = 30.0  # a session that broke sooner does not shorten the back-off: two gateways with one name would race

Beat = Callable[[], Awaitable[HeartbeatData]]


@dataclass(slots=True)
class UplinkStatus:
    """How the uplink is; `why` says why it is down, `since_s` is loop time."""

    connected: bool = False
    broker: str = ""
    why: str = "not connected yet"
    since_s: float = 0.0
    reconnects: int = 0


class Uplink:
    """One session at a time, to the first broker of the list that takes us."""

    def __init__(
        self,
        host: Host,
        site: Site,
        topics: Topics,
        outbox: Outbox,
        board: Board,
        heartbeat: Beat,
        versions: Mapping[str, str],
        inbox: Inbox | None = None,
    ) -> None:
        self.status = UplinkStatus()
        self.heartbeat = heartbeat
        self._host, self._site, self._settings = host, site, site.uplink
        self._topics, self._outbox, self._board = topics, outbox, board
        self._versions = dict(versions)
        self._inbox = inbox
        self._wait_s = 0.0
        self._told: set[str] = set()
        self._whys: set[str] = set()
        self._suspicion = Suspicion()

    async def run(self) -> None:
        """Connect and serve for ever; on cancellation say goodbye."""
        for round_number in itertools.count():
            for broker in self._settings.brokers:
                if (session := await self._open(broker)) is not None:
                    await self._serve(session, broker, round_number)
            await self._back_off()

    async def _open(self, broker: Broker) -> Session | None:
        will = Will(self._topics.status, self._status_event(False, "lost"))
        client_id = (
            f"campusgw-{self._site.identity.region}-{self._site.identity.site}-{self._site.identity.gateway}"
        )
        request = SessionRequest(
            broker,
            client_id,
            will,
            self._settings.protocol,
            self._settings.keepalive_s,
            listen=self._topics.commands if self._inbox is not None else "",
        )
        try:
            return await self._host.open_session(request)
        except UplinkError as error:
            self._down(f"{broker.host}:{broker.port}: {error}")
            return None

    async def _serve(self, session: Session, broker: Broker, round_number: int) -> None:
        self._up(broker, round_number)
        use = asyncio.create_task(self._use(session, broker), name="session")
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
            await session.aclose()

    async def _use(self, session: Session, broker: Broker) -> None:
        """Hello, then drain, states and heartbeat side by side until the link is of no more use."""
        drain = self._drain(session)
        try:
            async with asyncio.TaskGroup() as group:
                await self._say_hello(session)
                group.create_task(drain.run(), name="drain")
                group.create_task(self._show_states(session), name="states")
                group.create_task(self._beat(session), name="heartbeat")
                group.create_task(_until_lost(session), name="link")
                if self._inbox is not None:
                    group.create_task(self._listen(session, self._inbox), name="commands")
        except* UplinkError as errors:
            self._down(f"{broker.host}:{broker.port}: {_first(errors)}")
            await self._learn(drain)

    def _drain(self, session: Session) -> Drain:
        return Drain(
            session,
            self._outbox,
            self._topics,
            max(1, min(self._settings.window, session.window - ASIDE)),
            self._settings.confirm_timeout_s,
            self._instant,
            careful=self._suspicion.careful,
            put_off=self._suspicion.put_off(self._outbox.store_id, asyncio.get_running_loop().time()),
            moment=self._host.moment,
        )

    async def _learn(self, drain: Drain) -> None:
        """A record that ends every session is put off, so that those behind it get through."""
        convict = self._suspicion.learn(drain.under_way.values(), asyncio.get_running_loop().time())
        if convict is None:
            return
        text = "three sessions in a row ended over this record; it is put off for a while"
        topic = self._topics.channel(convict.record.lane.channel, convict.record.subject)
        log.error("%s: %s (%s)", topic, text, self.status.why)
        fields = {"topic": topic, "sequence": convict.sequence, "why": self.status.why}
        data = {"event": "uplink.put_off", "text": text, "fields": fields}
        try:
            await self._outbox.append([Record(Lane.EVENT, "event", "uplink", data, self._instant())], {})
        except StorageError as error:
            log.error("cannot record that: %s", error)

    async def _say_hello(self, session: Session) -> None:
        """Birth, and every device's state anew: the broker may have forgotten."""
        await self._publish(session, self._topics.status, self._status_event(True, "connected"), retain=True)
        self._board.repeat_all()

    async def _say_goodbye(self, session: Session) -> None:
        try:
            async with asyncio.timeout(GOODBYE_S):
                await session.publish(self._topics.status, self._status_event(False, "stopped"), retain=True)
        except (UplinkError, TimeoutError) as error:
            log.info("the platform did not hear our goodbye: %s", error)

    async def _show_states(self, session: Session) -> None:
        while True:
            await self._board.changed.wait()
            for device, data in self._board.take().items():
                event = self._live("state", device, data)
                await self._publish(session, self._topics.state(device), event, retain=True)

    async def _beat(self, session: Session) -> None:
        """Only while there is a session; an old heartbeat means nothing, so none is kept."""
        while True:
            data = (await self.heartbeat()).model_dump(mode="json")
            await self._publish(session, self._topics.heartbeat, self._live("heartbeat", "gateway", data))
            await asyncio.sleep(self._settings.heartbeat_s)

    async def _listen(self, session: Session, inbox: Inbox) -> None:
        """Hand on what the platform says; without leave to listen the session still delivers."""
        try:
            while True:
                await inbox(await session.receive())
        except Rejected as error:
            if self._topics.commands not in self._told:
                log.error("no commands are heard on %s: %s", self._topics.commands, error)
            self._told.add(self._topics.commands)

    async def _publish(self, session: Session, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """What is not kept: a refusal is said once a session and costs the others nothing."""
        try:
            async with asyncio.timeout(self._settings.confirm_timeout_s):
                await session.publish(topic, payload, retain=retain)
        except TimeoutError:
            raise UplinkError(f"no confirmation within {self._settings.confirm_timeout_s:g} s") from None
        except Rejected as error:
            if topic not in self._told:
                log.error("refused on %s: %s", topic, error)
            self._told.add(topic)

    def _status_event(self, online: bool, reason: Literal["connected", "stopped", "lost"]) -> bytes:
        identity = self._site.identity
        data = StatusData(
            online=online,
            reason=reason,
            gateway=identity.gateway,
            name=identity.name,
            versions=self._versions,
            config_hash=self._site.config_hash,
        )
        return self._live("status", "gateway", data.model_dump(mode="json"))

    def _live(self, kind: str, subject: str, data: Mapping[str, Any]) -> bytes:
        return live_event(kind, subject, self._topics.source, self._instant(), self._host.boot_id, data)

    def _up(self, broker: Broker, round_number: int) -> None:
        self._told.clear()
        self._whys.clear()
        reconnects = self.status.reconnects + (1 if self.status.broker else 0)
        now_s = asyncio.get_running_loop().time()
        self.status = UplinkStatus(True, f"{broker.host}:{broker.port}", "", now_s, reconnects)
        log.info("connected to %s:%d (round %d)", broker.host, broker.port, round_number)

    def _down(self, why: str) -> None:
        if why not in self._whys:  # with several addresses each has its own, round after round
            log.warning("uplink down: %s", why)
        self._whys.add(why)
        now_s = asyncio.get_running_loop().time()
        since_s = now_s if self.status.connected else self.status.since_s
        if self.status.connected and now_s - self.status.since_s >= STEADY_S:
            self._wait_s = 0.0
        self.status = UplinkStatus(False, self.status.broker, why, since_s, self.status.reconnects)

    async def _back_off(self) -> None:
        """Wait, twice as long each time, with jitter: thousands of gateways must not come back at once."""
        self._wait_s = min(self._settings.backoff_most_s, max(self._settings.backoff_first_s, self._wait_s * 2))
        await asyncio.sleep(self._wait_s * (0.5 + self._host.random.random()))

    def _instant(self) -> Instant:
        utc_s, clock = self._host.wall_clock()
        return Instant(asyncio.get_running_loop().time(), utc_s, clock)


async def _until_lost(session: Session) -> None:
    raise UplinkError(await session.wait_lost())


def _first(errors: BaseExceptionGroup[UplinkError]) -> BaseException:
    error: BaseException = errors
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
