"""The field of a gateway's file: read leniently, opened like real ports, changed by stories."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from agent.config.load import load_site
from drivers.errors import LineError
from drivers.stream import SerialPort, TcpEndpoint
from simulators.clock import run_virtual
from simulators.field import Field
from simulators.field_file import FieldFileError, read_lines

GATEWAYS = Path(__file__).parent.parent.parent / "configs" / "gateways"
DEMO = GATEWAYS / "demo.yaml"
RS485 = SerialPort("run/rs485-1")
TCP = TcpEndpoint("127.0.0.1", 15021, connect_timeout_s=3.0)


def in_field(story: Callable[[Field], Awaitable[None]]) -> None:
    async def main() -> None:
        await story(Field(read_lines(DEMO), random.Random(1)))

    run_virtual(main())


@pytest.mark.parametrize("path", sorted(GATEWAYS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_field_is_what_the_agent_expects_to_find(path: Path) -> None:
    site = load_site(path)
    lines = read_lines(path)
    assert [(line.id, line.kind, line.endpoint) for line in lines] == [
        (plan.id, plan.kind, plan.endpoint) for plan in site.lines
    ]
    assert [(u.id, u.profile.id, u.address) for line in lines for u in line.units] == [
        (u.id, u.profile.id, u.address) for plan in site.lines for u in plan.units
    ]


@pytest.mark.parametrize("text", ["", "lines: 3", "lines: [{id: a, type: serial}]", "lines: [", "a: b"])
def test_a_file_without_lines_to_play_says_so(tmp_path: Path, text: str) -> None:
    file = tmp_path / "gateway.yaml"
    file.write_text(text)
    with pytest.raises(FieldFileError, match=str(file)):
        read_lines(file)


def test_a_point_is_set_and_got_by_the_name_that_the_gateway_s_file_uses() -> None:
    async def story(field: Field) -> None:
        field.set("canteen-env.temperature", 21.5)
        assert field.get("canteen-env.temperature") == 21.5
        with pytest.raises(KeyError, match="no unit"):
            field.set("nobody.di1", True)
        with pytest.raises(KeyError, match="no fire panel"):
            field.panel("gate-io")

    in_field(story)


def test_a_serial_port_is_opened_once_at_a_time() -> None:
    async def story(field: Field) -> None:
        near = await field.open(RS485)
        with pytest.raises(LineError, match="in use"):
            await field.open(RS485)
        await near.aclose()
        await field.open(RS485)

    in_field(story)


def test_a_line_that_vanishes_is_gone_until_it_is_restored() -> None:
    async def story(field: Field) -> None:
        near = await field.open(RS485)
        field.vanish("rs485-1")
        with pytest.raises(LineError, match="gone"):
            await near.receive()
        with pytest.raises(LineError, match="nothing there"):
            await field.open(RS485)
        field.restore("rs485-1")
        await field.open(RS485)

    in_field(story)


def test_a_tcp_device_without_power_lets_a_connect_wait_in_vain() -> None:
    async def story(field: Field) -> None:
        field.unplug("dorm-io")
        began_s = asyncio.get_running_loop().time()
        with pytest.raises(LineError):
            await field.open(TCP)
        assert asyncio.get_running_loop().time() - began_s == TCP.connect_timeout_s
        field.plug("dorm-io")
        await field.open(TCP)

    in_field(story)


def test_an_endpoint_that_no_line_has_is_no_port() -> None:
    async def story(field: Field) -> None:
        with pytest.raises(LineError, match="no such line"):
            await field.open(SerialPort("/dev/nobody"))

    in_field(story)
