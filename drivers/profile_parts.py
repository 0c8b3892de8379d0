"""What a device profile is made of besides its points: how it ships, what it may be asked, habits of its own."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from drivers.camera.probe import ProbeKind
from drivers.stream import Parity

NUMBER = "{n}"  # in the name of a point that stands for many
Address = Annotated[int, Field(ge=0, le=0xFFFF)]


class Data(BaseModel):
    """Frozen, and nothing in it that it does not know."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Title(Data):
    """A name in both languages."""

    en: str = Field(min_length=1)
    zh: str = Field(min_length=1)

    def of(self, n: int) -> "Title":
        """The name with its number filled in."""
        return Title(en=self.en.replace(NUMBER, str(n)), zh=self.zh.replace(NUMBER, str(n)))


class Port(Data):
    """What the device ships with; the line's own settings win. `addresses`: the first and last it can have."""

    baud: int = Field(9600, ge=50, le=4_000_000)
    data_bits: Literal[7, 8] = 8
    parity: Parity = "N"
    stop_bits: Literal[1, 2] = 1
    address: int = Field(1, ge=0, le=255)
    addresses: tuple[int, int] = (1, 247)


class Limits(Data):
    """How much one read may ask for, and which function codes are served."""

    max_bits: int = Field(2000, ge=1, le=2000)
    max_registers: int = Field(125, ge=1, le=125)
    functions: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 15, 16)


class Code(Data):
    """What one event code of a panel's register sets and clears; it says nothing of anything else."""

    set: tuple[str, ...] = ()
    clear: tuple[str, ...] = ()


class Pulse(Data):
    """A pulse that the module times itself: write (seconds / unit_s) to this coil with function 5."""

    coil: Address
    unit_s: float = Field(gt=0)
    most: int = Field(0x7FFF, ge=1, le=0xFFFF)


class Heartbeat(Data):
    """A counter that must change while the device lives; unchanged for `still_s`, nothing it says is believed."""

    point: str
    still_s: float = Field(gt=0)


class Handshake(Data):
    """A value that is there while `flag` is on, and no further one comes before `clear` is written off.

    A value without its flag is the last one's: it is read as an empty word. docs/profiles.md tells the rest.
    """

    flag: str
    value: str
    clear: str


class Probes(Data):
    """The ports at which a camera is asked; None: it is not asked there."""

    tcp: int | None = Field(None, ge=1, le=65535)
    rtsp: int | None = Field(None, ge=1, le=65535)
    onvif: int | None = Field(None, ge=1, le=65535)

    @property
    def asked(self) -> dict[ProbeKind, int]:
        """Those that are."""
        ports: dict[ProbeKind, int | None] = {"tcp": self.tcp, "rtsp": self.rtsp, "onvif": self.onvif}
        return {kind: port for kind, port in ports.items() if port is not None}
