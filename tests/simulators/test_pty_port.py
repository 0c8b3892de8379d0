"""A simulated serial port takes the time that a wire takes, and comes back under another name."""

import asyncio
import os
import random
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

import pytest

from drivers.errors import LineError, NoResponse
from drivers.modbus.line import ModbusLine
from drivers.modbus.pdu import read_request
from drivers.modbus.rtu import RtuFraming
from drivers.open import open_stream
from drivers.profiles import load_profiles, profiles_dir
from drivers.serial_port import open_serial
from drivers.stream import ByteStream, SerialPort
from simulators.field_file import LineSetup, UnitSetup
from simulators.pty_port import FarSides, PortRefused, PtyPort
from simulators.real_field import RealField, real_field

T = TypeVar("T")

PROFILE = load_profiles(profiles_dir())["waveshare_io8_relay8"]
TIMERS_S = 0.05  # what a busy machine may add


async def echo(stream: ByteStream) -> None:
    """A far side that says what it hears."""
    while True:
        await stream.send(await stream.receive())


async def with_port(link: Path, use: Callable[[PtyPort], Awaitable[None]], far=echo) -> None:  # type: ignore[no-untyped-def]
    """Run with one port that is there."""
    far_sides = FarSides()
    port = PtyPort(link, far, far_sides)
    await port.restore()
    try:
        await use(port)
    finally:
        await port.vanish()
        await far_sides.end()


def rtu_line(path: Path, baud: int = 9600) -> LineSetup:
    """A line with two I/O modules."""
    units = (UnitSetup("one", PROFILE, 1), UnitSetup("two", PROFILE, 2))
    return LineSetup("rs485-1", "modbus_rtu", SerialPort(str(path), baud), units)


def modbus_line(setup: LineSetup) -> ModbusLine:
    """The gateway's own line at that port."""
    return ModbusLine(
        partial(open_stream, setup.endpoint), RtuFraming(), character_s=setup.character_s, name=setup.id
    )


async def read_inputs(line: ModbusLine, unit: int, timeout_s: float = 1.0) -> tuple[bytes, float]:
    """The reply to a read of the eight inputs, and how long it took."""
    loop = asyncio.get_running_loop()
    began_s = loop.time()
    reply = await line.exchange(unit, read_request("discrete", 0, 8), timeout_s=timeout_s, guard_s=timeout_s)
    return reply, loop.time() - began_s


async def on_ports(setups: list[LineSetup], use: Callable[[RealField], Awaitable[T]]) -> T:
    """Run with a field on real ports."""
    async with real_field(setups, random.Random(1)) as real:
        return await use(real)


def test_a_port_is_found_under_its_name_and_carries_every_byte(tmp_path: Path) -> None:
    async def use(port: PtyPort) -> None:
        stream = open_serial(SerialPort(str(port.link)))
        sent = bytes(range(256))
        await stream.send(sent)
        heard = b""
        async with asyncio.timeout(5):
            while len(heard) < len(sent):
                heard += await stream.receive()
        assert heard == sent
        await stream.aclose()

    asyncio.run(with_port(tmp_path / "ports" / "rs485-1", use))
    assert not os.path.lexists(tmp_path / "ports" / "rs485-1")


def test_a_vanished_port_is_a_lost_line_and_comes_back_under_another_terminal(tmp_path: Path) -> None:
    async def use(port: PtyPort) -> None:
        before = port.terminal
        stream = open_serial(SerialPort(str(port.link)))
        await port.vanish()
        async with asyncio.timeout(5):
            with pytest.raises(LineError):
                await stream.receive()
        with pytest.raises(LineError, match="no such port"):
            open_serial(SerialPort(str(port.link)))
        await port.restore()
        assert port.terminal != before
        again = open_serial(SerialPort(str(port.link)))
        await again.send(b"x")
        async with asyncio.timeout(5):
            assert await again.receive() == b"x"
        await again.aclose()

    asyncio.run(with_port(tmp_path / "rs485-1", use))


