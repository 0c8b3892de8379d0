"""What a process has at hand, counted from within."""

import asyncio
import gc
import os
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.process import status_kb
from drivers.inbox import Inbox

SELF = Path("/proc/self")


@dataclass(frozen=True, slots=True)
class Gauge:
    """`objects` are those that the garbage collector knows, `blocks` all that Python has allocated.

    `waiters` are futures that are no tasks; `inbox_bytes` wait in the fullest of all streams.
    """

    tasks: int
    waiters: int
    objects: int
    blocks: int
    inbox_bytes: int
    descriptors: int
    rss_mb: float


def gauge() -> Gauge:
    """Count after a collection, so that what waits to be collected is no growth."""
    gc.collect()
    known = gc.get_objects()
    waiters = sum(isinstance(one, asyncio.Future) and not isinstance(one, asyncio.Task) for one in known)
    inboxes = (len(one._bytes) for one in known if type(one) is Inbox)
    return Gauge(
        tasks=len(asyncio.all_tasks()),
        waiters=waiters,
        objects=len(known),
        blocks=sys.getallocatedblocks(),
        inbox_bytes=max(inboxes, default=0),
        descriptors=len(os.listdir(SELF / "fd")),
        rss_mb=status_kb((SELF / "status").read_text(), "VmRSS") * 1024 / 1e6,
    )
