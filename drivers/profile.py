"""A device profile: what a device model answers, as data. Where and what, never how to ask."""

from collections.abc import Iterator
from fractions import Fraction
from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from drivers.modbus.pdu import Table
from drivers.profile_parts import (
    NUMBER,
    Address,
    Code,
    Data,
    Handshake,
    Heartbeat,
    Limits,
    Port,
    Probes,
    Pulse,
    Title,
)

HardwareKind = Literal[
    "di_do_module",
    "one_key_alarm",
    "gate_barrier",
    "bollard",
    "door",
    "smoke_detector",
    "fire_sensor",
    "fire_panel",
    "environment",
    "power_supply",
    "camera",
    "card_reader",
    "sign_on_button",
]
Protocol = Literal[
    "modbus", "notifier_nfs", "jbf_193k", "songjiang_jb3208", "fuan_fs5101w", "megatec_q1", "ip_camera"
]
Verified = Literal["simulator", "bench", "site"]
Mark = Literal["seen", "recall", "computed"]
ValueType = Literal["bool", "u16", "i16", "u32", "i32", "f32", "ascii", "hex", "card", "event"]
Word = bool | str | float | int

WIDTH: dict[ValueType, int] = {"bool": 1, "u16": 1, "i16": 1, "u32": 2, "i32": 2, "f32": 2, "event": 1}
FUNCTION: dict[Table, int] = {"coil": 1, "discrete": 2, "holding": 3, "input": 4}
WRITE_FUNCTIONS: dict[Table, tuple[int, ...]] = {"coil": (5, 15), "holding": (6, 16)}


def _fraction(value: Any) -> Any:
    """`1/512` is a number too: many devices divide by powers of two."""
    if not isinstance(value, str):
        return value
    try:
        return float(Fraction(value))
    except (ValueError, ZeroDivisionError) as error:
        raise ValueError("want a number, or a fraction such as 1/512") from error


Factor = Annotated[float, BeforeValidator(_fraction)]


class Point(Data):
    """One value of the device; `address` is the 0-based PDU address. docs/profiles.md explains each key.

    A protocol that is not Modbus tells its values by name: their points have neither table nor address.

    With a `range` it stands for many, at following addresses or, where it has one, bits.
    """

    name: str = Field(pattern=r"^([a-z0-9_.]|\{n\})+$")
    range: tuple[Address, Address] | None = None
    step: int = Field(1, ge=1)
    title: Title
    table: Table = "holding"
    address: Address = 0
    type: ValueType = "u16"
    length: int | None = Field(None, ge=1, le=125)
    low_bytes: bool = False
    bit: int | None = Field(None, ge=0, le=15)
    word_order: Literal["big", "little"] = "big"
    scale: Factor = 1.0
    offset: float = 0.0
    unit: str = ""
    values: dict[int, Word] = Field({})
    tolerance: float = Field(0.0, ge=0, lt=0.5)
    invalid: tuple[int, ...] = ()
    plausible: tuple[float, float] | None = None
    codes: dict[int, Code] = Field({})
    access: Literal["r", "rw", "w"] = "r"
    momentary: bool = False
    safe: bool | None = None
    pulse: Pulse | None = None
    role: str | None = None
    alarm: bool = False
    mark: Mark = "seen"

    @model_validator(mode="after")
    def _numbered_or_not(self) -> Self:
        if self.range is not None and self.range[0] > self.range[1]:
            raise ValueError(f"range: want [first, last], not {list(self.range)}")
        if (self.range is None) == (NUMBER in self.name):
            raise ValueError("name: {n} stands in the name of a point that has a range, and in no other")
        return self

    def each(self) -> Iterator[Self]:
        """The points that it stands for."""
        if self.range is None:
            yield self
            return
        first, last = self.range
        for n in range(first, last + 1):
            yield self._nth(n, (n - first) * self.step)

    def _nth(self, n: int, shift: int) -> Self:
        """Point `n`: its bit moves on where it has one, else its address; a pulse's coil moves with it."""
        moved: dict[str, Any] = {"name": self.name.replace(NUMBER, str(n)), "title": self.title.of(n)}
        moved |= {"address": self.address + shift} if self.bit is None else {"bit": self.bit + shift}
        if self.pulse is not None:
            moved["pulse"] = self.pulse.model_copy(update={"coil": self.pulse.coil + shift})
        return self.model_copy(update=moved | {"range": None, "step": 1})

    @property
    def width(self) -> int:
        """Bits or registers that it takes."""
        return self.length or WIDTH.get(self.type, 1)

    @property
    def of_bits(self) -> bool:
        """It lives in a table of bits."""
        return self.table in ("coil", "discrete")

    @property
    def readable(self) -> bool:
        """It can be asked."""
        return "r" in self.access

    @property
    def writable(self) -> bool:
        """It can be told."""
        return "w" in self.access


class IdentityPoint(Point):
    """Something that tells which device this is; read once, never polled. `expect`: what it must say."""

    expect: Word | None = None


def _expanded(points: tuple[Point, ...]) -> tuple[Point, ...]:
    return tuple(one for point in points for one in point.each())


class SafeState(Data):
    """What makes its outputs fall back by themselves, without power or without questions.

    `holds`: points and what they must say for that; what can be written is written. `tripped`: it has fallen back.
    """

    holds: dict[str, Word] = Field(min_length=1)
    tripped: str = ""


class ExactBlock(Data):
    """A read that must be asked just so, because the shape of the request changes the answer."""

    table: Table
    address: Address
    count: int = Field(ge=1, le=125)

    def holds(self, point: Point) -> bool:
        """The point lies within, in part at least; a sound profile has none in part."""
        end = self.address + self.count
        return point.table == self.table and point.address < end and point.address + point.width > self.address


class Example(Data):
    """A frame pair known from a document, as hex with its checksum, and what must come of it.

    `read` names points whose common read is the request; `write` and `pulse` give the order that is;
    `readings` is what the reply says of the points read.
    """

    request: str
    reply: str = ""
    read: tuple[str, ...] = ()
    write: dict[str, Word] = Field({})
    pulse: dict[str, float] = Field({})
    readings: dict[str, Word | None] = Field({})
    meaning: str = ""
    mark: Mark = "seen"


class DeviceProfile(Data):
    """One device model."""

    id: str = Field(pattern=r"^[a-z0-9_]+$")
    name: Title
    vendor: str
    model: str
    kind: HardwareKind
    protocol: Protocol = "modbus"
    verified: Verified
    source: tuple[str, ...] = Field(min_length=1)
    recall: tuple[str, ...] = ()
    port: Port = Port()
    turnaround_s: float = Field(0.02, ge=0)
    turnaround_most_s: float = Field(0.05, ge=0)
    interval_s: float | None = Field(None, gt=0)
    limits: Limits = Limits()
    holes: bool = False
    exact_blocks: tuple[ExactBlock, ...] = ()
    heartbeat: Heartbeat | None = None
    handshake: Handshake | None = None
    safe_state: SafeState | None = None
    probes: Probes | None = None
    identity: tuple[IdentityPoint, ...] = ()
    points: Annotated[tuple[Point, ...], AfterValidator(_expanded)] = ()
    examples: tuple[Example, ...] = ()

    @cached_property
    def _by_name(self) -> dict[str, Point]:
        return {point.name: point for point in self.points}

    @property
    def readable_points(self) -> tuple[Point, ...]:
        """Everything that can be polled."""
        return tuple(point for point in self.points if point.readable)

    def point(self, name: str) -> Point:
        """The point of that name; raises KeyError."""
        return self._by_name[name]
