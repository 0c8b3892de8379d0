"""A broker in memory, as the agent sees one: sessions that confirm, refuse, break, or fall silent."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from agent.errors import Rejected, UplinkError
from agent.session import Incoming, Session, SessionRequest
from simulators.twin_session import TwinSession

FIRST_S = 0.005  # one way to the broker when all is well, and up to as much again


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message that the broker has, and when it came (loop seconds)."""

    at_s: float
    topic: str
    payload: bytes
    retain: bool


@dataclass(slots=True)
class TwinBroker:
    """What every platform subscriber would see is in `arrived` and `retained`; `say` speaks to the gateways.

    The rest is what can go wrong. `up` False refuses connections; `login_code` refuses logins with that reason
    code; `way_s` is the time of a message one way; `confirms` False loses every PUBACK though the messages
    arrive; `rejects` maps a part of a topic to the reason code with which such messages are refused; `deaf_code`
    refuses subscriptions.
    """

    dice: random.Random
    up: bool = True
    login_code: int = 0
    deaf_code: int = 0
    way_s: float = FIRST_S
    confirms: bool = True
    window: int = 20
    rejects: dict[str, int] = field(default_factory=dict)
    arrived: list[Arrived] = field(default_factory=list)
    retained: dict[str, bytes] = field(default_factory=dict)
    on_arrival: Callable[[Arrived], None] | None = None
    connects: int = 0
    _sessions: dict[str, TwinSession] = field(default_factory=dict)
    _cut: bool = False

    @property
    def connected(self) -> bool:
        """Somebody has a session."""
        return bool(self._sessions)

    async def open(self, request: SessionRequest) -> Session:
        """What `Host.open_session` is in virtual time."""
        await asyncio.sleep(2 * self.delay_s())
        if self._cut:
            await asyncio.sleep(request.connect_timeout_s)
            raise UplinkError("no answer")
        if not self.up:
            raise UplinkError("connection refused")
        if self.login_code:
            raise Rejected(self.login_code)
        if (older := self._sessions.pop(request.client_id, None)) is not None:
            older.end("taken over")
        self.connects += 1
        session = self._sessions[request.client_id] = TwinSession(self, request)
        for topic, payload in self.retained.items():
            session.hear(Incoming(topic, payload, True))
        return session

    def say(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """Somebody publishes to the gateways; whoever has no session does not hear it, unless it is retained."""
        if not self.up:
            return
        if retain:
            self.retained[topic] = payload
        for session in self._sessions.values():
            session.hear(Incoming(topic, payload, retain))

    def stop(self) -> None:
        """The broker goes down; its sessions and their wills do not survive that."""
        self.up = False
        for session in list(self._sessions.values()):
            session.end("the broker is gone", will=False)

    def start(self, *, forgetful: bool = False) -> None:
        """The broker is back, with what it retained or, when it was not kept on disk, without."""
        self.up = True
        if forgetful:
            self.retained.clear()

    def drop(self) -> None:
        """Every link breaks, and both sides learn it: what was under way is lost."""
        for session in list(self._sessions.values()):
            session.end("the link is lost")

    def cut(self) -> None:
        """Nothing passes any more, and nobody says so; given up after one and a half keep-alives."""
        self._cut = True
        for session in self._sessions.values():
            session.fall_silent()

    def mend(self) -> None:
        """The cable is put back; what TCP still held passes now."""
        self._cut = False
        for session in list(self._sessions.values()):
            session.speak_again()

    # --- for sessions -------------------------------------------------------------------------------

    def delay_s(self) -> float:
        """One way, once."""
        return self.way_s * (1.0 + self.dice.random())

    def take(self, topic: str, payload: bytes, retain: bool) -> None:
        """A message has arrived and is handed to the subscribers."""
        message = Arrived(asyncio.get_running_loop().time(), topic, payload, retain)
        self.arrived.append(message)
        if retain:
            self.retained[topic] = payload
        if self.on_arrival is not None:
            self.on_arrival(message)

    def refusal(self, topic: str) -> int:
        """The reason code with which this topic is refused, or 0."""
        return next((code for part, code in self.rejects.items() if part in topic), 0)

    def forget(self, session: TwinSession) -> None:
        """The session is over."""
        if self._sessions.get(session.request.client_id) is session:
            del self._sessions[session.request.client_id]
