"""A device profile: what a device model answers, as data. Where and what, never how to ask."""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from drivers.modbus.pdu import Table
from drivers.stream import Parity

Protocol = Literal["modbus", "notifier_nfs", "jbf_193k", "songjiang_jb3208", "fuan_fs5101w"]
Verified = Literal["simulator", "bench", "site"]
ValueType = Literal["bool", "u16", "i16", "u32", "i32", "f32", "event"]
Word = bool | str | float | int

WIDTH: dict[ValueType, int] = {"bool": 1, "u16": 1, "i16": 1, "u32": 2, "i32": 2, "f32": 2, "event": 1}
FUNCTION: dict[Table, int] = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
Address = Annotated[int, Field(ge=0, le=0xFFFF)]


class _Data(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Title(_Data):
    """A name in both languages."""

    en: str
    zh: str


class Port(_Data):
    """What the device ships with; the line's own settings win."""

    baud: int = 9600
    data_bits: Literal[7, 8] = 8
    parity: Parity = "N"
    stop_bits: Literal[1, 2] = 1
    address: int = 1


class Limits(_Data):
    """How much one read may ask for, and which function codes are served."""

    max_bits: int = Field(2000, ge=1, le=2000)
    max_registers: int = Field(125, ge=1, le=125)
    functions: tuple[int, ...] = (1, 2, 3, 4, 5, 6, 15, 16)


class Code(_Data):
    """What one event code of a panel's register sets and clears."""

    set: tuple[str, ...] = ()
    clear: tuple[str, ...] = ()


class Pulse(_Data):
    """A pulse that the module times itself: write (seconds / unit_s) to this coil with function 5."""

    coil: Address
    unit_s: float = Field(gt=0)
    most: int = 0x7FFF


class Point(_Data):
    """One value of the device; `address` is the 0-based PDU address."""

    name: str
    title: Title
    table: Table
    address: Address
    type: ValueType = "u16"
    bit: int | None = Field(None, ge=0, le=31)
    word_order: Literal["big", "little"] = "big"
    scale: float = 1.0
    offset: float = 0.0
    unit: str = ""
    values: dict[int, Word] = {}
    invalid: tuple[int, ...] = ()
    codes: dict[int, Code] = {}
    access: Literal["r", "rw", "w"] = "r"
    role: str | None = None
    alarm: bool = False
    pulse: Pulse | None = None
    mark: Literal["seen", "recall"] = "seen"

    @property
    def width(self) -> int:
        """Bits or registers that it takes."""
        return WIDTH[self.type]

    @property
    def of_bits(self) -> bool:
        """It lives in a table of bits."""
        return self.table in ("coil", "discrete")


class Example(_Data):
    """A frame pair known from a document, as hex, and what it means."""

    request: str
    reply: str = ""
    readings: dict[str, Word] = {}
    meaning: str = ""


class DeviceProfile(_Data):
    """One device model."""

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    name: Title
    vendor: str
    model: str
    kind: str
    protocol: Protocol = "modbus"
    verified: Verified
    source: tuple[str, ...] = Field(min_length=1)
    recall: tuple[str, ...] = ()
    port: Port = Port()
    turnaround_s: float = Field(0.02, ge=0)
    interval_s: float | None = None
    limits: Limits = Limits()
    holes: bool = False
    points: tuple[Point, ...] = ()
    examples: tuple[Example, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _expand(cls, data: Any) -> Any:
        if isinstance(data, dict) and isinstance(data.get("points"), list):
            data = {**data, "points": [one for raw in data["points"] for one in _each(raw)]}
        return data

    @property
    def readable_points(self) -> tuple[Point, ...]:
        """Everything that can be polled."""
        return tuple(point for point in self.points if "r" in point.access)

    def point(self, name: str) -> Point:
        """The point of that name; raises KeyError."""
        for point in self.points:
            if point.name == name:
                return point
        raise KeyError(name)


def _each(raw: Any) -> list[Any]:
    """`name: di{n}` with `range: [1, 8]` stands for eight points at following addresses (or bits)."""
    if not isinstance(raw, dict) or "range" not in raw:
        return [raw]
    first, last = raw["range"]
    step, of_bit = raw.get("step", 1), "bit" in raw
    made = []
    for n in range(first, last + 1):
        one = {k: _numbered(v, n) for k, v in raw.items() if k not in ("range", "step")}
        key = "bit" if of_bit else "address"
        one[key] = raw[key] + (n - first) * step
        if raw.get("pulse"):
            one["pulse"] = {**raw["pulse"], "coil": raw["pulse"]["coil"] + n - first}
        made.append(one)
    return made


def _numbered(value: Any, n: int) -> Any:
    if isinstance(value, str):
        return value.replace("{n}", str(n))
    if isinstance(value, dict):
        return {k: _numbered(v, n) for k, v in value.items()}
    return value
