"""What stands around the gateway's process: a field on real ports, mosquitto, the way to it, and the platform."""

import random
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.mosquitto import AT_ONCE, LASTING, Mosquitto
from bench.reliability.kills.victim import AGENT, Victim
from bench.waiting import until
from simulators.at_rest import bring_to_rest
from simulators.broker import HOST
from simulators.broker_gate import BrokerGate
from simulators.demo.control import Control
from simulators.demo.gateway import topics_of, write_config
from simulators.demo.school import running
from simulators.demo.subscriber import Subscriber
from simulators.field import Field
from simulators.field_file import read_lines
from simulators.platform import Arrival, Platform
from simulators.real_field import real_field
from simulators.scenario_file import read_yaml

THERE_S = 10.0


@dataclass(slots=True)
class Scene:
    """Everything but the gateway, and the gateway's process."""

    field: Field
    mosquitto: Mosquitto
    gate: BrokerGate
    subscriber: Subscriber
    platform: Platform
    victim: Victim
    control: Control
    state: Path
    document: dict[str, Any]

    async def kill_broker(self) -> None:
        """kill -9; the way to it is closed until the platform is there again, for it may have forgotten."""
        self.mosquitto.kill()
        await self.gate.close()
        await until(lambda: not self.subscriber.there.is_set(), "the platform to lose its broker", THERE_S)

    async def start_broker(self) -> None:
        """It is back: the platform first, then whoever else wants it."""
        await self.mosquitto.start()
        await until(self.subscriber.there.is_set, "the platform to find its broker", THERE_S)
        await self.gate.open()

    async def lanes(self) -> dict[str, Any]:
        """The gateway's own books."""
        lanes: dict[str, Any] = (await self.control.ask("status"))["heartbeat"]["outbox"]
        return lanes


@asynccontextmanager
async def scene(
    config: Path,
    directory: Path,
    heard: Callable[[Arrival], None],
    command: Sequence[str] = AGENT,
    before: Sequence[str] = (),
) -> AsyncIterator[Scene]:
    """All of it up, the gateway not yet; whatever happens, all is put away. Raises Missing, BenchError."""
    lines, document = read_lines(config), read_yaml(config)
    async with AsyncExitStack() as things:
        mosquitto = Mosquitto(directory, *AT_ONCE, *LASTING)
        things.callback(mosquitto.kill)
        await mosquitto.start()
        real = await things.enter_async_context(
            real_field(lines, random.Random(), root=directory, other_ports=True)
        )
        bring_to_rest(real.field, document, lines)
        gate = BrokerGate(HOST, lambda: mosquitto.address)
        things.push_async_callback(gate.close)
        await gate.open()
        ours = directory / "gateway.yaml"
        document = write_config(config, ours, (HOST, gate.port), real.ports)
        platform, victim = Platform(), Victim(ours, directory, command, before)
        subscriber = Subscriber(lambda: mosquitto.address, topics_of(document), platform, heard)
        await things.enter_async_context(running(subscriber.run()))
        await until(subscriber.there.is_set, "the broker to take the platform", THERE_S)
        things.push_async_callback(victim.kill)
        control = Control(directory / document["control_socket"])
        state = directory / document["storage"]["directory"]
        yield Scene(real.field, mosquitto, gate, subscriber, platform, victim, control, state, document)
