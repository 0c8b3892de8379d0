"""A million telemetry records wait: how soon is the newest alarm through, and what do live alarms feel of it?"""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from agent.outbox.outbox import Outbox
from agent.records import Instant, Lane, Record
from bench.errors import BenchError
from bench.reliability.brokers.broker import CaseBroker
from bench.reliability.brokers.ear import Ear
from bench.reliability.buttons import BUTTONS, two_buttons
from bench.reliability.gateway import Gateway
from bench.waiting import comes
from simulators.demo.school import running
from simulators.platform import Arrival, Platform
from simulators.real_field import RealField

T = TypeVar("T")

RECORDS = 1_000_000
AT_ONCE = 2_000
BOOT = "an earlier boot"
UTC_S = 1_790_000_000.0
TOPICS = ("campus/v1/+/+/+/alarm/+", "campus/v1/+/+/+/status/+")
READY_S = 120.0
PRESS_S = (0.12, 0.2)


async def fill(directory: Path, records: int) -> float:
    """Leave so many telemetry records in a store, as an outage would; returns its megabytes."""

    async def inline(call: Callable[[], T], /) -> T:
        return call()

    outbox = await Outbox.open(
        directory, max_bytes=256 << 20, boot_id=BOOT, offload=inline, telemetry_batch_s=0.001
    )
    dice = random.Random(1)
    for first in range(0, records, AT_ONCE):
        await outbox.telemetry([_record(first + n, dice) for n in range(AT_ONCE)])
        await asyncio.sleep(0.005)  # past its window: written, since nobody confirms
    await outbox.aclose()
    return sum(file.stat().st_size for file in directory.iterdir()) / 1e6


def _record(number: int, dice: random.Random) -> Record:
    at = Instant(1000.0 + number / 25, UTC_S + number / 25, "synchronised")
    numbers = {"temperature": round(20 + dice.random() * 8, 1), "humidity": round(40 + dice.random() * 20, 1)}
    values = {name: {"value": value, "quality": "good"} for name, value in numbers.items()}
    name = f"e{number % 250}"
    body = {
        "device": name,
        "kind": "environment",
        "name": f"温湿度 {name}",
        "location": "教学楼",
        "values": values,
    }
    return Record(Lane.TELEMETRY, "telemetry", name, body, at)


@dataclass(slots=True)
class Guardroom:
    """The gateway with its buttons; `took_s` is how long each change took from the contact to the platform."""

    broker: CaseBroker
    gateway: Gateway
    real: RealField
    dice: random.Random
    born_s: float = 0.0
    took_s: list[float] = field(default_factory=list)
    _changed_s: dict[str, float] = field(default_factory=dict)
    _states: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(BUTTONS, False))

    def take(self, arrival: Arrival) -> None:
        """The platform has this."""
        if arrival.channel == "status" and not self.born_s:
            self.born_s = arrival.at_s
        alarm = arrival.alarm
        if alarm is not None and not arrival.duplicate and alarm.device in self._changed_s:
            self.took_s.append(arrival.at_s - self._changed_s.pop(alarm.device))

    def turn(self, device: str) -> None:
        """A button changes."""
        self._states[device] = not self._states[device]
        self._changed_s[device] = asyncio.get_running_loop().time()
        self.real.field.set(BUTTONS[device], self._states[device])

    async def live(self, seconds: float) -> list[float]:
        """Buttons change for so long, each when its last change has arrived; returns how long each took."""
        self.took_s = []
        ends_s = asyncio.get_running_loop().time() + seconds
        while asyncio.get_running_loop().time() < ends_s:
            if idle := [device for device in BUTTONS if device not in self._changed_s]:
                self.turn(self.dice.choice(idle))
            await asyncio.sleep(self.dice.uniform(*PRESS_S))
        return self.took_s

    async def waiting(self, lane: str) -> int:
        """How many wait in a lane; -1 while it does not answer."""
        lanes = await self.gateway.lanes()
        return lanes[lane]["depth"] if lanes else -1

    async def waits(self, lane: str, count: int) -> bool:
        """Whether just so many wait in a lane."""
        return await self.waiting(lane) == count

    async def arrived_after_birth_s(self, within_s: float) -> float:
        """From the session's birth to the arrival of the alarm that waited; raises BenchError."""
        if not await comes(lambda: self.took_s, within_s):
            raise BenchError(self.gateway.said(f"the alarm did not arrive within {within_s:g} s"))
        return asyncio.get_running_loop().time() - self.born_s


@asynccontextmanager
async def guardroom(directory: Path) -> AsyncIterator[Guardroom]:
    """The gateway runs and reads its buttons; the broker is not there yet. `directory`/state is its store."""
    dice = random.Random(1)
    async with AsyncExitStack() as things:
        broker = CaseBroker(directory)
        things.callback(broker.kill)
        host, port = broker.address
        buttons = two_buttons(directory, f"{{host: {host}, port: {port}}}", "broker", dice)
        gateway, real = await things.enter_async_context(buttons)
        made = Guardroom(broker, gateway, real, dice)
        await things.enter_async_context(running(Ear(broker.socket, Platform(), made.take, TOPICS).run()))
        await gateway.start()
        if not await comes(gateway.lanes, READY_S):
            raise BenchError(gateway.said(f"it does not answer within {READY_S:g} s"))
        yield made
