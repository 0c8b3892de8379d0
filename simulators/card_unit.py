"""A Modbus unit with a handshake: it shows one card until its flag is written off, and no further one before."""

from drivers.profile import DeviceProfile
from drivers.reading import Value
from simulators.modbus_unit import ModbusUnit


class CardUnit(ModbusUnit):
    """A card that is put to it while the flag is on is not seen, as by the real reader."""

    def __init__(self, profile: DeviceProfile, address: int, *, turnaround_s: float | None = None) -> None:
        super().__init__(profile, address, turnaround_s=turnaround_s)
        assert profile.handshake is not None
        self._shake = profile.handshake
        self.unseen = 0

    def set(self, point: str, value: Value) -> None:
        """A card is put to the reader, or taken away, which it does not tell."""
        if point != self._shake.value:
            super().set(point, value)
        elif value == "":
            return
        elif self.get(self._shake.flag):
            self.unseen += 1
        else:
            super().set(point, value)
            super().set(self._shake.flag, True)
            super().set(self._shake.clear, True)

    def written(self, point: str, value: Value) -> None:
        """The coil and the flag are one."""
        if point == self._shake.clear:
            super().set(self._shake.flag, value)
