"""The real machine as a Host."""

import asyncio
import ctypes
import os
import random
import selectors
import time
import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TypeVar

from agent.host import Host
from agent.records import ClockState, boot_name
from agent.service.notify import notify_manager
from agent.uplink.mqtt import open_session
from drivers.open import open_stream

T = TypeVar("T")

STA_UNSYNC = 0x0040  # adjtimex(2): the kernel's clock is not disciplined by anybody
TIMESYNC_MARK = Path("/run/systemd/timesync/synchronized")  # systemd-timesyncd touches it whenever it has the time
SYNC_HOLDS_S = 32_000.0  # the kernel's own patience: its error bound grows by 500 ppm and gives up at 16 s
BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
MACHINE_BOOT = "CAMPUSGW_MACHINE_BOOT"
CLOCK = "CAMPUSGW_CLOCK"
TIMEX_BYTES = 208  # struct timex on 64-bit Linux; `status` is the int at offset 40 (32-bit: 20)


def real_host(state_dir: Path) -> Host:
    """The machine we run on; `state_dir` must be writable."""
    thread = ThreadPoolExecutor(1, "storage")

    async def offload(call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(thread, call)

    return Host(
        open_line=open_stream,
        open_session=open_session,
        wall_clock=lambda: (time.time(), clock_state()),
        random=random.Random(),
        state_dir=state_dir,
        boot_id=boot_name(machine_boot(), uuid.uuid4().hex),
        offload=offload,
        notify=notify_manager,
    )


def precise_loop() -> asyncio.AbstractEventLoop:
    """An event loop whose timers are late by 0.15 ms instead of 0.7 ms (measured, docs/decisions/0007-timers.md).

    epoll and poll round a timeout up to whole milliseconds; select does not. A silence of 1.75 ms would else take
    a third longer, on every exchange. select knows descriptors below 1024 only; a gateway has a few dozen.
    """
    return asyncio.SelectorEventLoop(selectors.SelectSelector())


def clock_state() -> ClockState:
    """What the kernel itself says of its clock (adjtimex); where the unit's hardening refuses that, timesyncd.

    Where somebody else keeps it right, such as a hypervisor, whoever starts the gateway says so.
    """
    if os.environ.get(CLOCK) == "synchronised":
        return "synchronised"
    timex = ctypes.create_string_buffer(TIMEX_BYTES)
    if _libc().adjtimex(timex) < 0:
        return _timesync_state()
    offset = 40 if ctypes.sizeof(ctypes.c_long) == 8 else 20
    status = int.from_bytes(timex.raw[offset : offset + 4], "little")
    return "estimated" if status & STA_UNSYNC else "synchronised"


@cache
def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None)


def _timesync_state() -> ClockState:
    try:
        age_s = time.time() - TIMESYNC_MARK.stat().st_mtime
    except OSError:
        return "estimated" if TIMESYNC_MARK.parent.is_dir() else "unknown"
    return "synchronised" if 0 <= age_s < SYNC_HOLDS_S else "estimated"  # younger than now: somebody put it back


def machine_boot() -> str:
    """Names the boot of the machine, as long as its monotonic clock goes on; without a name every start is new.

    The unit hides /proc/sys (ProcSubset=pid), so it passes the name on (`%b`).
    """
    if said := os.environ.get(MACHINE_BOOT):
        return said
    try:
        return BOOT_ID.read_text().strip()
    except OSError:
        return uuid.uuid4().hex
