"""Simulated TCP devices: found, lost and found again at the same port, whoever else is on the machine."""

import asyncio
import random
import socket
from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeVar

import pytest

from drivers.errors import LineError
from drivers.modbus.framing import Framing
from drivers.modbus.line import ModbusLine
from drivers.modbus.mbap import MbapFraming
from drivers.modbus.pdu import read_request
from drivers.modbus.rtu import RtuFraming
from drivers.open import open_stream
from drivers.profiles import load_profiles, profiles_dir
from drivers.stream import TcpEndpoint
from simulators.broker import free_port
from simulators.field_file import LineSetup, UnitSetup
from simulators.pty_port import PortRefused
from simulators.real_field import RealField, real_field
from simulators.tcp_port import TcpPort

T = TypeVar("T")
HOST = "127.0.0.1"
PROFILES = load_profiles(profiles_dir())


def setup(kind: str, port: int, name: str = "tcp-1") -> LineSetup:
    """A TCP line with one device."""
    unit = UnitSetup(f"{name}-io", PROFILES["waveshare_io8_relay8"], 1)
    return LineSetup(name, kind, TcpEndpoint(HOST, port, connect_timeout_s=1.0), (unit,))


def run(use: Callable[[RealField], Awaitable[T]], *setups: LineSetup, other_ports: bool = False) -> T:
    """Run with a field on real ports."""

    async def main() -> T:
        async with real_field(setups, random.Random(1), other_ports=other_ports) as real:
            return await use(real)

    return asyncio.run(main())


async def inputs(line: ModbusLine) -> int:
    """The eight inputs as bits."""
    reply = await line.exchange(1, read_request("discrete", 0, 8), timeout_s=2.0, guard_s=0.1)
    return reply[-1]


def line_at(real: RealField, name: str = "tcp-1", framing: Framing | None = None) -> ModbusLine:
    """The gateway's own line, at the port where the device really is."""
    port = real.ports[name]
    assert isinstance(port, TcpPort)
    opener = partial(open_stream, TcpEndpoint(HOST, port.port, connect_timeout_s=1.0))
    return ModbusLine(opener, framing or MbapFraming(), character_s=0.0, name=name)


@pytest.mark.parametrize(("kind", "framing"), [("modbus_tcp", MbapFraming), ("rtu_over_tcp", RtuFraming)])
def test_a_device_answers_at_its_port(kind: str, framing: Callable[[], Framing]) -> None:
    async def use(real: RealField) -> int:
        real.field.set("tcp-1-io.di5", True)
        line = line_at(real, framing=framing())
        try:
            return await inputs(line)
        finally:
            await line.aclose()

    assert run(use, setup(kind, free_port(0))) == 0b10000


def test_several_devices_have_ports_of_their_own() -> None:
    async def use(real: RealField) -> list[int]:
        real.field.set("a-io.di1", True)
        real.field.set("b-io.di2", True)
        lines = [line_at(real, name) for name in ("a", "b")]
        seen = [await inputs(line) for line in lines]
        for line in lines:
            await line.aclose()
        return seen

    assert run(use, setup("modbus_tcp", free_port(0), "a"), setup("modbus_tcp", free_port(0), "b")) == [1, 2]


def test_a_vanished_device_resets_its_connection_and_takes_none_until_it_is_back() -> None:
    async def use(real: RealField) -> None:
        line = line_at(real)
        await inputs(line)
        before = real.ports["tcp-1"].name
        real.field.vanish("tcp-1")
        await real.follow()
        for _ in range(2):
            with pytest.raises(LineError):
                await inputs(line)
        real.field.restore("tcp-1")
        await real.follow()
        assert real.ports["tcp-1"].name == before
        assert await inputs(line) == 0
        await line.aclose()

    run(use, setup("modbus_tcp", free_port(0)))


def test_a_device_without_power_takes_no_connection() -> None:
    async def use(real: RealField) -> None:
        line = line_at(real)
        real.field.unplug("tcp-1-io")
        await real.follow()
        with pytest.raises(LineError):
            await inputs(line)
        real.field.plug("tcp-1-io")
        await real.follow()
        assert await inputs(line) == 0
        await line.aclose()

    run(use, setup("modbus_tcp", free_port(0)))


def test_a_port_that_is_taken_is_refused_or_replaced_as_wished() -> None:
    async def use(real: RealField) -> tuple[int, int]:
        line = line_at(real)
        seen = await inputs(line)
        await line.aclose()
        port = real.ports["tcp-1"]
        assert isinstance(port, TcpPort)
        return seen, port.port

    with socket.socket() as other:
        other.bind((HOST, 0))
        other.listen()
        taken = other.getsockname()[1]
        with pytest.raises(PortRefused, match=str(taken)):
            run(use, setup("modbus_tcp", taken))
        seen, port = run(use, setup("modbus_tcp", taken), other_ports=True)
    assert seen == 0
    assert port != taken


def test_another_field_does_not_take_the_port_of_a_device_that_is_away() -> None:
    wanted = free_port(0)

    def port_of(real: RealField) -> int:
        port = real.ports["tcp-1"]
        assert isinstance(port, TcpPort)
        return port.port

    async def use(real: RealField) -> None:
        real.field.vanish("tcp-1")
        await real.follow()
        async with real_field([setup("modbus_tcp", wanted)], random.Random(2), other_ports=True) as neighbour:
            assert port_of(neighbour) != wanted
            real.field.restore("tcp-1")
            await real.follow()
            assert port_of(real) == wanted

    for _ in range(2):  # and when they have ended it is free again
        run(use, setup("modbus_tcp", wanted), other_ports=True)
