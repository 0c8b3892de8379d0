"""Two buttons of a guard room on one line, and the gateway that reads them."""

import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from bench.reliability.gateway import Gateway
from simulators.field_file import read_lines
from simulators.real_field import RealField, real_field

BUTTONS = {"panic-gate": "gate-io.di2", "panic-dorm": "gate-io.di3"}
CLIENT_ID = "campusgw-430102-4301020001-gw-1"

CONFIG = """\
gateway: {{id: gw-1, site: "4301020001", region: "430102", name: 示例小学门卫室}}
uplink:
  brokers: [{broker}]
  confirmed_by: {confirmed_by}
  heartbeat_s: 1
  backoff_first_s: 0.1
  backoff_most_s: 1
storage: {{directory: state}}
control_socket: control.sock
lines:
  - id: line-1
    type: modbus_rtu
    port: run/line-1
    baud: 115200
    units: [{{id: gate-io, profile: waveshare_io8_relay8, address: 1, points: [di2, di3]}}]
devices:
  - {{id: panic-gate, kind: one_key_alarm, name: 门卫室一键报警, points: {{pressed: gate-io.di2}}}}
  - {{id: panic-dorm, kind: one_key_alarm, name: 宿舍一键报警, points: {{pressed: gate-io.di3}}}}
"""


@asynccontextmanager
async def two_buttons(
    directory: Path, broker: str, confirmed_by: str, dice: random.Random, before: Sequence[str] = ()
) -> AsyncIterator[tuple[Gateway, RealField]]:
    """The field is there, the gateway not started yet; it is stopped in the end. `broker` is written in YAML."""
    (directory / "run").mkdir()
    config = directory / "gateway.yaml"
    config.write_text(CONFIG.format(broker=broker, confirmed_by=confirmed_by))
    gateway = Gateway(config, before)
    async with real_field(read_lines(config), dice, root=directory) as real:
        try:
            yield gateway, real
        finally:
            await gateway.stop()
