"""Run inside a network namespace: a gateway with two interfaces, one of which is taken down while alarms flow.

Prints, as JSON, how many alarms were accepted and arrived, and how long the slowest took by the other way.
"""

import asyncio
import json
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import aiomqtt

from agent.session import Broker
from agent.site import BackupSettings, UplinkSettings
from tests.agent.uplink.bench import Gateway, gateway

WATCHED_BY = "10.83.3.2"  # a third network, which stays
EVERY_S = 0.1
STEADY_S = 5.0
AFTER_S = 15.0


async def main(directory: Path, broken: str, one: str, two: str, port: int) -> dict[str, Any]:
    """Alarms all the time; `broken` goes down after a while."""
    how = UplinkSettings(
        (Broker(one, port),), interface=broken, backup=BackupSettings((Broker(two, port),), "way-b")
    )
    arrived: dict[int, float] = {}
    ready = asyncio.Event()
    listener = asyncio.create_task(_listen(port, arrived, ready))
    await ready.wait()
    async with gateway(directory, how) as it:
        it.start()
        accepted: dict[int, float] = {}
        await _alarms(it, accepted, STEADY_S)
        assert it.uplink.shown().path == "primary", it.uplink.shown()
        subprocess.run(["ip", "link", "set", broken, "down"], check=True)  # noqa: ASYNC221
        cut_s = time.monotonic()
        await _alarms(it, accepted, AFTER_S)
        await it.drained(within_s=15.0)
        shown = it.uplink.shown()
    listener.cancel()
    with suppress(asyncio.CancelledError):
        await listener
    late = [arrived[n] - max(cut_s, at_s) for n, at_s in accepted.items() if n in arrived and arrived[n] > cut_s]
    return {
        "accepted": len(accepted),
        "lost": len(accepted.keys() - arrived.keys()),
        "slowest_s": max(late),
        "path": shown.path,
        "why": shown.paths["primary"].why,
    }


async def _alarms(it: Gateway, accepted: dict[int, float], for_s: float) -> None:
    for _ in range(int(for_s / EVERY_S)):
        number = len(accepted)
        await it.alarm(number)
        accepted[number] = time.monotonic()
        await asyncio.sleep(EVERY_S)


async def _listen(port: int, arrived: dict[int, float], ready: asyncio.Event) -> None:
    async with aiomqtt.Client(WATCHED_BY, port) as client:
        await client.subscribe("campus/v1/+/+/+/alarm/+", qos=1)
        ready.set()
        async for message in client.messages:
            assert isinstance(message.payload, bytes)
            arrived.setdefault(json.loads(message.payload)["data"]["n"], time.monotonic())


if __name__ == "__main__":
    print(json.dumps(asyncio.run(main(Path(sys.argv[1]), "way-a", "10.83.1.2", "10.83.2.2", int(sys.argv[2])))))
