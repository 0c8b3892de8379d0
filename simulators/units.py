"""From a profile to the simulated device that lives by it; fire panels have a table of their own."""

from collections.abc import Callable
from typing import Protocol

from drivers.profile import DeviceProfile
from drivers.reading import Value
from simulators.camera import SimulatedCamera
from simulators.card_unit import CardUnit
from simulators.modbus_unit import ModbusUnit
from simulators.ups import SimulatedUps


class SimulatedUnit(Protocol):
    """A device whose points a story can change; `late_s` is an extra delay of each answer."""

    plugged: bool
    late_s: float

    def set(self, point: str, value: Value) -> None:
        """The field changes: the point says `value` from now on. Raises KeyError, ValueError."""

    def get(self, point: str) -> Value:
        """What a reader would believe of the point. Raises KeyError."""


def modbus_unit(profile: DeviceProfile, address: int) -> ModbusUnit:
    """A unit on a Modbus line."""
    return CardUnit(profile, address) if profile.handshake is not None else ModbusUnit(profile, address)


def simulated_unit(
    profile: DeviceProfile, address: int, utc_s: Callable[[], float | None]
) -> SimulatedUnit | None:
    """Whatever the profile is of; None for a fire panel."""
    match profile.protocol:
        case "modbus":
            return modbus_unit(profile, address)
        case "ip_camera":
            return SimulatedCamera(profile, utc_s)
        case "megatec_q1":
            return SimulatedUps(profile)
    return None
