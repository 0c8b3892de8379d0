"""One Modbus device: asks what its profile says, and turns replies into readings."""

from drivers.blocks import Block
from drivers.decode import read_point, words_of
from drivers.modbus.line import ModbusLine
from drivers.modbus.pdu import bits, read_request, registers, write_coil, write_register, write_registers
from drivers.profile import DeviceProfile
from drivers.reading import Reading, Value


class ModbusDevice:
    """A profile at an address; every call is one exchange on the line."""

    def __init__(
        self, line: ModbusLine, profile: DeviceProfile, address: int, *, timeout_s: float, guard_s: float
    ) -> None:
        self.profile = profile
        self.address = address
        self._line = line
        self._timeout_s = timeout_s
        self._guard_s = guard_s

    async def read(self, block: Block, *, timeout_s: float | None = None) -> list[Reading]:
        """Read one block, waiting `timeout_s` instead of the longest; raises what `ModbusLine.exchange` raises."""
        reply = await self._exchange(read_request(block.table, block.address, block.count), timeout_s)
        of_bits = block.table in ("coil", "discrete")
        words = [int(bit) for bit in bits(reply, block.count)] if of_bits else registers(reply)
        readings: list[Reading] = []
        for name in block.points:
            point = self.profile.point(name)
            at = point.address - block.address
            readings += read_point(point, words[at : at + point.width])
        return readings

    async def write(self, point_name: str, value: Value) -> None:
        """Write a point; sent exactly once, whatever comes back. Raises ValueError if it can't be written."""
        point = self.profile.point(point_name)
        if "w" not in point.access:
            raise ValueError(f"{point_name} of {self.profile.id} cannot be written")
        words = words_of(point, value)
        if point.table == "coil":
            await self._exchange(write_coil(point.address, bool(words[0])))
        elif len(words) == 1:
            await self._exchange(write_register(point.address, words[0]))
        else:
            await self._exchange(write_registers(point.address, words))

    async def pulse(self, point_name: str, seconds: float) -> None:
        """A pulse timed by the module itself, so that it ends even if the gateway dies; sent exactly once."""
        pulse = self.profile.point(point_name).pulse
        if pulse is None:
            raise ValueError(f"{self.profile.id} times no pulse on {point_name}")
        steps = round(seconds / pulse.unit_s)
        if not 1 <= steps <= pulse.most:
            raise ValueError(f"a pulse is {pulse.unit_s} to {pulse.unit_s * pulse.most} s, not {seconds}")
        await self._exchange(bytes((5, *pulse.coil.to_bytes(2, "big"), *steps.to_bytes(2, "big"))))

    async def _exchange(self, pdu: bytes, timeout_s: float | None = None) -> bytes:
        """What a shorter timeout saves is added to the guard window: a late reply is kept out for as long."""
        waited_s = self._timeout_s if timeout_s is None else min(timeout_s, self._timeout_s)
        guard_s = self._guard_s + self._timeout_s - waited_s
        return await self._line.exchange(self.address, pdu, timeout_s=waited_s, guard_s=guard_s)
