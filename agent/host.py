"""Everything that touches the world enters the agent through this one record."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from agent.records import ClockState, Instant, Told, as_recorded
from agent.session import OpenSession
from drivers.stream import ByteStream, Endpoint

T = TypeVar("T")


def loop_s() -> float:
    """Now on the event loop's own clock, by which every duration is measured."""
    return asyncio.get_running_loop().time()


class Offload(Protocol):
    """Runs a blocking call (SQLite) off the event loop; one thread, so calls keep their order."""

    async def __call__(self, call: Callable[[], T], /) -> T: ...


@dataclass(frozen=True, slots=True)
class Host:
    """The machine and its surroundings, real or simulated.

    `wall_clock` gives UTC seconds and how far they may be believed; durations never come from it but from
    the event loop (`loop.time()`). `notify` tells the service manager (`READY=1`, `WATCHDOG=1`, `STATUS=…`).
    `moment` tells what is known by now of a moment that was recorded.
    `boot_id` is new for every start of the process; its first half names the boot of the machine (`boot_name`).
    """

    open_line: Callable[[Endpoint], Awaitable[ByteStream]]
    open_session: OpenSession
    wall_clock: Callable[[], tuple[float, ClockState]]
    random: random.Random
    state_dir: Path
    boot_id: str
    offload: Offload
    notify: Callable[[str], None]
    moment: Told = as_recorded

    def instant(self) -> Instant:
        """Now, on both clocks."""
        return Instant(loop_s(), *self.wall_clock())

    def known(self, at: Instant) -> Instant:
        """A moment of this start of the process, as it is known by now."""
        return self.moment(self.boot_id, at)
