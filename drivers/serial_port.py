"""A serial port as a ByteStream: pyserial opens and sets it, the event loop moves the bytes."""

import asyncio
import contextlib
import errno
import logging
import os
import termios

import serial
from serial.rs485 import RS485Settings

from drivers.adapter import held_back_s
from drivers.errors import LineError
from drivers.inbox import Inbox
from drivers.stream import Rs485, SerialPort

log = logging.getLogger(__name__)

READ_BYTES = 4096
LEAST_LATENCY_S = 0.001
STUCK_S = 2.0  # the kernel's buffer holds many frames: full for so long, it belongs to an adapter that hangs
MISSING = {errno.ENOENT, errno.ENXIO, errno.ENODEV, errno.EIO}
BUSY = {errno.EAGAIN, errno.EBUSY}
DENIED = {errno.EACCES, errno.EPERM}


def open_serial(settings: SerialPort) -> "SerialStream":
    """Open and lock the port, as set; raises LineError saying what to do about it.

    Opening never waits for a carrier; the calls take milliseconds at most, so they run on the loop.
    """
    loop = asyncio.get_running_loop()
    try:
        port = _set_up(settings)
    except (OSError, ValueError, termios.error) as error:
        raise LineError(f"{settings.path}: {_reason(error)}") from error
    try:
        if settings.rs485 is not None:
            port.rs485_mode = _rs485(settings.rs485)
        low_latency = _low_latency(port) if settings.low_latency else None
    except (OSError, ValueError) as error:
        port.close()
        raise LineError(f"{settings.path}: this port has no kernel RS-485 mode ({error})") from error
    _name_the_cost(settings)
    return SerialStream(port, loop, low_latency)


def _name_the_cost(settings: SerialPort) -> None:
    held_s = held_back_s(settings.path)
    if held_s is not None and held_s > LEAST_LATENCY_S:
        log.warning(
            "%s: the adapter holds every reply back for up to %.0f ms; `low_latency: true` or the udev rule"
            " 99-campusgw.rules makes it 1 ms",
            settings.path,
            held_s * 1000,
        )


def _set_up(settings: SerialPort) -> serial.Serial:
    port = serial.Serial(
        settings.path,
        settings.baud,
        settings.data_bits,
        settings.parity,
        settings.stop_bits,
        exclusive=True,
        inter_byte_timeout=0,  # VMIN=1: an empty port says EAGAIN, so an empty read means it is gone
    )
    attributes = termios.tcgetattr(port.fileno())
    attributes[0] &= ~termios.BRKINT  # left by a login: a glitch on the wire would flush what is being sent
    termios.tcsetattr(port.fileno(), termios.TCSANOW, attributes)
    return port


def _reason(error: Exception) -> str:
    number = getattr(error, "errno", None)
    if number in BUSY:
        return "in use by another program"
    if number in DENIED:
        return "permission denied: add the user to the group dialout, or check the udev rule"
    if number in MISSING:
        return "no such port: is the adapter plugged in?"
    return f"settings refused ({error})"


def _rs485(mode: Rs485) -> RS485Settings:
    return RS485Settings(
        rts_level_for_tx=mode.rts_on_send,
        rts_level_for_rx=mode.rts_after_send,
        delay_before_tx=mode.delay_before_send_s,
        delay_before_rx=mode.delay_after_send_s,
    )


def _low_latency(port: serial.Serial) -> bool:
    """FTDI adapters hold bytes back for 16 ms unless told not to; others refuse, and that does no harm."""
    try:
        port.set_low_latency_mode(True)
    except (OSError, ValueError):
        return False
    return True


class SerialStream:
    """An open port. `low_latency` is None when not asked for, False when the driver refused it."""

    def __init__(self, port: serial.Serial, loop: asyncio.AbstractEventLoop, low_latency: bool | None) -> None:
        self.low_latency = low_latency
        self._port = port
        self._loop = loop
        self._inbox = Inbox()
        self._reading = False
        self._sender: asyncio.Future[None] | None = None
        self._read_on()

    async def send(self, data: bytes) -> None:
        """Hand all of `data` to the kernel; when cancelled a part of it may be on the wire."""
        unsent = memoryview(data)
        while unsent:
            self._inbox.check()
            try:
                unsent = unsent[os.write(self._port.fileno(), unsent) :]
            except BlockingIOError:
                await self._writable()
            except OSError as error:
                self._gone(str(error))

    async def receive(self, until_s: float | None = None) -> bytes:
        """Wait for at least one byte, until `until_s` at most, and return all that has come."""
        taken = await self._inbox.take(until_s)
        self._read_on()
        return taken

    async def aclose(self) -> None:
        """Give the port back; what was not sent yet is dropped, or closing could block for 30 s."""
        self._gone("closed")

    def _read_on(self) -> None:
        if not self._reading and self._port.is_open:
            self._loop.add_reader(self._port.fileno(), self._readable)
            self._reading = True

    def _readable(self) -> None:
        try:
            chunk = os.read(self._port.fileno(), READ_BYTES)
        except BlockingIOError:
            return
        except OSError as error:
            self._gone(str(error))
            return
        if not chunk:
            self._gone("the adapter is gone")
            return
        self._inbox.put(chunk)
        if self._inbox.full:
            self._stop_reading()

    async def _writable(self) -> None:
        sender = self._sender = self._loop.create_future()
        self._loop.add_writer(self._port.fileno(), _settle, sender)
        stuck = self._loop.call_later(STUCK_S, self._gone, f"takes nothing since {STUCK_S:g} s")
        try:
            await sender
        finally:
            stuck.cancel()
            self._sender = None
            if self._port.is_open:
                self._loop.remove_writer(self._port.fileno())

    def _stop_reading(self) -> None:
        if self._reading:
            self._loop.remove_reader(self._port.fileno())
            self._reading = False

    def _gone(self, why: str) -> None:
        """Close at once: an open file would keep the adapter's old name taken when it comes back."""
        self._inbox.end(f"{self._port.name}: {why}")
        if not self._port.is_open:
            return
        self._stop_reading()
        if self._sender is not None:
            self._loop.remove_writer(self._port.fileno())
            _settle(self._sender)
        with contextlib.suppress(OSError, termios.error):
            termios.tcflush(self._port.fileno(), termios.TCOFLUSH)
        self._port.close()


def _settle(waiting: asyncio.Future[None]) -> None:
    if not waiting.done():
        waiting.set_result(None)
