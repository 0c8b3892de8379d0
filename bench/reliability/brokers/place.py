"""A guard room with two buttons on one line, its gateway as a process, a broker, and the platform."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from agent.cli.status import screen
from bench.errors import BenchError
from bench.reliability.brokers.between import Between
from bench.reliability.brokers.broker import CaseBroker
from bench.reliability.brokers.certificates import Certificates
from bench.reliability.brokers.ear import Ear
from bench.reliability.brokers.relay import Relay
from bench.reliability.brokers.ways import Way, open_way
from bench.reliability.buttons import BUTTONS, two_buttons
from bench.reliability.gateway import Gateway
from bench.waiting import comes
from simulators.demo.school import running
from simulators.platform import Arrival, Platform
from simulators.platform_desk import PlatformDesk
from simulators.real_field import RealField

READY_S = 60.0
HELD_S = (0.35, 0.8)  # long enough to be read in every cycle of so short a line


@dataclass(slots=True)
class Place:
    """What a case plays on; `pressed` is how often each button changed, `heard` how often that was told."""

    way: Way
    broker: CaseBroker
    gateway: Gateway
    ear: Ear
    platform: Platform
    desk: PlatformDesk
    real: RealField
    dice: random.Random
    pressed: Counter[str] = field(default_factory=Counter)
    heard: Counter[str] = field(default_factory=Counter)

    @property
    def relay(self) -> Relay:
        """The link between two hosts."""
        assert self.way.relay is not None
        return self.way.relay

    @property
    def between(self) -> Between:
        """The man in the middle."""
        assert self.way.between is not None
        return self.way.between

    @property
    def certificates(self) -> Certificates:
        """The broker's."""
        assert self.way.certificates is not None
        return self.way.certificates

    def take(self, arrival: Arrival) -> None:
        """The platform has this."""
        self.desk.heard(arrival)
        alarm = arrival.alarm
        if alarm is not None and not arrival.duplicate and alarm.change in ("raised", "cleared"):
            self.heard[alarm.device] += 1

    async def press(self) -> None:
        """Somebody presses and lets go, again and again, at one button and the other, for ever."""
        states = dict.fromkeys(BUTTONS, False)
        while True:
            device = self.dice.choice(list(BUTTONS))
            states[device] = not states[device]
            self.real.field.set(BUTTONS[device], states[device])
            self.pressed[device] += 1
            await asyncio.sleep(self.dice.uniform(*HELD_S))

    async def status(self) -> str:
        """What a technician sees."""
        answer = await self.gateway.answers()
        return "\n".join(screen(answer)) if answer else ""

    async def all_arrived(self) -> bool:
        """Nothing waits in the gateway, and the platform was told of every change and misses no number."""
        lanes = await self.gateway.lanes()
        empty = bool(lanes) and not any(lane["depth"] for lane in lanes.values())
        return empty and self.heard == self.pressed and not self.platform.gaps()


@asynccontextmanager
async def open_place(directory: Path, kind: str, confirmed_by: str, seed: int) -> AsyncIterator[Place]:
    """Everything started and connected; all of it is put away at the end. Raises BenchError."""
    dice, platform = random.Random(seed), Platform()
    async with AsyncExitStack() as things:
        way = await things.enter_async_context(open_way(kind, directory, dice))
        listener = way.certificates.listener if way.certificates is not None else ()
        broker = CaseBroker(directory, way.broker, listener=listener, before=way.broker_before)
        things.callback(broker.kill)
        await broker.start()
        buttons = two_buttons(directory, way.uplink, confirmed_by, dice, way.gateway_before)
        gateway, real = await things.enter_async_context(buttons)
        ear = Ear(broker.socket, platform, lambda arrival: place.take(arrival))
        desk = PlatformDesk(platform, ear.say, time.time)
        place = Place(way, broker, gateway, ear, platform, desk, real, dice)
        await things.enter_async_context(running(ear.run()))
        await things.enter_async_context(running(desk.run()))
        await gateway.start()
        if not await comes(gateway.connected, READY_S):
            raise BenchError(gateway.said(f"no session within {READY_S:g} s"))
        yield place
