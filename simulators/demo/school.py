"""The demo school: field, broker, gateway and platform, each started, watched and put away again."""

import asyncio
import contextlib
import random
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from agent.language import tr
from simulators.at_rest import bring_to_rest
from simulators.broker import HOST, OwnBroker
from simulators.broker_gate import BrokerGate
from simulators.child import ChildFailed
from simulators.demo.control import Control, ControlFailed, unseen
from simulators.demo.gateway import gateway_child, topics_of, write_config
from simulators.demo.subscriber import Subscriber
from simulators.field import Field
from simulators.field_file import read_lines
from simulators.platform import Arrival, Platform
from simulators.real_field import RealField, real_field
from simulators.scenario import Order, Request, Value
from simulators.scenario_file import read_yaml
from simulators.scenario_play import set_up

T = TypeVar("T")

READY_S = 60.0  # a small board needs seconds to import everything
BROKER_S = 5.0
CATCH_UP_S = 5.0
POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Plan:
    """What to start: whose configuration, in which directory, from which state of the field, at whose broker."""

    gateway: Path
    broker: Path
    directory: Path
    start: dict[str, Value]
    given_broker: tuple[str, int] | None = None


class School:
    """The stage of the story, and all that runs on it."""

    def __init__(self, plan: Plan, real: RealField, platform: Platform, heard: Callable[[Arrival], None]) -> None:
        self.real = real
        self.platform = platform
        self.broker_up = True
        self.own = None if plan.given_broker else OwnBroker(plan.broker, plan.directory)
        self.gate = BrokerGate(HOST, self.address)
        self.control = Control(plan.directory / "run" / "control.sock")
        self.config = plan.directory / "gateway.yaml"
        self.gateway = gateway_child(self.config, plan.directory)
        self.document: dict[str, Any] = {}
        self.subscriber: Subscriber
        self._plan = plan
        self._heard = heard

    @property
    def field(self) -> Field:
        """The devices."""
        return self.real.field

    @property
    def kinds(self) -> dict[str, str]:
        """Every device's kind."""
        return {device["id"]: device["kind"] for device in self.document["devices"]}

    def address(self) -> tuple[str, int] | None:
        """Where the broker is at present, for MQTT 5."""
        return self._plan.given_broker if self.own is None else self.own.address

    async def follow(self) -> None:
        """Ports appear and vanish as the field says."""
        await self.real.follow()

    async def order(self, order: Order) -> None:
        """An operator at the gateway."""
        await self.control.order(order)

    async def request(self, request: Request) -> None:
        """Somebody at the gateway asks for something."""
        await self.control.ask(**request.model_dump())

    async def switch_broker(self, up: bool) -> None:
        """It goes when it has passed on all that it took, and takes the gateway when the platform is there.

        Both because it remembers nothing: what it had confirmed would be lost with it, or told to nobody. A
        broker that is not ours is left alone; only the way to it is closed.
        """
        if up:
            if self.own is not None:
                await self.own.start()
            await self._broker_takes_us()
            await self.gate.open()
            self.broker_up = True
            return
        self.broker_up = False
        await self.gate.close()
        if self.own is not None:
            await self.subscriber.catch_up(CATCH_UP_S)
            await self.own.stop()
            self.subscriber.there.clear()  # the news that its link is lost may still be on the way

    async def start(self, things: AsyncExitStack) -> None:
        """Start broker, platform and gateway; raises ChildFailed. `things` puts them away."""
        if self.own is not None:
            things.push_async_callback(self.own.stop)
            await self.own.start()
        things.push_async_callback(self.gate.close)
        await self.gate.open()
        self.document = write_config(self._plan.gateway, self.config, (HOST, self.gate.port), self.real.ports)
        self.subscriber = Subscriber(self.address, topics_of(self.document), self.platform, self._heard)
        await things.enter_async_context(running(self.subscriber.run()))
        await self._broker_takes_us()
        things.push_async_callback(self.gateway.stop)
        await self.gateway.start()

    async def _broker_takes_us(self) -> None:
        try:
            async with asyncio.timeout(BROKER_S):
                await self.subscriber.there.wait()
        except TimeoutError:
            host, port = self.address() or ("?", 0)
            what = tr("the broker at {host}:{port} does not take the platform", host=host, port=port)
            raise ChildFailed(f"{what}: {self.subscriber.why}") from None

    async def ready(self) -> None:
        """Wait until the gateway has read every device and the platform has heard of it; raises ChildFailed."""
        try:
            async with asyncio.timeout(READY_S):
                await self._watching()
        except TimeoutError:
            late = tr("the gateway is not ready after {seconds:g} s", seconds=READY_S)
            raise ChildFailed(self.gateway.said(late)) from None

    def guards(self) -> list[Coroutine[Any, Any, None]]:
        """Each of these raises when a part ends that should not."""
        brokers = [self.own.ended()] if self.own is not None else []
        return [self.gateway.ended(), self.real.failed(), *brokers]

    async def heartbeat(self) -> dict[str, Any]:
        """What the gateway says of itself now."""
        beat: dict[str, Any] = (await self.control.ask("status"))["heartbeat"]
        return beat

    async def drained(self, within_s: float) -> dict[str, Any]:
        """Wait until nothing waits in the outbox and the platform has it all; returns the outbox by lane."""
        ends_s = asyncio.get_running_loop().time() + within_s
        while True:
            lanes: dict[str, Any] = (await self.heartbeat())["outbox"]
            if self._all_here(lanes) or asyncio.get_running_loop().time() > ends_s:
                return lanes
            await asyncio.sleep(POLL_S)

    def _all_here(self, lanes: dict[str, Any]) -> bool:
        confirmed = sum(lane["confirmed"] for lane in lanes.values())
        here = sum(self.platform.records(store) for store in self.platform.stores)
        return here == confirmed and not any(lane["depth"] for lane in lanes.values())

    async def _watching(self) -> None:
        while True:
            with contextlib.suppress(ControlFailed):  # its socket comes when it has started
                if self.platform.statuses and not unseen(await self.control.ask("alarms")):
                    return
            await asyncio.sleep(POLL_S)


@asynccontextmanager
async def open_school(plan: Plan, platform: Platform, heard: Callable[[Arrival], None]) -> AsyncIterator[School]:
    """Everything started, in the order in which it is needed; whatever happens, all of it is put away."""
    lines, document = read_lines(plan.gateway), read_yaml(plan.gateway)
    async with AsyncExitStack() as things:
        real = await things.enter_async_context(
            real_field(lines, random.Random(), root=plan.directory, other_ports=True)
        )
        real.field.utc_s = time.time
        bring_to_rest(real.field, document, lines)
        set_up(real.field, plan.start)
        school = School(plan, real, platform, heard)
        await school.start(things)
        yield school


@asynccontextmanager
async def running(what: Coroutine[Any, Any, T]) -> AsyncIterator[asyncio.Task[T]]:
    """A task that ends with the block."""
    task = asyncio.create_task(what)
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
