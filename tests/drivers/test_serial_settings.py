"""The settings that a serial port really gets: what the kernel is asked, and what it kept."""

import array
import fcntl
import termios
from collections.abc import Iterator
from typing import Any

import pytest

from drivers.errors import LineError
from drivers.serial_port import open_serial
from drivers.stream import Rs485, SerialPort
from tests.drivers.serial_pty import Pty

pytestmark = [pytest.mark.asyncio, pytest.mark.timeout(20)]

CMSPAR = 0o10000000000  # <asm/termbits.h>; not in Python's termios
TCGETS2, TIOCGRS485, TIOCSRS485 = 0x802C542A, 0x542E, 0x542F
RS485_ENABLED, RTS_ON_SEND, RTS_AFTER_SEND = 1, 2, 4  # <linux/serial.h>


@pytest.fixture
def pty() -> Iterator[Pty]:
    """A port, pulled out again after the test."""
    port = Pty()
    yield port
    port.vanish()


class Kernel:
    """Stands at the system calls: keeps what was asked, then lets the real kernel answer, if it can."""

    def __init__(self, patch: pytest.MonkeyPatch, has_rs485: bool = False, has_low_latency: bool = False) -> None:
        self.attributes: list[Any] = []
        self.rs485: list[int] = []
        self.latency_flags = 0
        self._has_rs485 = has_rs485
        self._has_low_latency = has_low_latency
        self._real_set, self._real_ioctl = termios.tcsetattr, fcntl.ioctl
        patch.setattr("serial.serialposix.termios.tcsetattr", self.tcsetattr)
        patch.setattr("serial.serialposix.fcntl.ioctl", self.ioctl)

    def tcsetattr(self, fd: int, when: int, attributes: Any) -> None:
        self.attributes = self.attributes or attributes  # the first; a pty does not keep all of it
        self._real_set(fd, when, attributes)

    def ioctl(self, fd: int, request: int, argument: Any = 0, mutate: bool = True) -> Any:
        if request == TIOCGRS485 and self._has_rs485:
            argument[0] = RTS_AFTER_SEND  # what the driver had before must not survive
            return 0
        if request == TIOCSRS485 and self._has_rs485:
            self.rs485 = list(argument)
            return 0
        if request in (termios.TIOCGSERIAL, termios.TIOCSSERIAL) and self._has_low_latency:
            self.latency_flags = argument[4]
            return 0
        return self._real_ioctl(fd, request, argument, mutate)


def frame_of(cflag: int) -> str:
    """The setting as people write it, `8N1`."""
    parity = "N"
    if cflag & termios.PARENB:
        odd, stick = cflag & termios.PARODD, cflag & CMSPAR
        parity = ("M" if odd else "S") if stick else ("O" if odd else "E")
    bits = {termios.CS7: 7, termios.CS8: 8}[cflag & termios.CSIZE]
    return f"{bits}{parity}{2 if cflag & termios.CSTOPB else 1}"


def kept_baud(fd: int) -> tuple[int, int]:
    """Input and output speed as the kernel keeps them, also where no constant exists for them."""
    answer = array.array("I", [0] * 11)  # struct termios2
    fcntl.ioctl(fd, TCGETS2, answer)
    return answer[9], answer[10]


@pytest.mark.parametrize("data_bits", [7, 8])
@pytest.mark.parametrize("parity", ["N", "E", "O", "M", "S"])
@pytest.mark.parametrize("stop_bits", [1, 2])
async def test_every_frame_is_asked_of_the_kernel_as_set(
    pty: Pty, monkeypatch: pytest.MonkeyPatch, data_bits: int, parity: Any, stop_bits: int
) -> None:
    kernel = Kernel(monkeypatch)
    stream = open_serial(SerialPort(pty.path, 9600, data_bits, parity, stop_bits))
    assert frame_of(kernel.attributes[2]) == f"{data_bits}{parity}{stop_bits}"
    await stream.aclose()


@pytest.mark.parametrize("baud", [300, 1200, 4800, 9600, 19200, 28800, 31250, 115200, 187500, 921600])
async def test_any_speed_is_kept_by_the_kernel_also_one_without_a_constant(pty: Pty, baud: int) -> None:
    stream = open_serial(SerialPort(pty.path, baud))
    assert kept_baud(pty.far) == (baud, baud)
    await stream.aclose()


