"""The whole gateway with Debian's mosquitto stopped: the relay of the sounder closes, in real time."""

import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from drivers.profiles import load_profiles, profiles_dir
from drivers.stream import TcpEndpoint
from simulators.field import Field
from simulators.field_file import LineSetup, UnitSetup
from simulators.real_field import real_field
from simulators.tcp_port import TcpPort
from tests.mosquitto import Mosquitto
from tests.others.platform import Platform
from tests.others.process import Gateway
from tests.waiting import until

pytestmark = [pytest.mark.asyncio, pytest.mark.mosquitto, pytest.mark.timeout(60)]

MODULE = UnitSetup("gate-io", load_profiles(profiles_dir())["waveshare_io8_relay8"], 1)


@dataclass
class Site:
    """A module whose relays can be looked at, and the gateway that switches one of them."""

    field: Field
    gateway: Gateway

    def sounds(self) -> bool:
        return self.field.get("gate-io.do8") is True

    def overdue(self) -> list[dict[str, Any]]:
        return list(self.gateway.status()["unconfirmed"])


@dataclass
class Module:
    """What a gateway's configuration must know of the module."""

    endpoint: TcpEndpoint
    medium: str = "tcp"


@pytest_asyncio.fixture
async def site(broker: Mosquitto, platform: Platform, tmp_path: Path) -> AsyncIterator[Site]:
    """Its sounder sounds five seconds after an alarm that nobody confirms."""
    line = LineSetup("line-1", "modbus_tcp", TcpEndpoint("127.0.0.1", 0), (MODULE,))
    async with real_field([line], random.Random(1)) as real:
        port = real.ports["line-1"]
        assert isinstance(port, TcpPort)
        gateway = Gateway(tmp_path, Module(TcpEndpoint("127.0.0.1", port.port)), broker.port)  # type: ignore[arg-type]
        gateway.configure("  heartbeat_s: 1\n", "  heartbeat_s: 1\n  unconfirmed_after_s: 5\n")
        gateway.configure("lines:\n", "sounder: {point: gate-io.do8}\nlines:\n")
        try:
            yield Site(real.field, gateway)
        finally:
            await gateway.kill()
            print(gateway.log())


async def test_a_press_that_no_broker_hears_sounds_until_a_person_silences_it_or_it_got_through(
    site: Site, broker: Mosquitto, platform: Platform
) -> None:
    await site.gateway.start()
    await until(site.gateway.connected, "the session")
    broker.stop()
    site.field.set("gate-io.di2", True)
    await until(site.gateway.waiting, "the alarm to be kept")
    await until(site.sounds, "the sounder", within_s=10.0)
    said = await site.gateway.command("status")
    assert "110" in said
    assert "NOT confirmed" in said or "平台未确认" in said
    await site.gateway.command("alarm", "silence", "--person", "王建国")
    await until(lambda: not site.sounds(), "silence")
    await site.gateway.kill()
    await site.gateway.start()
    assert not site.sounds()
    await broker.start()
    await platform.expect("pressed", True)

    def told() -> dict[str, dict[str, Any]]:
        return {e["data"]["event"]: e["data"]["fields"] for e in platform.heard("event")}

    await until(lambda: "uplink.confirmed_late" in told(), "the end of it")
    assert told()["uplink.unconfirmed"]["device"] == "panic-gate"
    assert told()["sounder.silenced"]["person"] == "王建国"
    await until(lambda: site.overdue() == [], "nothing to be overdue")
    assert platform.missing() == set()


async def test_a_gateway_killed_while_it_sounds_leaves_no_relay_on_and_sounds_again(
    site: Site, broker: Mosquitto
) -> None:
    await site.gateway.start()
    await until(site.gateway.connected, "the session")
    broker.stop()
    site.field.set("gate-io.di2", True)
    await until(site.sounds, "the sounder", within_s=10.0)
    await site.gateway.kill()
    await until(lambda: not site.sounds(), "the module to end its pulse", within_s=11.0)
    await site.gateway.start()
    await until(site.sounds, "the sounder again", within_s=5.0)
