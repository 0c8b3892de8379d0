"""What the outbox's tests share: records, a storage thread, an outbox that is closed at the end."""

import asyncio
import random
import string
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TypeVar

from agent.outbox.outbox import FILE, HISTORY_BYTES, Outbox
from agent.records import Instant, Lane, Record, Stored

T = TypeVar("T")
AT = Instant(1.0, 1_790_000_000.0, "synchronised")
START: dict[Lane, int] = dict.fromkeys(Lane, 0)
ROOMY = 64 * 1024 * 1024


def record(lane: Lane = Lane.ALARM, subject: str = "panic-gate", **data: object) -> Record:
    return Record(lane, lane.channel, subject, data, AT)


def noise(size: int, seed: int = 0) -> str:
    """Letters that do not compress well."""
    return "".join(random.Random(seed).choices(string.printable[:94], k=size))


def numbers(count: int, first: int = 0, size: int = 0) -> list[Record]:
    """Telemetry."""
    return [record(Lane.TELEMETRY, "room", n=n, pad=noise(size, n)) for n in range(first, first + count)]


async def on_disk(outbox: Outbox, records: list[Record]) -> None:
    """Telemetry of an outbox without a window; returns when it is written."""
    await outbox.telemetry(records)
    await outbox._writer.settled()


def alarms(count: int, **data: object) -> list[Record]:
    return [record(n=n, **data) for n in range(count)]


async def inline(call: Callable[[], T]) -> T:
    return call()


def threaded() -> Callable[[Callable[[], T]], object]:
    """One storage thread, as the real Host has it."""
    thread = ThreadPoolExecutor(1)

    async def offload(call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(thread, call)

    return offload


@asynccontextmanager
async def opened(
    directory: Path,
    *,
    max_bytes: int = ROOMY,
    batch_s: float = 5.0,
    boot_id: str = "boot",
    offload=inline,
    history_bytes: int = HISTORY_BYTES,
    memory_bytes: int = 0,
) -> AsyncIterator[Outbox]:
    outbox = await Outbox.open(
        directory,
        max_bytes=max_bytes,
        boot_id=boot_id,
        offload=offload,
        telemetry_batch_s=batch_s,
        history_bytes=history_bytes,
        memory_bytes=memory_bytes,
    )
    try:
        yield outbox
    finally:
        await outbox.aclose()


async def everything(outbox: Outbox, limit: int = 1_000_000) -> list[Stored]:
    return await outbox.next(START, limit)


def file_of(directory: Path) -> Path:
    return directory / FILE
