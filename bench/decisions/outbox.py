"""Figures for docs/decisions/0003-outbox-store.md: `python -m bench.decisions.outbox [DIRECTORY]` (5 s)."""

import asyncio
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeVar

from agent.outbox.outbox import Outbox
from agent.records import Instant, Lane, Record

T = TypeVar("T")
ALONE, TOGETHER, WRITERS = 500, 2000, 50
AT = Instant(1.0, 1_790_000_000.0, "synchronised")
DATA = {"device": "panic-gate", "name": "门卫室一键报警", "condition": "pressed", "text": "x" * 150}
ALARM = Record(Lane.ALARM, "alarm", "panic-gate", DATA, AT)


class Counted:
    """The storage thread; counts its calls."""

    def __init__(self) -> None:
        self.calls = 0
        self._thread = ThreadPoolExecutor(1)

    async def __call__(self, call: Callable[[], T]) -> T:
        self.calls += 1
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)


def written_bytes() -> int:
    """What this process has caused to be written to the block layer."""
    lines = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(lines["write_bytes"])


async def main(directory: Path) -> None:
    """Appends one after the other, then from many writers at once."""
    thread = Counted()
    outbox = await Outbox.open(directory, max_bytes=2**28, boot_id="b", offload=thread)
    loop = asyncio.get_running_loop()
    alone, before, start_s = [], written_bytes(), time.process_time()
    for _ in range(ALONE):
        began_s = loop.time()
        await outbox.append([ALARM], {"panic-gate": "pressed"})
        alone.append(loop.time() - began_s)
    show("one at a time", alone, thread.calls - 1, written_bytes() - before, time.process_time() - start_s)

    thread.calls, together, before, start_s = 0, [], written_bytes(), time.process_time()

    async def writer() -> None:
        for _ in range(TOGETHER // WRITERS):
            began_s = loop.time()
            await outbox.append([ALARM], {"panic-gate": "pressed"})
            together.append(loop.time() - began_s)

    await asyncio.gather(*(writer() for _ in range(WRITERS)))
    show(f"{WRITERS} at once", together, thread.calls, written_bytes() - before, time.process_time() - start_s)

    thread.calls, before, start_s, began_s = 0, written_bytes(), time.process_time(), loop.time()
    after: dict[Lane, int] = dict.fromkeys(Lane, 0)
    while stored := await outbox.next(after, 32):
        after[Lane.ALARM] = stored[-1].sequence
        await outbox.confirm(stored)
    await outbox.aclose()
    count = ALONE + TOGETHER
    print(
        f"drained {count} rows in {loop.time() - began_s:.2f} s, "
        f"{(written_bytes() - before) / count:.0f} bytes written a row"
    )


def show(name: str, latencies_s: list[float], transactions: int, size: int, cpu_s: float) -> None:
    """One line of the table."""
    count = len(latencies_s)
    latencies_s.sort()
    p50, p99 = latencies_s[count // 2] * 1e3, latencies_s[count * 99 // 100] * 1e3
    print(
        f"{name:<14} {count} alarms  p50 {p50:.2f} ms  p99 {p99:.2f} ms  max {latencies_s[-1] * 1e3:.1f} ms  "
        f"{transactions} transactions  {size / count:.0f} bytes/alarm  {cpu_s / count * 1e6:.0f} us CPU/alarm"
    )


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(dir=sys.argv[1] if len(sys.argv) > 1 else ".") as chosen:
        asyncio.run(main(Path(chosen)))
