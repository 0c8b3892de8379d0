"""A guard room with two buttons on one line, its gateway as a process, a broker, and the platform."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.cli.status import screen
from bench.errors import BenchError
from bench.reliability.brokers.between import Between
from bench.reliability.brokers.broker import Mosquitto
from bench.reliability.brokers.certificates import Certificates
from bench.reliability.brokers.ear import Ear
from bench.reliability.brokers.relay import Relay
from bench.reliability.brokers.ways import Way, open_way
from simulators.child import Child
from simulators.demo.control import Control, ControlFailed
from simulators.demo.school import running
from simulators.field_file import read_lines
from simulators.platform import Arrival, Platform
from simulators.platform_desk import PlatformDesk
from simulators.real_field import RealField, real_field

READY_S = 60.0
POLL_S = 0.05
HELD_S = (0.35, 0.8)  # long enough to be read in every cycle of so short a line
BUTTONS = {"panic-gate": "gate-io.di2", "panic-dorm": "gate-io.di3"}
CLIENT_ID = "campusgw-430102-4301020001-gw-1"

CONFIG = """\
gateway: {{id: gw-1, site: "4301020001", region: "430102", name: 示例小学门卫室}}
uplink:
  brokers: [{broker}]
  confirmed_by: {confirmed_by}
  heartbeat_s: 1
  backoff_first_s: 0.1
  backoff_most_s: 1
storage: {{directory: state}}
control_socket: control.sock
lines:
  - id: line-1
    type: modbus_rtu
    port: run/line-1
    baud: 115200
    units: [{{id: gate-io, profile: waveshare_io8_relay8, address: 1, points: [di2, di3]}}]
devices:
  - {{id: panic-gate, kind: one_key_alarm, name: 门卫室一键报警, points: {{pressed: gate-io.di2}}}}
  - {{id: panic-dorm, kind: one_key_alarm, name: 宿舍一键报警, points: {{pressed: gate-io.di3}}}}
"""


@dataclass(slots=True)
class Place:
    """What a case plays on; `pressed` is how often each button changed, `heard` how often that was told."""

    way: Way
    broker: Mosquitto
    gateway: Child
    ear: Ear
    platform: Platform
    desk: PlatformDesk
    control: Control
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

    async def answers(self) -> dict[str, Any]:
        """What the gateway says of itself; empty while it does not answer."""
        try:
            return await self.control.ask("status")
        except ControlFailed:
            return {}

    async def status(self) -> str:
        """What a technician sees."""
        answer = await self.answers()
        return "\n".join(screen(answer)) if answer else ""

    async def connected(self) -> bool:
        """The gateway has a session."""
        return bool((await self.answers()).get("uplink", {}).get("connected"))

    async def all_arrived(self) -> bool:
        """Nothing waits in the gateway, and the platform was told of every change and misses no number."""
        lanes = (await self.answers()).get("heartbeat", {}).get("outbox", {})
        empty = bool(lanes) and not any(lane["depth"] for lane in lanes.values())
        return empty and self.heard == self.pressed and not self.platform.gaps()


async def until(condition: Callable[[], Awaitable[bool]], within_s: float) -> bool:
    """Wait for the condition; whether it came about in time."""
    try:
        async with asyncio.timeout(within_s):
            while not await condition():
                await asyncio.sleep(POLL_S)
    except TimeoutError:
        return False
    return True


@asynccontextmanager
async def open_place(directory: Path, kind: str, confirmed_by: str, seed: int) -> AsyncIterator[Place]:
    """Everything started and connected; all of it is put away at the end. Raises BenchError."""
    dice, platform = random.Random(seed), Platform()
    async with AsyncExitStack() as things:
        way = await things.enter_async_context(open_way(kind, directory, dice))
        listener = way.certificates.listener if way.certificates is not None else ()
        broker = Mosquitto(directory, way.broker, listener=listener, before=way.broker_before)
        things.push_async_callback(broker.kill)
        await broker.start()
        (directory / "run").mkdir()
        config = directory / "gateway.yaml"
        config.write_text(CONFIG.format(broker=way.uplink, confirmed_by=confirmed_by))
        real = await things.enter_async_context(real_field(read_lines(config), dice, root=directory))
        arguments = ["-m", "agent", "run", "--config", str(config)]
        gateway = Child("gateway", arguments, directory, before=way.gateway_before)
        ear = Ear(broker.socket, platform, lambda arrival: place.take(arrival))
        desk = PlatformDesk(platform, ear.say, time.time)
        control = Control(directory / "control.sock")
        place = Place(way, broker, gateway, ear, platform, desk, control, real, dice)
        await things.enter_async_context(running(ear.run()))
        await things.enter_async_context(running(desk.run()))
        things.push_async_callback(gateway.stop)
        await gateway.start()
        if not await until(place.connected, READY_S):
            raise BenchError(gateway.said(f"no session within {READY_S:g} s"))
        yield place
