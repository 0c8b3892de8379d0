"""One Modbus device: asks what its profile says, and turns replies into readings."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from drivers.blocks import Block
from drivers.decode import read_point, unread_point
from drivers.handshake import believed
from drivers.modbus.line import ModbusLine
from drivers.modbus.order import pulse_order, write_order
from drivers.modbus.pdu import Table, bits, read_request, registers
from drivers.profile import DeviceProfile, IdentityPoint, Point
from drivers.reading import Quality, Reading, Value


class ModbusDevice:
    """A profile at an address; every call but `identify` is one exchange on the line."""

    def __init__(
        self, line: ModbusLine, profile: DeviceProfile, address: int, *, timeout_s: float, guard_s: float
    ) -> None:
        self.profile = profile
        self.address = address
        self._line = line
        self._timeout_s = timeout_s
        self._guard_s = guard_s
        self._beat: Sequence[int] = ()
        self._beat_s = 0.0
        self._said: dict[tuple[Table, int, int], tuple[bytes, list[Reading]]] = {}

    async def read(self, block: Block, *, timeout_s: float | None = None) -> list[Reading]:
        """Read one block, waiting `timeout_s` instead of the longest; raises what `ModbusLine.exchange` raises.

        What it says again it gives again, the very same list. Once the device's heartbeat stands still nothing
        that it says is believed, good frames or not.
        """
        reply = await self._exchange(read_request(block.table, block.address, block.count), timeout_s)
        asked = (block.table, block.address, block.count)
        before, readings = self._said.get(asked, (b"", []))
        if reply == before and self.profile.heartbeat is None:
            return readings
        readings = self._meant(block, reply)
        self._said[asked] = reply, readings
        return readings

    def _meant(self, block: Block, reply: bytes) -> list[Reading]:
        words = [int(bit) for bit in bits(reply, block.count)] if _of_bits(block) else registers(reply)
        readings: list[Reading] = []
        for name in block.points:
            point = self.profile.point(name)
            own = words[point.address - block.address :][: point.width]
            self._listen(point, own)
            readings += read_point(point, own)
        if self.profile.handshake is not None:
            readings = believed(self.profile.handshake, readings)
        return self._doubted(readings) if self._stands_still() else readings

    def unread(self, block: Block, cause: str) -> list[Reading]:
        """What is known of a block's points when it cannot be read."""
        return [unread_point(self.profile.point(name), cause) for name in block.points]

    async def identify(self) -> list[Reading]:
        """What it says it is, point by point; bad where the profile expects something else."""
        return [await self._identity(point) for point in self.profile.identity]

    async def write(self, point_name: str, value: Value) -> None:
        """Write a point; sent exactly once, whatever comes back. Raises ValueError if it can't be written."""
        await self._exchange(write_order(self.profile, point_name, value))

    async def pulse(self, point_name: str, seconds: float) -> None:
        """A pulse timed by the module itself, so that it ends even if the gateway dies; sent exactly once."""
        await self._exchange(pulse_order(self.profile, point_name, seconds))

    async def _identity(self, point: IdentityPoint) -> Reading:
        reply = await self._exchange(read_request(point.table, point.address, point.width))
        words = [int(bit) for bit in bits(reply, point.width)] if point.of_bits else registers(reply)
        reading = read_point(point, words)[0]
        if point.expect is None or reading.value == point.expect:
            return reading
        cause = f"{self.profile.id} would say {point.expect!r}"
        return replace(reading, quality=Quality.BAD, cause=cause)

    def _listen(self, point: Point, words: Sequence[int]) -> None:
        """Note when the heartbeat last changed."""
        heartbeat = self.profile.heartbeat
        if heartbeat is not None and point.name == heartbeat.point and words != self._beat:
            self._beat, self._beat_s = words, asyncio.get_running_loop().time()

    def _stands_still(self) -> bool:
        heartbeat = self.profile.heartbeat
        if heartbeat is None or not self._beat:
            return False
        return asyncio.get_running_loop().time() - self._beat_s >= heartbeat.still_s

    def _doubted(self, readings: list[Reading]) -> list[Reading]:
        assert self.profile.heartbeat is not None
        cause = f"its heartbeat has not changed for {self.profile.heartbeat.still_s:g} s"
        return [replace(reading, quality=Quality.BAD, cause=cause) for reading in readings]

    async def _exchange(self, pdu: bytes, timeout_s: float | None = None) -> bytes:
        """What a shorter timeout saves is added to the guard window: a late reply is kept out for as long."""
        waited_s = self._timeout_s if timeout_s is None else min(timeout_s, self._timeout_s)
        guard_s = self._guard_s + self._timeout_s - waited_s
        return await self._line.exchange(self.address, pdu, timeout_s=waited_s, guard_s=guard_s)


def _of_bits(block: Block) -> bool:
    return block.table in ("coil", "discrete")
