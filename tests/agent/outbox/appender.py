"""A gateway that appends as fast as it can, until it is killed: `python appender.py DIRECTORY FIRST`."""

import asyncio
import os
import sys
from pathlib import Path

from agent.outbox.outbox import Outbox
from agent.records import Lane, Record
from tests.agent.outbox.bench import AT, threaded

WRITERS = 4


async def main(directory: Path, first: int) -> None:
    outbox = await Outbox.open(directory, max_bytes=2**26, boot_id="b", offload=threaded(), telemetry_batch_s=0.01)
    os.write(1, b"ready\n")
    await asyncio.gather(*(append(outbox, writer, first) for writer in range(WRITERS)))


async def append(outbox: Outbox, writer: int, n: int) -> None:
    """Append event and state; say a number only when the outbox has said that it is kept."""
    while True:
        event = Record(Lane.ALARM, "alarm", f"device-{writer}", {"n": n}, AT)
        await outbox.append([event], {f"device-{writer}": str(n)})
        os.write(1, f"{writer} {n}\n".encode())
        await outbox.telemetry([Record(Lane.TELEMETRY, "telemetry", f"device-{writer}", {"n": n}, AT)])
        n += 1


asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
