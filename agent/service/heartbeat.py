"""The heartbeat: how the gateway is, in numbers."""

import platform
import shutil
import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import agent
from agent.alarms.memory import summary
from agent.errors import StorageError
from agent.host import Host, loop_s
from agent.outbox.ledger import LaneDepth
from agent.outbox.outbox import Outbox
from agent.records import Lane
from agent.service.configured import refused_shown
from agent.service.line_sight import LineSight, Poller
from agent.service.pipe import Pipe
from agent.service.room import Room
from agent.uplink.messages import HeartbeatData, UplinkShown

THERMAL = Path("/sys/class/thermal/thermal_zone0/temp")


class Pulse:
    """Builds heartbeats; line load is counted from one heartbeat to the next."""

    def __init__(
        self, pipe: Pipe, outbox: Outbox, pollers: Sequence[Poller], host: Host, rooms: Sequence[Room] = ()
    ) -> None:
        self._pipe, self._outbox, self._host, self._rooms = pipe, outbox, host, rooms
        self._started_s = loop_s()
        self._lines = [LineSight(poller, self._started_s) for poller in pollers]

    async def beat(self, uplink: UplinkShown) -> HeartbeatData:
        """The state of things now."""
        now_s = loop_s()
        utc_s, clock = self._host.wall_clock()
        depths, fault = await self._depths()
        return HeartbeatData(
            uptime_s=round(now_s - self._started_s, 3),
            versions=versions(),
            config_hash=self._pipe.site.config_hash,
            devices=self._devices(),
            outbox={lane.channel: self._lane(depth, utc_s, now_s) for lane, depth in depths.items()},
            lines={sight.line: sight.shown(now_s) for sight in self._lines},
            uplink=uplink,
            clock=clock,
            disk_free_bytes=disk_free_bytes(self._host.state_dir),
            storage_fault=self._pipe.journal.fault or self._outbox.fault or fault,
            temperature_c=board_temperature_c(),
            alarms={**summary(self._pipe.memories.values()), "unconfirmed": self._pipe.unconfirmed},
            config_refused=refused_shown(self._pipe.site),
            **{name: value for room in self._rooms for name, value in room.beat().items()},
        )

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
