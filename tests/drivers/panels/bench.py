"""A driver and its simulated panel on a wire with true wire time, polled as the agent does it."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

from drivers.errors import FieldError, LineError
from drivers.panels import PANELS
from drivers.profile import Protocol
from drivers.reading import Reading
from drivers.stream import ByteStream
from simulators.clock import run_virtual
from simulators.memory import MemoryStream, memory_pair
from simulators.panels import SIMULATED_PANELS
from simulators.wire import PacedStream
from tests.drivers.panels.transcript import PROFILES

CHARACTER_S = 10 / 9600
Wrap = Callable[[ByteStream], ByteStream]


class Bench:
    """`read` holds what each poll gave and when; storing it takes `store_s`."""

    def __init__(self, protocol: Protocol, simulated: Any = None, wrap: Wrap | None = None) -> None:
        profile = PROFILES[protocol]
        self.far = simulated or SIMULATED_PANELS[protocol]()
        self.panel = PANELS[protocol](self._open, profile, profile.port.address)
        self.address = "1D030" if protocol == "notifier_nfs" else "1.3.30"
        self.present = True
        self.store_s = 0.02
        self.read: list[tuple[float, list[Reading]]] = []
        self.stored: list[Reading] = []
        self.failed: list[tuple[float, FieldError]] = []
        self._wrap = wrap or (lambda stream: stream)
        self._near: MemoryStream | None = None
        self._serving: list[asyncio.Task[None]] = []
        self._poller: asyncio.Task[None] | None = None

    @property
    def points(self) -> list[tuple[str, Any]]:
        """Everything that was read, in order."""
        return [(reading.point, reading.value) for _, readings in self.read for reading in readings]

    def told(self, condition: str, value: bool, address: str = "") -> bool:
        """This was read."""
        return (f"{address or self.address}/{condition}", value) in self.points

    def over(self, condition: str) -> bool:
        """A reset of it was read."""
        return ("*/*", False) in self.points or (f"*/{condition}", False) in self.points

    async def until(self, holds: Callable[[], bool], within_s: float) -> float:
        """Wait until it holds; returns how long that took."""
        began_s = now_s()
        while not holds():
            assert now_s() - began_s <= within_s, "it does not come true in time"
            await asyncio.sleep(0.01)
        return now_s() - began_s

    def vanish(self) -> None:
        """The adapter is pulled out."""
        self.present = False
        assert self._near is not None
        self._near.vanish()

    async def stop_polling(self) -> None:
        """The poller hangs: nobody fetches any more."""
        assert self._poller is not None
        self._poller.cancel()
        await asyncio.wait([self._poller])

    async def _open(self) -> ByteStream:
        if not self.present:
            raise LineError("no such port")
        self._near, far = memory_pair()
        served = self.far.run(PacedStream(self._wrap(far), CHARACTER_S))
        self._serving.append(asyncio.create_task(served))
        return self._near

    async def _poll_for_ever(self) -> None:
        while True:
            try:
                readings = await self.panel.poll()
            except FieldError as error:
                self.failed.append((now_s(), error))
                await asyncio.sleep(0.25 if isinstance(error, LineError) else 0)
                continue
            if readings:
                self.read.append((now_s(), readings))
                await asyncio.sleep(self.store_s)
                self.stored += readings

    async def _run(self, script: Callable[["Bench"], Awaitable[None]]) -> None:
        self._poller = asyncio.create_task(self._poll_for_ever())
        try:
            await script(self)
        finally:
            await self.stop_polling()
            await self.panel.aclose()
            for task in self._serving:
                task.cancel()
            await asyncio.gather(*self._serving, return_exceptions=True)

    def play(self, script: Callable[["Bench"], Awaitable[None]], seed: int = 0) -> None:
        """Run a script in virtual time."""
        run_virtual(self._run(script), seed)


class Flipping:
    """A wire on which one byte in `rate` arrives with a bit turned round."""

    def __init__(self, raw: ByteStream, dice: random.Random, rate: int) -> None:
        self._raw, self._dice, self._rate = raw, dice, rate

    async def send(self, data: bytes) -> None:
        await self._raw.send(self._spoiled(data))

    async def receive(self, until_s: float | None = None) -> bytes:
        return self._spoiled(await self._raw.receive(until_s))

    async def aclose(self) -> None:
        await self._raw.aclose()

    def _spoiled(self, data: bytes) -> bytes:
        return bytes(
            byte ^ (1 << self._dice.randrange(8)) if self._dice.randrange(self._rate) == 0 else byte
            for byte in data
        )


class Echoing:
    """Two wires with an adapter that hears itself: whatever is sent comes back at once."""

    def __init__(self, raw: ByteStream) -> None:
        self._raw = raw

    async def send(self, data: bytes) -> None:
        await self._raw.send(data)

    async def receive(self, until_s: float | None = None) -> bytes:
        heard = await self._raw.receive(until_s)
        await self._raw.send(heard)
        return heard

    async def aclose(self) -> None:
        await self._raw.aclose()


def now_s() -> float:
    """The loop's time."""
    return asyncio.get_running_loop().time()
