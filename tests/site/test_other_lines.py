"""Kinds of lines that the demo does not have: a serial device server, and an adapter that echoes."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from agent.config.load import load_site
from simulators.clock import run_virtual
from simulators.field_file import read_lines
from tests.site.school import School, running

HEAD = """
gateway: {id: gw, site: "4301020001", region: "430102", name: 门卫室, time_zone: Asia/Shanghai}
uplink: {brokers: [{host: 127.0.0.1}], heartbeat_s: 5, backoff_first_s: 0.2, backoff_most_s: 1}
devices:
  - {id: panic, kind: one_key_alarm, name: 一键报警, points: {pressed: io.di1}, settings: {lost_off_delay_s: 1}}
lines:
"""
LINES = {
    "serial device server": "{id: line, type: rtu_over_tcp, host: 127.0.0.1, tcp_port: 4196, ",
    "adapter that echoes": "{id: line, type: modbus_rtu, port: /dev/line, baud: 19200, parity: E, echo: true, ",
    "slow and long line": "{id: line, type: modbus_rtu, port: /dev/line, baud: 2400, extra_gap_s: 0.01, ",
}
UNITS = "units: [{id: io, profile: waveshare_io8_relay8, address: 7, points: [di1, di2]}]}"


@pytest.mark.parametrize("line", LINES)
def test_an_alarm_and_a_vanished_port_are_told_on_any_kind_of_line(tmp_path: Path, line: str) -> None:
    config = tmp_path / "gateway.yaml"
    config.write_text(f"{HEAD}  - {LINES[line]}{UNITS}\n")

    async def main() -> None:
        place = School(tmp_path, 0, replace(load_site(config), control_socket=None), read_lines(config))
        async with running(place):
            await place.until(lambda: place.platform.heartbeats, within_s=10.0)
            place.field.set("io.di1", True)
            await place.heard_within("panic pressed raised", 1.0)
            place.field.vanish("line")
            await place.heard_within("panic lost raised", 15.0)
            place.field.set("io.di1", False)
            await asyncio.sleep(10.0)
            place.field.restore("line")
            await place.heard_within("panic lost cleared", 15.0)
            assert place.told()[2:] in (
                ["panic pressed cleared", "panic lost cleared"],
                ["panic lost cleared", "panic pressed cleared"],
            )

    run_virtual(main())