def test_closing_a_port_does_not_end_its_far_side(tmp_path: Path) -> None:
    async def use(port: PtyPort) -> None:
        for _ in range(3):
            stream = open_serial(SerialPort(str(port.link)))
            await stream.send(b"x")
            async with asyncio.timeout(5):
                assert await stream.receive() == b"x"
            await stream.aclose()

    asyncio.run(with_port(tmp_path / "rs485-1", use))


def test_a_panel_that_talks_while_nobody_listens_blocks_nobody(tmp_path: Path) -> None:
    done = asyncio.Event()

    async def talk(stream: ByteStream) -> None:
        for _ in range(64):
            await stream.send(b"event" * 100)
        done.set()
        await stream.receive()

    async def use(_port: PtyPort) -> None:
        async with asyncio.timeout(5):
            await done.wait()

    asyncio.run(with_port(tmp_path / "panel-1", use, far=talk))


@pytest.mark.parametrize("there", ["a file", "a link elsewhere"])
def test_something_else_of_that_name_is_never_replaced(tmp_path: Path, there: str) -> None:
    link = tmp_path / "rs485-1"
    if there == "a file":
        link.write_text("mine")
    else:
        link.symlink_to(tmp_path / "elsewhere")

    async def use(_port: PtyPort) -> None:
        pytest.fail("the port must not be there")

    with pytest.raises(PortRefused):
        asyncio.run(with_port(link, use))
    assert os.path.lexists(link)


def test_a_link_that_a_killed_run_left_behind_is_replaced(tmp_path: Path) -> None:
    link = tmp_path / "rs485-1"
    link.symlink_to("/dev/pts/99999")

    async def use(port: PtyPort) -> None:
        assert os.readlink(link) == port.terminal

    asyncio.run(with_port(link, use))


@pytest.mark.parametrize("baud", [2400, 9600, 115200])
def test_an_exchange_takes_the_time_that_its_characters_take_on_the_wire(tmp_path: Path, baud: int) -> None:
    setup = rtu_line(tmp_path / "rs485-1", baud)
    characters = 8 + 6  # the request, and the reply with one byte of inputs
    wire_s = characters * setup.character_s + PROFILE.turnaround_s

    async def main(real: RealField) -> list[float]:
        real.field.set("two.di3", True)
        line = modbus_line(setup)
        took = []
        for _ in range(5):
            reply, took_s = await read_inputs(line, 2)
            assert reply[-1] == 0b100
            took.append(took_s)
        await line.aclose()
        return took

    took = asyncio.run(on_ports([setup], main))
    assert min(took) >= wire_s * 0.9
    assert min(took) <= wire_s + 4 * setup.character_s + TIMERS_S


def test_an_unplugged_unit_is_silent_and_its_neighbour_is_not(tmp_path: Path) -> None:
    setup = rtu_line(tmp_path / "rs485-1", 115200)

    async def main(real: RealField) -> None:
        line = modbus_line(setup)
        real.field.unplug("one")
        with pytest.raises(NoResponse):
            await read_inputs(line, 1, timeout_s=0.1)
        reply, _ = await read_inputs(line, 2)
        assert reply[-1] == 0
        await line.aclose()

    asyncio.run(on_ports([setup], main))


def test_a_far_side_that_fails_is_seen(tmp_path: Path) -> None:
    async def broken(stream: ByteStream) -> None:
        await stream.receive()
        raise ZeroDivisionError("a fault of the simulation")

    async def main() -> None:
        far_sides = FarSides()
        port = PtyPort(tmp_path / "rs485-1", broken, far_sides)
        await port.restore()
        stream = open_serial(SerialPort(str(port.link)))
        await stream.send(b"x")
        try:
            async with asyncio.timeout(5):
                with pytest.raises(ZeroDivisionError):
                    await far_sides.failed()
        finally:
            await stream.aclose()
            await port.vanish()
            await far_sides.end()

    asyncio.run(main())
