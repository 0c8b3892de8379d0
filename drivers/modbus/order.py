"""What a device is told, as the one request that its profile makes of it; pure."""

from drivers.decode import read_point, words_of
from drivers.modbus.pdu import write_coil, write_coils, write_register, write_registers
from drivers.profile import WRITE_FUNCTIONS, DeviceProfile, Point
from drivers.reading import Quality, Value


def write_order(profile: DeviceProfile, point_name: str, value: Value) -> bytes:
    """The request that writes a point; raises ValueError for what the device cannot be told."""
    point = profile.point(point_name)
    if not point.writable:
        raise ValueError(f"{point_name} of {profile.id} cannot be written")
    if value is None or (point.momentary and value is not True):
        raise ValueError(f"{point_name} of {profile.id} cannot be told {value!r}")
    words = words_of(point, value)
    for reading in read_point(point, words):
        if reading.quality is not Quality.GOOD:
            raise ValueError(f"{point_name} of {profile.id} cannot be told {value!r}: {reading.cause}")
    return _request(profile, point, words)


def pulse_order(profile: DeviceProfile, point_name: str, seconds: float) -> bytes:
    """The request for a pulse that the module times itself; raises ValueError where it can't."""
    pulse = profile.point(point_name).pulse
    if pulse is None:
        raise ValueError(f"{profile.id} times no pulse on {point_name}")
    steps = round(seconds / pulse.unit_s)
    if not 1 <= steps <= pulse.most:
        raise ValueError(f"a pulse is {pulse.unit_s:g} to {pulse.unit_s * pulse.most:g} s, not {seconds:g}")
    return bytes((5, *pulse.coil.to_bytes(2, "big"), *steps.to_bytes(2, "big")))


def _request(profile: DeviceProfile, point: Point, words: list[int]) -> bytes:
    """The plain function for one bit or register where the device serves it, else the one for many."""
    plain, _ = WRITE_FUNCTIONS[point.table]
    alone = len(words) == 1 and plain in profile.limits.functions
    if point.table == "coil":
        return write_coil(point.address, bool(words[0])) if alone else write_coils(point.address, [bool(words[0])])
    return write_register(point.address, words[0]) if alone else write_registers(point.address, words)
