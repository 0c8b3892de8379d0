"""Units of one line in virtual time, with wire time, polled: what the tests of the pollers play on."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from agent.host import Host
from agent.polling.modbus_poller import ModbusPoller
from agent.site import LinePlan, Unit
from drivers.modbus.line import ModbusLine
from drivers.modbus.rtu import RtuFraming
from drivers.profile import DeviceProfile
from drivers.profiles import load_profiles, profiles_dir
from drivers.reading import Reading
from drivers.stream import SerialPort
from simulators.bus import RtuBus
from simulators.clock import run_virtual
from simulators.memory import MemoryStream, memory_pair
from simulators.modbus_unit import ModbusUnit

PROFILES = load_profiles(profiles_dir())
PROFILE = PROFILES["moxa_e1210_e1212"]
RELAYS = PROFILES["waveshare_io8_relay8"]
INPUTS = tuple(f"di{n}" for n in range(16))
TURNAROUND_S = 0.005


@dataclass
class Heard:
    """A sink that notes what it is told, and when."""

    readings: list[tuple[float, str, tuple[Reading, ...]]] = field(default_factory=list)
    news: list[tuple[float, str, tuple[Reading, ...]]] = field(default_factory=list)
    lost: list[tuple[float, str]] = field(default_factory=list)
    back: list[tuple[float, str]] = field(default_factory=list)

    async def accept(self, unit: str, readings: Sequence[Reading]) -> None:
        self.readings.append((now_s(), unit, tuple(readings)))
        self.news.append(self.readings[-1])

    async def unchanged(self, unit: str) -> None:
        last = next(rows for _, name, rows in reversed(self.readings) if name == unit)
        self.readings.append((now_s(), unit, last))

    async def unit_lost(self, unit: str, cause: str) -> None:
        self.lost.append((now_s(), unit))

    async def unit_back(self, unit: str) -> None:
        self.back.append((now_s(), unit))

    def times(self, unit: str, since_s: float = 0.0) -> list[float]:
        return [at_s for at_s, name, _ in self.readings if name == unit and at_s >= since_s]


class Bench:
    """Units of sixteen inputs on one line, polled; after them modules of eight relays, of which one is ours."""

    def __init__(
        self,
        baud: int = 9600,
        units: int = 8,
        brief: int = 0,
        seed: int = 1,
        relays: int = 0,
        interval_s: float = 0.001,
        relay_profile: DeviceProfile = RELAYS,
        safe_state: bool = False,
    ) -> None:
        port = SerialPort("rs485", baud)
        made = [replace(unit_of(n, brief=n < brief), interval_s=interval_s) for n in range(units)]
        made += [relays_of(units + n, interval_s, relay_profile) for n in range(relays)]
        made = [replace(one, safe_state=safe_state and n >= units) for n, one in enumerate(made)]
        self.plan = LinePlan("l", "modbus_rtu", port, tuple(made))
        self.units = {u.id: ModbusUnit(u.profile, u.address, turnaround_s=TURNAROUND_S) for u in made}
        self.bus = RtuBus(
            self.units.values(), character_s=port.character_s, random=random.Random(seed), strict=True
        )
        self.heard = Heard()
        self.line = ModbusLine(self._open, RtuFraming(), character_s=port.character_s, name="l")
        self._far: list[asyncio.Task[None]] = []
        self.poller = ModbusPoller(self.plan, self.line, host_of(seed), self.heard)

    async def _open(self) -> MemoryStream:
        near, far = memory_pair()
        self._far.append(asyncio.get_running_loop().create_task(self.bus.run(far)))
        return near

    async def poll(self, seconds: float) -> None:
        polling = asyncio.get_running_loop().create_task(self.poller.run())
        await asyncio.sleep(seconds)
        polling.cancel()
        await asyncio.gather(polling, return_exceptions=True)

    async def close(self) -> None:
        await self.line.aclose()
        await asyncio.gather(*self._far)


def unit_of(n: int, *, brief: bool) -> Unit:
    unit = Unit(f"u{n}", "l", PROFILE, n + 1, points=INPUTS, interval_s=0.001, timeout_s=0.3, guard_s=0.3)
    return replace(unit, brief=frozenset({"di0"})) if brief else unit


def relays_of(n: int, interval_s: float, profile: DeviceProfile = RELAYS) -> Unit:
    first = profile.readable_points[0].name
    unit = Unit(f"u{n}", "l", profile, n + 1, points=(first,), interval_s=interval_s, timeout_s=0.3, guard_s=0.3)
    return replace(unit, outputs=frozenset({"do8"} if profile is RELAYS else ()))


def host_of(seed: int) -> Host:
    async def unused(*_: Any) -> Any:
        raise AssertionError("a poller needs no more of the host than its dice")

    return Host(unused, unused, lambda: (0.0, "unknown"), random.Random(seed), Path(), "boot", unused, print)


def now_s() -> float:
    return asyncio.get_running_loop().time()


def on_a_bench(story: Callable[[Bench], Awaitable[None]], **named: Any) -> Bench:
    """Play a story in virtual time."""

    async def play() -> Bench:
        bench = Bench(**named)
        await story(bench)
        await bench.close()
        return bench

    return run_virtual(play())


def exchange_s(bench: Bench) -> float:
    """The ideal: frames, turnaround, two silences."""
    port = bench.plan.endpoint
    assert isinstance(port, SerialPort)
    gap_s = max(3.5 * port.character_s, 0.00175)
    return (8 + 7) * port.character_s + TURNAROUND_S + 2 * gap_s
