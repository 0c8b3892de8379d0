"""The world outside of the machine, which keeps its power: buttons, the broker and the way to it, the platform."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

from bench.mosquitto import AT_ONCE, Mosquitto
from bench.reliability.powercut.account import Account
from bench.reliability.powercut.image import GUEST
from simulators.broker import HOST
from simulators.broker_gate import BrokerGate
from simulators.demo.school import running
from simulators.demo.subscriber import Subscriber
from simulators.field import Field
from simulators.field_file import read_lines
from simulators.platform import Platform
from simulators.pty_port import FarSides
from simulators.tcp_port import TcpPort

TOPICS = "campus/v1/#"
LINE = "field"
BUTTONS = 16
PRESS_S = 0.4  # a button changes this often, on average


class World:
    """What surrounds one disk."""

    def __init__(self, account: Account, platform: Platform, gate: BrokerGate, port: TcpPort) -> None:
        self.account = account
        self.platform = platform
        self.gate = gate
        self._port = port

    @property
    def environment(self) -> dict[str, str]:
        """Where the machine finds it."""
        return {"BROKER": str(self.gate.port), "FIELD": str(self._port.port)}


@asynccontextmanager
async def world(directory: Path, dice: random.Random) -> AsyncIterator[World]:
    """All of it, pressing; put away at the end."""
    async with AsyncExitStack() as things:
        mosquitto = Mosquitto(directory, *AT_ONCE)
        things.callback(mosquitto.kill)
        await mosquitto.start()
        gate = BrokerGate(HOST, lambda: mosquitto.address)
        things.push_async_callback(gate.close)
        await gate.open()
        far_sides = FarSides()
        things.push_async_callback(far_sides.end)
        field = _field(directory, dice)
        port = TcpPort(HOST, 0, field.line(LINE).run, far_sides)
        things.push_async_callback(port.vanish)
        await port.restore()
        account, platform = Account(), Platform()
        ear = Subscriber(lambda: mosquitto.address, TOPICS, platform, account.heard)
        await things.enter_async_context(running(ear.run()))
        await ear.there.wait()
        for number in range(BUTTONS):
            await things.enter_async_context(running(_press(field, f"io.di{number}", dice)))
        yield World(account, platform, gate, port)


def _field(directory: Path, dice: random.Random) -> Field:
    """The devices of the guest's own configuration; where its ports are does not matter to them."""
    copy = directory / "gateway.yaml"
    text = (GUEST / "gateway.yaml").read_text()
    copy.write_text(text.replace("@BROKER@", "1883").replace("@FIELD@", "502"))
    return Field(read_lines(copy), dice)


async def _press(field: Field, point: str, dice: random.Random) -> None:
    """A button that is pressed and let go for ever."""
    while True:
        await asyncio.sleep(dice.expovariate(1 / PRESS_S))
        field.set(point, not field.get(point))
