"""The heartbeat: how the gateway is, in numbers."""

import asyncio
import platform
import shutil
import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import agent
from agent.alarms.memory import summary
from agent.errors import StorageError
from agent.host import Host
from agent.outbox.outbox import Outbox
from agent.outbox.store import LaneDepth
from agent.polling.modbus_poller import ModbusPoller
from agent.polling.panel_poller import PanelPoller
from agent.records import Lane
from agent.service.pipe import Pipe
from agent.uplink.messages import HeartbeatData
from agent.uplink.uplink import UplinkStatus
from drivers.counters import UnitCounters

THERMAL = Path("/sys/class/thermal/thermal_zone0/temp")
Poller = ModbusPoller | PanelPoller


class Pulse:
    """Builds heartbeats; line load is counted from one heartbeat to the next."""

    def __init__(self, pipe: Pipe, outbox: Outbox, pollers: Sequence[Poller], host: Host) -> None:
        self._pipe, self._outbox, self._pollers, self._host = pipe, outbox, pollers, host
        self._started_s = self._seen_s = asyncio.get_running_loop().time()
        self._busy_s: dict[str, float] = {}

    async def beat(self, uplink: UplinkStatus) -> HeartbeatData:
        """The state of things now."""
        now_s = asyncio.get_running_loop().time()
        utc_s, clock = self._host.wall_clock()
        depths, fault = await self._depths()
        beat = HeartbeatData(
            uptime_s=round(now_s - self._started_s, 3),
            versions=versions(),
            config_hash=self._pipe.site.config_hash,
            devices=self._devices(),
            outbox={lane.channel: self._lane(depth, utc_s, now_s) for lane, depth in depths.items()},
            lines={poller.plan.id: self._line(poller, now_s) for poller in self._pollers},
            uplink={"broker": uplink.broker, "reconnects": uplink.reconnects},
            clock=clock,
            disk_free_bytes=disk_free_bytes(self._host.state_dir),
            storage_fault=self._pipe.storage_fault or fault,
            temperature_c=board_temperature_c(),
            alarms=summary(self._pipe.memories.values()),
        )
        self._seen_s = now_s
        return beat

    async def _depths(self) -> tuple[dict[Lane, LaneDepth], str]:
        """A disk that cannot even be read is told by a heartbeat without lanes, not by none at all."""
        try:
            return await self._outbox.depths(), ""
        except StorageError as error:
            return {}, str(error)

    def _devices(self) -> dict[str, int]:
        lost = sum(any(unit in self._pipe.lost for unit in d.units) for d in self._pipe.site.devices)
        total = len(self._pipe.site.devices)
        return {"total": total, "lost": lost, "good": total - lost}

    def _lane(self, depth: LaneDepth, utc_s: float, now_s: float) -> dict[str, Any]:
        return {
            "depth": depth.count,
            "oldest_age_s": depth.age_s(self._host.boot_id, now_s, utc_s),
            "accepted": depth.accepted,
            "confirmed": depth.confirmed,
            "dropped": depth.dropped,
        }

    def _line(self, poller: Poller, now_s: float) -> dict[str, Any]:
        health = [h.word for h in poller.roll.health.values()]
        shown: dict[str, Any] = {"good": health.count("good"), "suspect": health.count("suspect")}
        shown["lost"] = health.count("lost")
        if isinstance(poller, ModbusPoller):
            shown["load"] = self._load(poller, now_s)
            shown["errors"] = _errors(poller.line.counters.units.values())
        else:
            shown["errors"] = _errors([poller.panel.counters])
        return shown

    def _load(self, poller: ModbusPoller, now_s: float) -> float:
        busy_s = poller.line.counters.busy_s
        used = busy_s - self._busy_s.get(poller.plan.id, 0.0)
        self._busy_s[poller.plan.id] = busy_s
        return round(min(1.0, used / max(1e-3, now_s - self._seen_s)), 4)


def _errors(units: Iterable[UnitCounters]) -> dict[str, int]:
    names = ("timeouts", "crc", "short", "garbage", "late", "wrong_unit", "other_function")
    counted = list(units)
    return {name: sum(getattr(unit, name) for unit in counted) for name in names}


def versions() -> dict[str, str]:
    """What runs here."""
    return {"agent": agent.__version__, "python": platform.python_version(), "sqlite": sqlite3.sqlite_version}


def disk_free_bytes(directory: Path) -> int:
    """Room on the disk of the outbox; 0 when it is gone."""
    try:
        return shutil.disk_usage(directory).free
    except OSError:
        return 0


def board_temperature_c() -> float | None:
    """The board's temperature where the kernel tells it."""
    try:
        return int(THERMAL.read_text()) / 1000
    except (OSError, ValueError):
        return None
