"""A gateway with two ways, each to a broker in memory, in virtual time."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from agent.session import Broker, Session, SessionRequest
from agent.site import BackupSettings, UplinkSettings
from simulators.clock import run_virtual
from simulators.twin_broker import Arrived, TwinBroker
from tests.agent.uplink.bench import Gateway, gateway

ALARM_EVERY_S = 0.5
ONE, TWO = Broker("one"), Broker("two")
BOTH = UplinkSettings((ONE,), backup=BackupSettings((TWO,)))  # every figure is the default

Break = Callable[[TwinBroker], object]


def _cut_at_login(broker: TwinBroker) -> None:
    broker.login_code = 0x87
    broker.drop()


BREAKS: dict[str, Break] = {
    "refused": lambda broker: broker.stop(),
    "dropped, and the login is refused": _cut_at_login,
    "cut, and nobody says so": lambda broker: broker.cut(),
    "confirmations are lost": lambda broker: setattr(broker, "confirms", False),
    "alarms are refused by the ACL": lambda broker: broker.rejects.update({"/alarm/": 0x87}),
    "everything is refused by the ACL": lambda broker: broker.rejects.update({"campus/": 0x87}),
    "it has become as slow as to be useless": lambda broker: setattr(broker, "way_s", 8.0),
}


def mend(broker: TwinBroker) -> None:
    """Whatever was broken."""
    broker.start()
    broker.mend()
    broker.login_code, broker.confirms, broker.way_s = 0, True, 0.005
    broker.rejects.clear()


@dataclass
class Scene:
    """The gateway, its two brokers, and when which alarm was accepted (loop seconds)."""

    it: Gateway
    one: TwinBroker
    two: TwinBroker
    accepted: dict[int, float] = field(default_factory=dict)

    async def alarms(self, for_s: float) -> None:
        """An alarm every now and then."""
        for _ in range(int(for_s / ALARM_EVERY_S)):
            await self.alarm()
            await asyncio.sleep(ALARM_EVERY_S)

    async def alarm(self) -> None:
        number = len(self.accepted)
        await self.it.alarm(number)
        self.accepted[number] = self.now_s

    @property
    def now_s(self) -> float:
        return asyncio.get_running_loop().time()

    @property
    def path(self) -> str:
        return self.it.uplink.shown().path

    def events(self, broker: TwinBroker, name: str) -> list[dict[str, Any]]:
        """What events of this name a broker has got, in their order."""
        return [d["fields"] for _, d in heard(broker, "event") if d.get("event") == name]


def heard(broker: TwinBroker, channel: str) -> list[tuple[Arrived, dict[str, Any]]]:
    """What has arrived on a channel."""
    return [(m, json.loads(m.payload)["data"]) for m in broker.arrived if m.topic.split("/")[5] == channel]


def alarms_at(broker: TwinBroker) -> dict[int, float]:
    """Which alarms have arrived, and when first."""
    first: dict[int, float] = {}
    for message, data in heard(broker, "alarm"):
        first.setdefault(data["n"], message.at_s)
    return first


def play(
    directory: Path,
    story: Callable[[Scene], Awaitable[None]],
    how: UplinkSettings = BOTH,
    seed: int = 0,
    before: Break = lambda _: None,
) -> None:
    """Play a story; `before` is done to the first broker before the gateway starts."""

    async def main() -> None:
        one, two = (TwinBroker(random.Random(seed + n)) for n in range(2))
        brokers = {ONE.host: one, TWO.host: two}

        async def opened(request: SessionRequest) -> Session:
            return await brokers[request.broker.host].open(request)

        before(one)
        async with gateway(directory, how, opener=opened) as it:
            it.start()
            await story(Scene(it, one, two))

    run_virtual(main(), seed)
