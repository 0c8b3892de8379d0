"""The central platform's ear: subscribes, hands on what comes, and comes back when the broker does."""

import asyncio
from collections.abc import Callable

import aiomqtt

from simulators.platform import Arrival, Platform, Unreadable

AGAIN_S = 0.05
MARK = "campusgw-demo/mark"


class Subscriber:
    """`heard` is told every arrival with the time of its arrival (loop time)."""

    def __init__(
        self,
        broker: Callable[[], tuple[str, int] | None],
        topics: str,
        platform: Platform,
        heard: Callable[[Arrival], None],
    ) -> None:
        self.unreadable: list[str] = []
        self.there = asyncio.Event()
        self.why = "no answer"
        self._broker = broker
        self._topics = topics
        self._platform = platform
        self._heard = heard
        self._client: aiomqtt.Client | None = None
        self._marked = asyncio.Event()

    async def run(self) -> None:
        """Listen for ever."""
        while True:
            try:
                if (address := self._broker()) is not None:
                    await self._listen(*address)
            except aiomqtt.MqttError as error:
                self.why = str(error)
            finally:
                self.there.clear()
            await asyncio.sleep(AGAIN_S)

    async def catch_up(self, within_s: float) -> bool:
        """Wait until everything that the broker has taken so far has come here: it remembers nothing."""
        if self._client is None:
            return False
        self._marked.clear()
        try:
            async with asyncio.timeout(within_s):
                await self._client.publish(MARK, b"", qos=1)
                await self._marked.wait()
        except (TimeoutError, aiomqtt.MqttError):
            return False
        return True

    async def _listen(self, host: str, port: int) -> None:
        async with aiomqtt.Client(host, port, protocol=aiomqtt.ProtocolVersion.V5) as client:
            await client.subscribe([(self._topics, 1), (MARK, 1)])
            self._client = client
            self.there.set()
            async for message in client.messages:
                self._take(str(message.topic), bytes(message.payload or b""))

    def _take(self, topic: str, payload: bytes) -> None:
        if topic == MARK:
            self._marked.set()
            return
        if not payload:
            self._platform.clear(topic)
            return
        try:
            arrival = self._platform.take(topic, payload, asyncio.get_running_loop().time())
        except Unreadable as error:
            self.unreadable.append(str(error))
        else:
            self._heard(arrival)
