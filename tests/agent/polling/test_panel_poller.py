"""The poller of a fire panel: what it stores, when it calls the panel lost, and that it lets go of the port."""

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from agent.polling.panel_poller import PanelPoller
from agent.site import LinePlan, Unit
from drivers.errors import LineError
from drivers.panels import PANELS
from drivers.profile import Protocol
from drivers.profiles import load_profiles
from drivers.reading import Reading
from drivers.stream import ByteStream, SerialPort
from simulators.clock import run_virtual
from simulators.memory import MemoryStream, memory_pair
from simulators.panels import SIMULATED_PANELS

ROOT = Path(__file__).parent.parent.parent.parent
PROFILES = {profile.protocol: profile for profile in load_profiles(ROOT / "configs" / "profiles").values()}
LIVING = [protocol for protocol in PANELS if protocol != "notifier_nfs"]


class Case:
    """A poller, its panel and a sink that takes `store_s` for everything."""

    def __init__(self, protocol: Protocol) -> None:
        self.far = SIMULATED_PANELS[protocol]()
        self.near: MemoryStream | None = None
        self.present = True
        self.store_s = 0.01
        self.refused = False
        self.told: list[tuple[float, str]] = []
        profile = PROFILES[protocol]
        self.unit = Unit("panel", "line", profile, 1)
        plan = LinePlan("line", "serial", SerialPort("panel"), (self.unit,))
        panel = PANELS[protocol](self.open, profile, 1)
        host: Any = SimpleNamespace(random=random.Random(1))
        self.poller = PanelPoller(plan, panel, host, self)
        self.serving: list[asyncio.Task[None]] = []

    async def open(self) -> ByteStream:
        if not self.present:
            raise LineError("no such port")
        self.near, far = memory_pair()
        self.serving.append(asyncio.create_task(self.far.run(far)))
        return self.near

    async def accept(self, unit: str, readings: Sequence[Reading]) -> None:
        await asyncio.sleep(self.store_s)
        self.told += [(now_s(), reading.point) for reading in readings]

    def owes(self, unit: str) -> bool:
        return self.refused

    async def unit_lost(self, unit: str, cause: str) -> None:
        self.told.append((now_s(), "lost"))

    async def unit_back(self, unit: str) -> None:
        self.told.append((now_s(), "back"))

    @property
    def words(self) -> list[str]:
        return [word for _, word in self.told if word in ("lost", "back")]


def now_s() -> float:
    return asyncio.get_running_loop().time()


def play(protocol: Protocol, script: Any) -> None:
    async def whole() -> None:
        case = Case(protocol)
        polling = asyncio.create_task(case.poller.run())
        await script(case)
        polling.cancel()
        await asyncio.wait([polling])
        assert case.near is None or case.near.closed
        await asyncio.gather(*case.serving)

    run_virtual(whole())


@pytest.mark.parametrize("protocol", PANELS)
def test_a_panel_that_is_well_is_never_lost_and_the_watchdog_sees_progress(protocol: Protocol) -> None:
    async def script(case: Case) -> None:
        for _ in range(200):
            await asyncio.sleep(0.7)
            assert now_s() - case.poller.progress.at_s < 2
        assert case.words == []

    play(protocol, script)


@pytest.mark.parametrize("protocol", LIVING)
def test_a_panel_without_power_is_lost_within_half_a_minute_once_and_back_once(protocol: Protocol) -> None:
    async def script(case: Case) -> None:
        await asyncio.sleep(8)
        case.far.plugged = False
        await asyncio.sleep(30)
        assert case.words == ["lost"]
        await asyncio.sleep(300)
        case.far.plugged = True
        await asyncio.sleep(5)
        assert case.words == ["lost", "back"]
        assert case.poller.panel.counters.timeouts > 3

    play(protocol, script)


@pytest.mark.parametrize("protocol", LIVING)
def test_a_port_that_is_back_does_not_make_a_dead_panel_alive(protocol: Protocol) -> None:
    async def script(case: Case) -> None:
        await asyncio.sleep(8)
        case.far.plugged = False
        case.present = False
        assert case.near is not None
        case.near.vanish()
        await asyncio.sleep(10)
        case.present = True
        await asyncio.sleep(120)
        assert case.words == ["lost"]

    play(protocol, script)


def test_a_printer_port_is_lost_with_its_adapter_only() -> None:
    async def script(case: Case) -> None:
        await asyncio.sleep(600)
        case.present = False
        assert case.near is not None
        case.near.vanish()
        await asyncio.sleep(10)
        case.present = True
        await asyncio.sleep(10)
        assert case.words == ["lost", "back"]

    play("notifier_nfs", script)


def test_while_the_disk_refuses_nothing_is_acknowledged_and_nothing_more_is_fetched() -> None:
    async def script(case: Case) -> None:
        await asyncio.sleep(8)
        case.refused = True
        case.far.say("1.3.30", "fire")
        case.far.say("1.3.31", "fire")
        await asyncio.sleep(9)
        fires = [point for _, point in case.told if point.endswith("/fire") and point[0] != "*"]
        assert fires in ([], ["1.3.30/fire"])
        assert case.far.unacknowledged == 2
        assert case.words == []
        assert now_s() - case.poller.progress.at_s < 1
        case.refused = False
        await asyncio.sleep(3)
        assert case.far.unacknowledged == 0
        assert "1.3.31/fire" in [point for _, point in case.told]

    play("songjiang_jb3208", script)
