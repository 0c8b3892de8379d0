"""A machine in memory: the agent's Host in virtual time, which can be stopped, killed and started again.

The storage is real SQLite in a real directory. A kill copies the files as they are at that moment, as a power
cut would leave them, and the next start finds the copy; whatever the dying process still writes is lost.
"""

import asyncio
import random
import shutil
import sqlite3
from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from agent.errors import UplinkError
from agent.host import Host
from agent.records import ClockState, boot_name
from agent.session import Session, SessionRequest
from drivers.errors import LineError
from drivers.stream import ByteStream, Endpoint
from simulators.field import Field
from simulators.memory import MemoryStream
from simulators.twin_broker import TwinBroker

T = TypeVar("T")

STOP_MOST_S = 15.0  # what systemd/campusgw.service allows
EPOCH_S = 1_790_000_000.0  # UTC at loop time 0: a school day in September 2026


@dataclass(slots=True)
class WallClock:
    """UTC as this machine has it; `jump_s` is how far it is off, `state` what the kernel says of it.

    `fast` is by how much of it the machine's crystal, and with it the monotonic clock, loses against UTC.
    """

    state: ClockState = "synchronised"
    jump_s: float = 0.0
    fast: float = 0.0

    def __call__(self) -> tuple[float, ClockState]:
        return self.utc_s(asyncio.get_running_loop().time()) + self.jump_s, self.state

    def utc_s(self, monotonic_s: float) -> float:
        """What the time truly is at a moment of the loop's clock."""
        return EPOCH_S + monotonic_s * (1.0 + self.fast)

    def show(self, utc_s: float, state: ClockState) -> None:
        """Step to that time."""
        self.jump_s, self.state = utc_s - self.utc_s(asyncio.get_running_loop().time()), state

    def correct(self) -> None:
        """Step to the right time, and the kernel knows that it is."""
        self.jump_s, self.state = 0.0, "synchronised"


@dataclass(slots=True)
class Disk:
    """The storage thread: one call after the other, up to `slow_s` each; `refuses` is the error it gives."""

    dice: random.Random
    slow_s: float = 0.004
    refuses: str = ""
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def offload(self, call: Callable[[], T], /) -> T:
        """Run a blocking call, as a thread would: it takes time before and after it has had its effect."""
        async with self._turn:
            await asyncio.sleep(self.slow_s * self.dice.random())
            if self.refuses:
                raise sqlite3.OperationalError(self.refuses)
            result = call()
            await asyncio.sleep(self.slow_s * self.dice.random())
            return result


@dataclass(slots=True)
class _Process:
    """What dies with a process: its ports, its sessions, its task."""

    task: asyncio.Task[None] | None = None
    alive: bool = True
    streams: list[MemoryStream] = field(default_factory=list)


class Twin:
    """One gateway's machine, with its field on one side and its broker on the other; `others` are by host."""

    def __init__(
        self,
        field: Field,
        broker: TwinBroker,
        directory: Path,
        dice: random.Random,
        others: Mapping[str, TwinBroker] = MappingProxyType({}),
    ) -> None:
        self.field = field
        self.broker = broker
        self.others = others
        self.clock = WallClock()
        field.utc_s = lambda: self.clock.utc_s(asyncio.get_running_loop().time())
        self.disk = Disk(dice)
        self.notified: list[str] = []
        self.boots = 0
        self.machine_boots = 1
        self.state_dir = directory / "state-0"
        self._directory = directory
        self._dice = dice
        self._process = _Process(alive=False)

    def start(self, main: Callable[[Host], Coroutine[Any, Any, None]]) -> None:
        """A new process: `main` runs on a Host of its own."""
        assert not self._process.alive, "the process is still running"
        self.boots += 1
        self.disk = Disk(self._dice, self.disk.slow_s, self.disk.refuses)
        process = self._process = _Process()
        process.task = asyncio.get_running_loop().create_task(main(self._host(process)), name="gateway")

    async def stop(self) -> None:
        """SIGTERM: it may say goodbye and close its store; raises what it ended with, if not as told."""
        if not self._process.alive:
            return
        await self._end(self._process)
        self._leave_files()
        self.check()

    async def kill(self) -> None:
        """SIGKILL or a power cut: nothing that it had not written to disk survives."""
        self._leave_files()
        self._process.alive = False
        for broker in (self.broker, *self.others.values()):
            broker.drop()
        await self._close_ports(self._process)
        await self._end(self._process)

    async def power_cut(self) -> None:
        """The whole machine: its next boot has another name, and its clock is what the battery kept, if any."""
        await self.kill()
        self.machine_boots += 1

    def _leave_files(self) -> None:
        """The next process finds the files as they are now; locks on them end with this one."""
        before, self.state_dir = self.state_dir, self._directory / f"state-{self.boots}"
        if before.exists():
            shutil.copytree(before, self.state_dir)

    def check(self) -> None:
        """Raise what ended the process, if anything did: it should run for ever."""
        task = self._process.task
        if task is not None and task.done() and not task.cancelled():
            task.result()
            raise AssertionError("the gateway ended by itself")

    async def _end(self, process: _Process) -> None:
        assert process.task is not None
        process.task.cancel()
        done, _ = await asyncio.wait({process.task}, timeout=STOP_MOST_S)
        assert done, f"the process does not stop within {STOP_MOST_S:g} s"
        process.alive = False
        await self._close_ports(process)

    async def _close_ports(self, process: _Process) -> None:
        for stream in process.streams:
            await stream.aclose()

    def _host(self, process: _Process) -> Host:
        async def open_line(endpoint: Endpoint) -> ByteStream:
            if not process.alive:
                raise LineError("the process is dead")
            stream = await self.field.open(endpoint)
            process.streams = [*(one for one in process.streams if not one.closed), stream]
            return stream

        async def open_session(request: SessionRequest) -> Session:
            session = await self.others.get(request.broker.host, self.broker).open(request)
            if not process.alive:
                raise UplinkError("the process is dead")
            return session

        return Host(
            open_line=open_line,
            open_session=open_session,
            wall_clock=self.clock,
            random=random.Random(self._dice.random()),
            state_dir=self.state_dir,
            boot_id=boot_name(f"machine boot {self.machine_boots}", f"{self._dice.getrandbits(128):032x}"),
            offload=self.disk.offload,
            notify=self.notified.append,
        )
