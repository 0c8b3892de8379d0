"""A simulated UPS that answers Q1 on a serial port of its own."""

import asyncio
import contextlib

from drivers.errors import LineError
from drivers.profile import DeviceProfile
from drivers.reading import Value
from drivers.stream import ByteStream
from drivers.ups.q1_reply import ASK, BITS

FORMS = {
    "input_v": "{:05.1f}",
    "fault_v": "{:05.1f}",
    "output_v": "{:05.1f}",
    "load": "{:03.0f}",
    "frequency": "{:04.1f}",
    "battery_v": "{:04.1f}",
    "temperature": "{:04.1f}",
}
AT_REST = {
    "input_v": 230.0,
    "fault_v": 230.0,
    "output_v": 230.0,
    "load": 24.0,
    "frequency": 50.0,
    "battery_v": 27.3,
}
AT_REST |= {"temperature": 28.0}
HEARD_MOST = 64


class SimulatedUps:
    """One UPS; `cut_after` characters its answers break off, as on a bad line."""

    def __init__(self, profile: DeviceProfile) -> None:
        self.profile = profile
        self.plugged = True
        self.late_s = 0.0
        self.cut_after: int | None = None
        self._says: dict[str, bool | float] = {**AT_REST, **dict.fromkeys(BITS, False)}

    def set(self, point: str, value: Value) -> None:
        """The UPS says `value` from now on; raises KeyError, ValueError for what its columns cannot hold."""
        name = self.profile.point(point).name
        if isinstance(value, bool) != (name in BITS) or not isinstance(value, bool | int | float):
            raise ValueError(f"{point} takes {'true or false' if name in BITS else 'a number'}, not {value!r}")
        if name in FORMS and (value < 0 or len(FORMS[name].format(value)) != len(FORMS[name].format(0))):
            raise ValueError(f"{point} has no room for {value:g}")
        self._says[name] = value

    def get(self, point: str) -> Value:
        """What it says; raises KeyError."""
        return self._says[self.profile.point(point).name]

    def reply(self) -> bytes:
        """The 47 characters."""
        numbers = " ".join(form.format(self._says[name]) for name, form in FORMS.items())
        bits = "".join("1" if self._says[name] else "0" for name in BITS)
        return f"({numbers} {bits}\r".encode()

    async def run(self, stream: ByteStream) -> None:
        """Be at this wire until it is gone."""
        heard = b""
        with contextlib.suppress(LineError):
            while True:
                heard = (heard + await stream.receive())[-HEARD_MOST:]
                asked, heard = ASK in heard, heard.rpartition(b"\r")[2]
                if asked and self.plugged:
                    await asyncio.sleep(self.profile.turnaround_s + self.late_s)
                    await stream.send(self.reply()[: self.cut_after])
