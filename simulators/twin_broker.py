"""A broker in memory, as the agent sees one: sessions that confirm, refuse, break, or fall silent."""

import asyncio
import random
from collections.abc import Callable
from dataclasses import dataclass, field

from agent.errors import Rejected, UplinkError
from agent.session import Session, SessionRequest

FIRST_S = 0.005  # one way to the broker when all is well, and up to as much again
APART_S = 1e-6  # MQTT keeps the order within a session
SILENCE = 1.5  # keep-alives without a sign of life, then a session is over (MQTT 5, 3.1.2.10)


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message that the broker has, and when it came (loop seconds)."""

    at_s: float
    topic: str
    payload: bytes
    retain: bool


@dataclass(slots=True)
class TwinBroker:
    """What every platform subscriber would see is in `arrived` and `retained`; the rest is what can go wrong.

    `up` False refuses connections; `login_code` refuses logins with that reason code; `way_s` is the time of
    a message one way; `confirms` False loses every PUBACK though the messages arrive; `rejects` maps a part
    of a topic to the reason code with which such messages are refused.
    """

    dice: random.Random
    up: bool = True
    login_code: int = 0
    way_s: float = FIRST_S
    confirms: bool = True
    window: int = 20
    rejects: dict[str, int] = field(default_factory=dict)
    arrived: list[Arrived] = field(default_factory=list)
    retained: dict[str, bytes] = field(default_factory=dict)
    on_arrival: Callable[[Arrived], None] | None = None
    connects: int = 0
    _sessions: dict[str, "TwinSession"] = field(default_factory=dict)
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
        return session

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

    def forget(self, session: "TwinSession") -> None:
        """The session is over."""
        if self._sessions.get(session.request.client_id) is session:
            del self._sessions[session.request.client_id]


@dataclass(frozen=True, slots=True)
class _Sent:
    """A publish under way, and who waits for its PUBACK."""

    topic: str
    payload: bytes
    retain: bool
    confirmed: asyncio.Future[None]


class TwinSession:
    """One connection; at most `window` publishes wait for their PUBACK, or the agent broke the protocol."""

    def __init__(self, broker: TwinBroker, request: SessionRequest) -> None:
        self.request = request
        self.window = broker.window
        self._broker = broker
        self._loop = asyncio.get_running_loop()
        self._lost: asyncio.Future[str] = self._loop.create_future()
        self._waiting: dict[asyncio.Future[None], None] = {}
        self._held: list[_Sent] = []
        self._silent: asyncio.TimerHandle | None = None
        self._arrives_s = 0.0

    async def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> None:
        """QoS 1: returns when this very message is confirmed."""
        if self._lost.done():
            raise UplinkError(self._lost.result())
        confirmed: asyncio.Future[None] = self._loop.create_future()
        self._waiting[confirmed] = None
        if len(self._waiting) > self.window:
            raise AssertionError(f"{len(self._waiting)} messages unconfirmed, {self.window} are allowed")
        self._send(_Sent(topic, payload, retain, confirmed))
        try:
            await confirmed
        finally:
            self._waiting.pop(confirmed, None)

    async def wait_lost(self) -> str:
        """Wait until the session is lost; returns why."""
        return await asyncio.shield(self._lost)

    async def aclose(self) -> None:
        """Say goodbye: no will is published."""
        if not self._lost.done():
            self.end("closed", will=False)
        await asyncio.sleep(0)

    def end(self, why: str, *, will: bool = True) -> None:
        """The session is over, for both sides."""
        if self._lost.done():
            return
        self._lost.set_result(why)
        self._broker.forget(self)
        if self._silent is not None:
            self._silent.cancel()
        for confirmed in self._waiting:
            if not confirmed.done():
                confirmed.set_exception(UplinkError(why))
        if will:
            self._broker.take(self.request.will.topic, self.request.will.payload, True)

    def fall_silent(self) -> None:
        """Nothing passes until `speak_again`."""
        patience_s = SILENCE * self.request.keepalive_s
        self._silent = self._loop.call_later(patience_s, self.end, "no sign of life")

    def speak_again(self) -> None:
        """What was sent meanwhile passes now."""
        if self._silent is not None:
            self._silent.cancel()
            self._silent = None
        held, self._held = self._held, []
        for sent in held:
            self._send(sent)

    def _send(self, sent: _Sent) -> None:
        self._arrives_s = max(self._arrives_s + APART_S, self._loop.time() + self._broker.delay_s())
        self._loop.call_at(self._arrives_s, self._arrive, sent)

    def _arrive(self, sent: _Sent) -> None:
        if self._silent is not None:
            self._held.append(sent)
        if self._silent is not None or self._lost.done():
            return
        if not (code := self._broker.refusal(sent.topic)):
            self._broker.take(sent.topic, sent.payload, sent.retain)
        if self._broker.confirms:
            self._loop.call_later(self._broker.delay_s(), self._confirm, sent.confirmed, code)

    def _confirm(self, confirmed: asyncio.Future[None], code: int) -> None:
        if confirmed.done() or self._lost.done() or self._silent is not None:
            return
        if code:
            confirmed.set_exception(Rejected(code))
        else:
            confirmed.set_result(None)
