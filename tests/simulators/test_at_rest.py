"""A field at rest: any gateway that is pointed at it reads every device and raises nothing."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from agent.config.load import load_site
from simulators.at_rest import bring_to_rest
from simulators.clock import run_virtual
from simulators.field_file import FieldFileError, read_lines
from simulators.scenario_file import configs_dir, read_yaml
from tests.site.school import School, running

SHIPPED = sorted((configs_dir() / "gateways").glob("*.yaml"))
WINTER = """
gateway: {id: gw, site: "4301020001", region: "430102", name: x, time_zone: Asia/Shanghai}
uplink: {brokers: [{host: 127.0.0.1}]}
lines:
  - id: line
    type: modbus_rtu
    port: /dev/line
    baud: 9600
    units: [{id: cold-store, profile: renke_temp_humidity}, {id: io, profile: waveshare_io8_relay8, address: 2}]
devices:
  - {id: cold, kind: environment, name: x, unit: cold-store,
     settings: {temperature_low: -25, temperature_high: -15, humidity_low: 60}}
  - {id: gate, kind: gate_barrier, name: x,
     points: {closed_limit: {point: io.di1, normally: closed}, mains: io.di2,
              obstacle: {point: io.di3, normally: closed}}}
"""


def in_alarm(config: Path, directory: Path) -> list[str]:
    """What a gateway with this configuration raises in two minutes, and the devices that it cannot read."""
    site = replace(load_site(config), control_socket=None)
    lines = read_lines(config)

    async def main() -> list[str]:
        place = School(directory, 0, site, lines)
        bring_to_rest(place.field, read_yaml(config), lines)
        async with running(place):
            await place.until(lambda: len(place.platform.states) == len(site.devices), within_s=60.0)
            await asyncio.sleep(120.0)
            lost = [state.device for state in place.platform.states.values() if state.lost]
            return place.told() + lost

    return run_virtual(main())


@pytest.mark.parametrize("config", SHIPPED, ids=lambda path: path.stem)
def test_no_shipped_gateway_raises_anything_over_a_field_at_rest(config: Path, tmp_path: Path) -> None:
    assert in_alarm(config, tmp_path) == []


def test_limits_and_contacts_decide_what_is_normal(tmp_path: Path) -> None:
    config = tmp_path / "winter.yaml"
    config.write_text(WINTER)
    assert in_alarm(config, tmp_path) == []


def test_without_being_brought_to_rest_a_closed_contact_is_an_alarm(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(globals(), "bring_to_rest", lambda *_: None)
    assert "panic-gate tamper raised" in in_alarm(configs_dir() / "gateways" / "demo.yaml", tmp_path)


def test_devices_that_cannot_be_understood_are_told_in_one_line(tmp_path: Path) -> None:
    config = tmp_path / "wrong.yaml"
    config.write_text(WINTER.replace("kind: environment, ", ""))
    lines = read_lines(config)

    async def main() -> None:
        bring_to_rest(School(tmp_path, 0, load_site(SHIPPED[0]), lines).field, read_yaml(config), lines)

    with pytest.raises(FieldFileError, match="campusgw check"):
        run_virtual(main())
