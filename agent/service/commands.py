"""What the platform orders over MQTT, carried out one by one; each order's result is a record of its own."""

import asyncio
import logging
from collections import deque
from collections.abc import Mapping

from agent.alarms.model import Order
from agent.errors import OrderRefused, StorageError
from agent.host import Host, loop_s
from agent.outbox.outbox import Outbox
from agent.records import Along, event_record
from agent.service.confirmations import Confirmations
from agent.service.done import Done
from agent.service.pace import Pace
from agent.service.pipe import Pipe
from agent.service.room import Answer, Doer
from agent.session import Incoming
from agent.uplink.answers import Answers
from agent.uplink.commands import Acknowledge, Confirm, Now, Refusal, Replay, name_of, parse
from agent.uplink.orders import Ordered

log = logging.getLogger(__name__)

ORDERS_AT_ONCE, ORDERS_PER_S = 256, 1.0  # a panel's 242 detectors are acknowledged with one click
CONFIRMS_AT_ONCE, CONFIRMS_PER_S = 200, 100.0
REFUSALS_AT_ONCE, REFUSALS_PER_S = 32, 1 / 60  # a platform that errs for ever must not wear out the disk
SAID_AGAIN_S = 3600.0  # what has no id is refused once in so long
SAID_MOST = 64


class Commands:
    """`inbox` takes in and never waits; `run` carries out."""

    def __init__(self, pipe: Pipe, outbox: Outbox, host: Host, answers: Answers) -> None:
        self._confirmations = Confirmations(outbox, answers)
        self._pipe, self._outbox, self._host = pipe, outbox, host
        self._done = Done(outbox.states())
        self._doers: dict[type[Ordered], Doer] = {Replay: self._replay, Acknowledge: self._acknowledge}
        self._orders: deque[Ordered | Refusal] = deque()
        self._come = asyncio.Event()
        self._order_pace = Pace(ORDERS_AT_ONCE, ORDERS_PER_S)
        self._confirm_pace = Pace(CONFIRMS_AT_ONCE, CONFIRMS_PER_S)
        self._refusal_pace = Pace(REFUSALS_AT_ONCE, REFUSALS_PER_S)
        self._said: dict[tuple[str, str], float] = {}

    def learn(self, doers: Mapping[type[Ordered], Doer]) -> None:
        """Rooms carry these out."""
        self._doers |= doers

    async def inbox(self, message: Incoming) -> None:
        """Take a message in. Too many are not even read."""
        confirms = message.topic.endswith("/confirm")
        if not (self._confirm_pace if confirms else self._order_pace).allows(loop_s()):
            name, most = ("confirm", CONFIRMS_PER_S) if confirms else ("", ORDERS_PER_S)
            self._take(Refusal(name, "", f"too many: beyond {most:g} a second they are not looked at"))
            return
        self._take(parse(message, Now(*self._host.wall_clock())))

    async def run(self) -> None:
        """Carry out, for ever."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._confirmations.run(), name="confirmations")
            while True:
                while self._orders:
                    await self._carry_out(self._orders.popleft())
                self._come.clear()
                await self._come.wait()

    def _take(self, said: Confirm | Ordered | Refusal) -> None:
        if isinstance(said, Confirm):
            self._confirmations.note(said)
        elif len(self._orders) < ORDERS_AT_ONCE and not (isinstance(said, Refusal) and self._is_said(said)):
            self._orders.append(said)
            self._come.set()

    async def _carry_out(self, order: Ordered | Refusal) -> None:
        """An order that was answered is not carried out again. One that could not be stored has no answer."""
        if order.id in self._done:
            log.info("command %r was answered before", order.id)
            return
        try:
            await self._do(order)
        except OrderRefused as error:
            await self._refuse(Refusal(_name(order), order.id, str(error)))
        except StorageError as error:
            log.error("command %s %r: the disk does not take its result: %s", _name(order), order.id, error)

    async def _do(self, order: Ordered | Refusal) -> None:
        if isinstance(order, Refusal):
            await self._refuse(order)
            return
        if (do := self._doers.get(type(order))) is None:
            raise OrderRefused("this gateway's configuration has nothing that this order is for")
        await do(order, self._answer_to(order))
        self._done.add(order.id)

    def _answer_to(self, order: Ordered) -> Answer:
        """One transaction: what changes, and the answer with its mark."""

        def answer(text: str, fields: Mapping[str, object]) -> Along:
            named = {"id": order.id, "name": name_of(order), **fields}
            done = event_record("command.done", text, named, self._host.instant())
            return Along((done,), self._done.state(order.id))

        return answer

    async def _replay(self, order: Replay, answer: Answer) -> None:
        """Records wait again; what has left the store is named, so that the platform can stop asking."""
        if not self._outbox.knows(order.store):
            here = self._outbox.store_id
            raise OrderRefused("no store {store} is here; this one is {here}", store=repr(order.store), here=here)
        if order.first > order.last:
            raise OrderRefused("the span runs backwards")
        found = await self._outbox.replay(order.store, order.first, order.last)
        what = f"{found.again} records are sent again, {found.waiting} wait anyway"
        span = {"store": order.store, "first": order.first, "last": order.last}
        result = {"again": found.again, "waiting": found.waiting, "gone": [list(span) for span in found.gone]}
        along = answer(what, span | result)
        await self._outbox.append(along.records, along.states)

    async def _acknowledge(self, order: Acknowledge, answer: Answer) -> None:
        """The alarm's new state and its record with person and reason."""
        wish = Order("acknowledge", order.condition, order.person, order.address, order.reason)
        fields = order.model_dump(include={"device", "condition", "address", "person"})
        await self._pipe.operate(order.device, wish, answer("the alarm is acknowledged", fields))

    async def _refuse(self, refusal: Refusal) -> None:
        """Say why; an id has one answer, also where it is a refusal."""
        log.warning("command %s %r is refused: %s", refusal.name, refusal.id, refusal.why)
        if not self._refusal_pace.allows(loop_s()):
            return
        fields = {"id": refusal.id, "name": refusal.name, "why": refusal.why}
        record = event_record("command.refused", refusal.why, fields, self._host.instant())
        await self._outbox.append([record], self._done.state(refusal.id) if refusal.id else {})
        if refusal.id:
            self._done.add(refusal.id)

    def _is_said(self, refusal: Refusal) -> bool:
        """What has no id, or comes again with every session, is refused once in a while for each reason."""
        if refusal.id:
            return False
        about, now_s = (refusal.name, refusal.why), loop_s()
        if now_s - self._said.get(about, float("-inf")) < SAID_AGAIN_S:
            return True
        self._said.pop(about, None)
        self._said[about] = now_s
        if len(self._said) > SAID_MOST:
            del self._said[next(iter(self._said))]
        return False


def _name(order: Ordered | Refusal) -> str:
    return order.name if isinstance(order, Refusal) else name_of(order)
