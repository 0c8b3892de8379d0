"""One connection to the broker in memory."""

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

from agent.errors import Rejected, UplinkError
from agent.session import Incoming, SessionRequest

if TYPE_CHECKING:
    from simulators.twin_broker import TwinBroker

APART_S = 1e-6  # MQTT keeps the order within a session
SILENCE = 1.5  # keep-alives without a sign of life, then a session is over (MQTT 5, 3.1.2.10)


@dataclass(frozen=True, slots=True)
class _Sent:
    """A publish under way, and who waits for its PUBACK."""

    topic: str
    payload: bytes
    retain: bool
    confirmed: asyncio.Future[None]


class TwinSession:
    """One connection; at most `window` publishes wait for their PUBACK, or the agent broke the protocol."""

    def __init__(self, broker: "TwinBroker", request: SessionRequest) -> None:
        self.request = request
        self.window = broker.window
        self._broker = broker
        self._loop = asyncio.get_running_loop()
        self._lost: asyncio.Future[str] = self._loop.create_future()
        self._waiting: dict[asyncio.Future[None], None] = {}
        self._held: list[_Sent] = []
        self._heard: asyncio.Queue[Incoming | None] = asyncio.Queue()
        self._untold: list[Incoming] = []
        self._silent: asyncio.TimerHandle | None = None
        self._arrives_s = 0.0
        self._hears_s = 0.0

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

    async def receive(self) -> Incoming:
        """The next message on the topics that were asked for."""
        if self._broker.deaf_code:
            raise Rejected(self._broker.deaf_code)
        if (message := await self._heard.get()) is None:
            self._heard.put_nowait(None)
            raise UplinkError(self._lost.result())
        return message

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
        self._heard.put_nowait(None)
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
        untold, self._untold = self._untold, []
        for message in untold:
            self._heard.put_nowait(message)

    def hear(self, message: Incoming) -> None:
        """The broker has this for whoever asked for its topic."""
        if not _fits(self.request.listen, message.topic):
            return
        self._hears_s = max(self._hears_s + APART_S, self._loop.time() + self._broker.delay_s())
        self._loop.call_at(self._hears_s, self._take_in, message)

    def _take_in(self, message: Incoming) -> None:
        if self._silent is not None:
            self._untold.append(message)
        elif not self._lost.done():
            self._heard.put_nowait(message)

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


def _fits(wanted: str, topic: str) -> bool:
    """Whether a filter with `+` for a whole segment takes this topic."""
    asked, given = wanted.split("/"), topic.split("/")
    return len(asked) == len(given) and all(a in ("+", g) for a, g in zip(asked, given, strict=True))