async def test_an_empty_port_is_not_mistaken_for_one_that_is_gone(pty: Pty) -> None:
    """With VMIN=0 a read after a false wake-up returns nothing, exactly as a vanished adapter does."""
    stream = open_serial(SerialPort(pty.path))
    assert termios.tcgetattr(pty.far)[6][termios.VMIN] in (1, b"\x01")
    await stream.aclose()


async def test_two_stop_bits_are_kept_by_the_kernel(pty: Pty) -> None:
    stream = open_serial(SerialPort(pty.path, stop_bits=2))
    assert termios.tcgetattr(pty.far)[2] & termios.CSTOPB
    await stream.aclose()


async def test_the_port_is_raw_ignores_the_carrier_and_has_no_flow_control(pty: Pty) -> None:
    termios.tcsetattr(pty.far, termios.TCSANOW, [0o2406, 5, 0o277, 0o105073, 13, 13, [b"\0"] * 32])  # a console's
    stream = open_serial(SerialPort(pty.path))
    iflag, oflag, cflag, lflag, *_ = termios.tcgetattr(pty.far)
    assert not iflag & (termios.IXON | termios.IXOFF | termios.ICRNL | termios.ISTRIP | termios.INPCK)
    assert not iflag & (termios.BRKINT | termios.IGNBRK | termios.PARMRK)
    assert not oflag & termios.OPOST
    assert not cflag & termios.CRTSCTS
    assert cflag & termios.CLOCAL
    assert not lflag & (termios.ICANON | termios.ECHO | termios.ISIG)
    await stream.aclose()


async def test_rs485_mode_is_asked_with_its_flags_and_delays_in_milliseconds(
    pty: Pty, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = Kernel(monkeypatch, has_rs485=True)
    mode = Rs485(rts_on_send=True, rts_after_send=False, delay_before_send_s=0.002, delay_after_send_s=0.005)
    stream = open_serial(SerialPort(pty.path, rs485=mode))
    assert kernel.rs485[:3] == [RS485_ENABLED | RTS_ON_SEND, 2, 5]
    await stream.aclose()


async def test_rs485_with_the_line_driver_inverted_swaps_the_levels(
    pty: Pty, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = Kernel(monkeypatch, has_rs485=True)
    stream = open_serial(SerialPort(pty.path, rs485=Rs485(rts_on_send=False, rts_after_send=True)))
    assert kernel.rs485[0] == RS485_ENABLED | RTS_AFTER_SEND
    await stream.aclose()


async def test_a_port_without_rs485_mode_says_so_and_is_given_back(pty: Pty) -> None:
    with pytest.raises(LineError, match=f"{pty.path}: this port has no kernel RS-485 mode"):
        open_serial(SerialPort(pty.path, rs485=Rs485()))
    await open_serial(SerialPort(pty.path)).aclose()


async def test_low_latency_is_asked_for_unless_switched_off_and_a_refusal_does_no_harm(
    pty: Pty, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = open_serial(SerialPort(pty.path))
    assert refused.low_latency is False
    await refused.aclose()
    kernel = Kernel(monkeypatch, has_low_latency=True)
    unasked = open_serial(SerialPort(pty.path, low_latency=False))
    assert (unasked.low_latency, kernel.latency_flags) == (None, 0)
    await unasked.aclose()
    given = open_serial(SerialPort(pty.path))
    assert (given.low_latency, kernel.latency_flags) == (True, 0x2000)  # ASYNC_LOW_LATENCY
    await given.aclose()


async def test_a_speed_that_no_port_has_is_refused_in_words(pty: Pty) -> None:
    with pytest.raises(LineError, match="settings refused"):
        open_serial(SerialPort(pty.path, -1))


async def test_the_time_of_a_character_counts_start_parity_and_stop_bits() -> None:
    assert SerialPort("x", 9600).character_s == pytest.approx(10 / 9600)
    assert SerialPort("x", 9600, 7, "E", 1).character_s == pytest.approx(10 / 9600)
    assert SerialPort("x", 9600, 8, "E", 1).character_s == pytest.approx(11 / 9600)
    assert SerialPort("x", 9600, 8, "N", 2).character_s == pytest.approx(11 / 9600)
