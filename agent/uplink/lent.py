"""A way's session as others use it: what its broker refuses is remembered, and may go by the other way."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from agent.errors import Rejected, UplinkError
from agent.session import Incoming, Session

log = logging.getLogger(__name__)

REFUSALS_MOST = 16  # topics shown; more say nothing new


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a topic was refused, and when the last time (loop seconds)."""

    why: str
    at_s: float


class Lent:
    """A session; `refusals` says why which topics are refused, `proved` is called for each confirmation.

    A way gives the same `refusals` to each of its sessions: some brokers end the link over a refusal, and then
    nobody would ever see it.
    """

    def __init__(
        self, session: Session, proved: Callable[[], None], refusals: dict[str, Refusal] | None = None
    ) -> None:
        self.refusals = {} if refusals is None else refusals
        self._session, self._proved = session, proved

    @property
    def window(self) -> int:
        """The session's own."""
        return self._session.window

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """As the session does it."""
        try:
            await self._session.publish(topic, payload, retain=retain)
        except Rejected as error:
            self.refusals.pop(topic, None)
            now_s = asyncio.get_running_loop().time()
            self.refusals[topic] = Refusal(f"{error} (code {error.code})", now_s)
            if len(self.refusals) > REFUSALS_MOST:
                del self.refusals[next(iter(self.refusals))]
            raise
        self.refusals.pop(topic, None)
        self._proved()

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


class Detour(Lent):
    """The chosen way's session: what its broker refuses goes by the other way, if that one takes it."""

    def __init__(
        self, session: Lent, other: Callable[[], Session | None], patience_s: float, told: Detoured
    ) -> None:
        super().__init__(session, lambda: None)
        self._other, self._patience_s, self._told = other, patience_s, told

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
