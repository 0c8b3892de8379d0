"""How many bytes a day go to flash at 500 points every 10 s, as the kernel counts them for the real process.

`write_bytes` of /proc/PID/io counts whole pages when they become dirty; what the file system writes beside them
(its journal) is not the process's and is not in it.
"""

import asyncio
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.errors import BenchError
from bench.mosquitto import Mosquitto
from bench.reliability.gateway import Gateway
from bench.waiting import comes
from simulators.broker import free_port
from simulators.field_file import read_lines
from simulators.real_field import real_field

LINES, UNITS = 5, 50  # each unit has two numbers: 500 points
EVERY_S = 10.0
DAY_S = 86_400.0
READY_S = 90.0
LINK_S = 30.0

HEAD = """\
gateway: {{id: gw-1, site: "4301020001", region: "430102", name: 数值多的学校}}
uplink: {{brokers: [{{host: {host}, port: {port}}}], backoff_first_s: 0.1, backoff_most_s: 1}}
storage: {{directory: state}}
telemetry_s: {every_s:g}
control_socket: control.sock
lines:
"""
LINE = "  - {{id: line-{line}, type: modbus_tcp, host: 127.0.0.1, tcp_port: {port}, units: [{units}]}}\n"
UNIT = "{{id: u{line}-{unit}, profile: renke_temp_humidity, address: {unit}, interval_s: 1, slow_interval_s: 1}}"
DEVICE = "  - {{id: e{line}-{unit}, kind: environment, name: 温湿度 {line}-{unit}, unit: u{line}-{unit}}}\n"


@dataclass(frozen=True, slots=True)
class Written:
    """What one stretch of time cost."""

    seconds: float
    bytes: int
    records: int

    @property
    def a_day(self) -> float:
        """Megabytes."""
        return self.bytes / self.seconds * DAY_S / 1e6

    @property
    def records_a_second(self) -> float:
        """How many were taken in."""
        return self.records / self.seconds


class Room:
    """The gateway with its many numbers, and its broker."""

    def __init__(self, gateway: Gateway, broker: Mosquitto) -> None:
        self.gateway = gateway
        self.broker = broker

    async def measure(self, seconds: float) -> Written:
        """What is written while so much time passes."""
        loop = asyncio.get_running_loop()
        began_s, bytes_then, then = loop.time(), self._bytes(), await self._telemetry()
        await asyncio.sleep(seconds)
        now = await self._telemetry()
        return Written(loop.time() - began_s, self._bytes() - bytes_then, now["accepted"] - then["accepted"])

    async def all_heard(self) -> bool:
        """Whether every device is good and has been told of."""
        devices = (await self.gateway.heartbeat()).get("devices", {})
        return devices.get("good") == LINES * UNITS and (await self._telemetry())["accepted"] >= LINES * UNITS

    async def _telemetry(self) -> Mapping[str, int]:
        lane: Mapping[str, int] = (await self.gateway.lanes())["telemetry"]
        return lane

    def _bytes(self) -> int:
        lines = (Path("/proc") / str(self.gateway.pid) / "io").read_text().splitlines()
        return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes:"))


@asynccontextmanager
async def room(directory: Path) -> AsyncIterator[Room]:
    """Everything started, every device read, the link up; raises BenchError."""
    config = directory / "gateway.yaml"
    broker = Mosquitto(directory)
    config.write_text(_document(broker.address), encoding="utf-8")
    async with AsyncExitStack() as things:
        things.callback(broker.kill)
        await broker.start()
        await things.enter_async_context(real_field(read_lines(config), random.Random(1), root=directory))
        gateway = Gateway(config)
        things.push_async_callback(gateway.stop)
        await gateway.start()
        made = Room(gateway, broker)
        if not (await comes(gateway.connected, LINK_S) and await comes(made.all_heard, READY_S)):
            raise BenchError(gateway.said(f"not every device was heard within {READY_S:g} s"))
        yield made


def _document(broker: tuple[str, int]) -> str:
    host, port = broker
    lines, devices = [], ["devices:\n"]
    for line in range(1, LINES + 1):
        units = ", ".join(UNIT.format(line=line, unit=unit) for unit in range(1, UNITS + 1))
        lines.append(LINE.format(line=line, port=free_port(0), units=units))
        devices += [DEVICE.format(line=line, unit=unit) for unit in range(1, UNITS + 1)]
    return "".join([HEAD.format(host=host, port=port, every_s=EVERY_S), *lines, *devices])
