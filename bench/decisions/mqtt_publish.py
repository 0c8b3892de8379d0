"""Figures for docs/decisions/0002-mqtt-client.md: `python -m bench.decisions.mqtt_publish PORT` (5 s)."""

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable

import aiomqtt
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion

from agent.session import Broker, SessionRequest, Will
from agent.uplink.mqtt import open_session

COUNT, WINDOW = 3000, 16
TOPIC, PAYLOAD = "campus/v1/430102/s0001/bench/alarm/panic-gate", b"x" * 256
Publish = Callable[[], Awaitable[None]]


async def measure(name: str, publish: Publish) -> None:
    """COUNT publishes from WINDOW tasks."""
    left = iter(range(COUNT))

    async def sender() -> None:
        for _ in left:
            await publish()

    began_s, cpu_s = time.perf_counter(), time.process_time()
    await asyncio.gather(*(sender() for _ in range(WINDOW)))
    wall_s, cpu_s = time.perf_counter() - began_s, time.process_time() - cpu_s
    print(f"{name:<28} {cpu_s / COUNT * 1e6:5.0f} us CPU/message  {COUNT / wall_s:6.0f} messages/s")


async def ours(port: int) -> None:
    """AckClient behind Session."""
    session = await open_session(SessionRequest(Broker("127.0.0.1", port), "bench", Will("campus/v1/will", b"")))
    await measure("aiomqtt + AckClient", lambda: session.publish(TOPIC, PAYLOAD))
    await session.aclose()


async def plain(port: int) -> None:
    """aiomqtt as it comes."""
    async with aiomqtt.Client("127.0.0.1", port, protocol=aiomqtt.ProtocolVersion.V5) as client:
        client.pending_calls_threshold = WINDOW
        await measure("aiomqtt", lambda: client.publish(TOPIC, PAYLOAD, 1))


async def raw(port: int) -> None:
    """paho with its own thread, futures resolved from there."""
    loop = asyncio.get_running_loop()
    waiting: dict[int, asyncio.Future[None]] = {}
    client = Client(CallbackAPIVersion.VERSION2, protocol=MQTTProtocolVersion.MQTTv5)
    client.on_publish = lambda _c, _u, mid, *_: loop.call_soon_threadsafe(
        lambda: waiting.pop(mid).set_result(None)
    )
    client.connect("127.0.0.1", port)
    client.loop_start()
    while not client.is_connected():  # noqa: ASYNC110
        await asyncio.sleep(0.01)

    async def publish() -> None:
        mid = client.publish(TOPIC, PAYLOAD, 1).mid
        waiting[mid] = loop.create_future()
        await waiting[mid]

    await measure("paho in its own thread", publish)
    client.disconnect()
    client.loop_stop()


async def main(port: int) -> None:
    """Three rounds, interleaved, since the machine may be shared."""
    for _ in range(3):
        for client in (ours, plain, raw):
            await client(port)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1])))
