"""How requests and replies are wrapped for a medium: bytes in, verdict out, no I/O and no clock."""

from dataclasses import dataclass
from typing import Literal, Protocol

from drivers.modbus.pdu import ERROR_BIT, reply_size

Fault = Literal["crc", "short", "garbage", "wrong_unit", "other_function", "ambiguous", "echo", "sync"]


@dataclass(frozen=True, slots=True)
class Asked:
    """The outstanding request: its frame, and the head that a good reply to it has."""

    unit: int
    pdu: bytes
    head: bytes
    frame: bytes
    tag: int = 0


@dataclass(frozen=True, slots=True)
class Stray:
    """A sound frame that is not the reply; `fault` says what about it does not fit."""

    unit: int
    fault: Fault | None
    frame: bytes


@dataclass(frozen=True, slots=True)
class Scan:
    """What a look at the received bytes found.

    `used` bytes at the front are judged and can go. `fault` is final when `hopeless`: waiting will not make
    the reply good; otherwise it describes the unfinished bytes, should nothing more come.
    """

    used: int
    reply: bytes | None = None
    strays: tuple[Stray, ...] = ()
    noise: int = 0
    fault: Fault | None = None
    hopeless: bool = False


@dataclass(frozen=True, slots=True)
class Frame:
    """For diagnostics: bytes as they were on the wire, and what the line made of them."""

    at_s: float
    sent: bool
    unit: int
    content: bytes
    note: str = ""


class Framing(Protocol):
    """One way to wrap PDUs; `half_duplex`: all share one medium, silence ends a frame, leftovers are void."""

    half_duplex: bool
    shortest: int
    longest: int

    def ask(self, unit: int, pdu: bytes, tag: int) -> Asked:
        """Wrap a request; `tag` marks it where the framing has transaction ids."""

    def scan(self, received: bytes, asked: Asked | None) -> Scan:
        """Look for the reply to `asked`; with None everything is stray."""


def misfit(asked: Asked, unit: int, reply: bytes) -> Fault | None:
    """Why a sound frame is not the reply to `asked`; None when it is."""
    if unit != asked.unit:
        return "wrong_unit"
    if reply[0] == asked.pdu[0] | ERROR_BIT:
        return None if len(reply) == 2 else "short"
    if reply[0] != asked.pdu[0]:
        return "other_function"
    fits = reply[: len(asked.head)] == asked.head and len(reply) == reply_size(reply)
    return None if fits else "short"
