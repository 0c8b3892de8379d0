"""A way's session as others use it: what its broker refuses is remembered, and may go by the other way."""

import asyncio
import logging
from collections.abc import Awaitable, Callable

from agent.errors import Rejected, UplinkError
from agent.host import loop_s
from agent.session import Incoming, Publisher, Session
from agent.uplink.history import History
from agent.uplink.topics import channel_of

log = logging.getLogger(__name__)


class Lent:
    """A session; `history` learns what is refused and taken, `proved` is called for each confirmation."""

    def __init__(self, session: Session, history: History, proved: Callable[[], None]) -> None:
        self._session, self._history, self._proved = session, history, proved
        self._refused: set[tuple[str, int]] = set()

    @property
    def window(self) -> int:
        """The session's own."""
        return self._session.window

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """As the session does it."""
        try:
            await self._session.publish(topic, payload, retain=retain)
        except Rejected as error:
            now_s = loop_s()
            self._history.refused(topic, f"{error} (code {error.code})", now_s)
            raise
        self._history.taken(topic)
        self._proved()

    async def say(self, topic: str, payload: bytes, within_s: float, *, retain: bool = False) -> None:
        """Publish what is not kept: a refusal is logged, and costs the others nothing."""
        try:
            await confirmed(self, topic, payload, within_s, retain=retain)
        except Rejected as error:
            if self.is_news(topic, error):
                log.error("refused on %s: %s", topic, error)

    def is_news(self, topic: str, error: Rejected) -> bool:
        """Whether this is the first refusal of its channel and code in this session."""
        about = (channel_of(topic), error.code)
        known = about in self._refused
        self._refused.add(about)
        return not known

    async def receive(self) -> Incoming:
        """As the session does it."""
        return await self._session.receive()

    async def wait_lost(self) -> str:
        """As the session does it."""
        return await self._session.wait_lost()

    async def aclose(self) -> None:
        """As the session does it."""
        await self._session.aclose()


Detoured = Callable[[str, Rejected], Awaitable[None]]


class Detour:
    """The chosen way's session: what its broker refuses goes by the other way, if that one takes it."""

    def __init__(
        self, session: Publisher, other: Callable[[], Publisher | None], patience_s: float, told: Detoured
    ) -> None:
        self._session, self._other, self._patience_s, self._told = session, other, patience_s, told

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Publish here or there; raises what was said here when nobody takes it."""
        try:
            await self._session.publish(topic, payload, retain=retain)
        except Rejected as error:
            if not await self._taken(topic, payload, retain):
                raise
            await self._told(topic, error)

    async def _taken(self, topic: str, payload: bytes, retain: bool) -> bool:
        if (other := self._other()) is None:
            return False
        try:
            async with asyncio.timeout(self._patience_s):
                await other.publish(topic, payload, retain=retain)
        except (UplinkError, TimeoutError) as error:
            log.info("the other way does not take %s either: %s", topic, error or "no confirmation")
            return False
        return True


async def confirmed(by: Publisher, topic: str, payload: bytes, within_s: float, *, retain: bool = False) -> None:
    """Publish; raises UplinkError when the confirmation does not come in time: the session is of no more use."""
    try:
        async with asyncio.timeout(within_s):
            await by.publish(topic, payload, retain=retain)
    except TimeoutError:
        raise UplinkError(f"no confirmation within {within_s:g} s") from None
