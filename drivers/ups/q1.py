"""A UPS that is asked `Q1` on a serial port of its own."""

import asyncio

from drivers.counters import UnitCounters
from drivers.errors import BadFrame, LineError, NoResponse
from drivers.reading import Reading
from drivers.stream import ByteStream, OpenStream
from drivers.ups.q1_reply import ASK, SIZE, reply_of

TIMEOUT_S = 1.0  # the answer takes 0.2 s at 2400 baud; the UPS thinks for some tenths [recall]
END = b"\r"
HEARD_MOST = 4 * SIZE  # whoever says more without an end is no UPS


class Q1Ups:
    """Asked every `interval_s`; what comes after its time is thrown away."""

    def __init__(self, open_stream: OpenStream, *, interval_s: float, factor: float = 1.0) -> None:
        self.counters = UnitCounters()
        self._open_stream = open_stream
        self._interval_s, self._factor = interval_s, factor
        self._stream: ByteStream | None = None
        self._asked_s = float("-inf")

    async def poll(self) -> list[Reading]:
        """When it is time, ask and read the answer; raises LineError, NoResponse and BadFrame."""
        await asyncio.sleep(max(0.0, self._asked_s + self._interval_s - _now()))
        self._asked_s = _now()
        try:
            return reply_of(await self._exchange(), self._factor)
        except LineError:
            await self.aclose()
            raise
        except BadFrame:
            self.counters.garbage += 1
            raise

    async def aclose(self) -> None:
        """Close the port."""
        stream, self._stream = self._stream, None
        if stream is not None:
            await stream.aclose()

    async def _exchange(self) -> bytes:
        stream = self._stream = self._stream or await self._open_stream()
        while await stream.receive(_now()):  # what is left from before answers nothing
            pass
        self.counters.exchanges += 1
        await stream.send(ASK)
        heard, until_s = b"", _now() + TIMEOUT_S
        while END not in heard:
            more = await stream.receive(until_s)
            heard += more
            if not more or len(heard) > HEARD_MOST:
                raise self._nothing(heard)
        frame = heard[: heard.index(END) + 1]
        self.counters.replies, self.counters.last_reply_s = self.counters.replies + 1, _now()
        return frame

    def _nothing(self, heard: bytes) -> NoResponse | BadFrame:
        if not heard:
            self.counters.timeouts += 1
            return NoResponse(f"no answer within {TIMEOUT_S:g} s")
        return BadFrame(
            f"an answer that breaks off after {len(heard)} characters: are baud rate and wiring right?"
        )


def _now() -> float:
    return asyncio.get_running_loop().time()
