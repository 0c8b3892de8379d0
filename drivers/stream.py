"""The one seam to a wire: an open serial port, socket or simulated line moves bytes, nothing else."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Literal, Protocol

Parity = Literal["N", "E", "O", "M", "S"]


class ByteStream(Protocol):
    """An open serial port or socket; raises LineError when the medium is gone."""

    async def send(self, data: bytes) -> None:
        """Hand all of `data` to the medium."""

    async def receive(self, until_s: float | None = None) -> bytes:
        """Wait for at least one byte and return all that has come; cancelling loses no bytes.

        Returns nothing when nothing has come by `until_s` (loop time).
        """

    async def aclose(self) -> None:
        """Close; closing twice is harmless."""


@dataclass(frozen=True, slots=True)
class Rs485:
    """Kernel RS-485 mode (TIOCSRS485), delays in seconds; only for UARTs whose driver supports it."""

    rts_on_send: bool = True
    rts_after_send: bool = False
    delay_before_send_s: float = 0.0
    delay_after_send_s: float = 0.0


@dataclass(frozen=True, slots=True)
class SerialPort:
    """A serial port and its settings; `path` may be any stable name (by-id, by-path, udev link)."""

    path: str
    baud: int = 9600
    data_bits: int = 8
    parity: Parity = "N"
    stop_bits: float = 1
    rs485: Rs485 | None = None
    low_latency: bool = True

    @property
    def character_s(self) -> float:
        """Time of one character on the wire, start and parity bits included."""
        return (1 + self.data_bits + (self.parity != "N") + self.stop_bits) / self.baud


@dataclass(frozen=True, slots=True)
class TcpEndpoint:
    """A TCP server: a Modbus TCP device, or a serial device server."""

    host: str
    port: int = 502
    connect_timeout_s: float = 3.0


Endpoint = SerialPort | TcpEndpoint
OpenStream = Callable[[], Awaitable[ByteStream]]
