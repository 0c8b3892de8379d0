"""The heartbeat's lines: errors are counted on a fire panel's line as on a Modbus line."""

from types import SimpleNamespace
from typing import Any

from agent.polling.panel_poller import PanelPoller
from agent.service.heartbeat import Pulse
from agent.site import LinePlan, Unit
from drivers.panels import PANELS
from drivers.profiles import load_profile, profiles_dir
from drivers.stream import SerialPort
from simulators.clock import run_virtual

NOBODY: Any = SimpleNamespace(random=None)


def test_a_fire_panel_s_errors_are_shown_by_kind() -> None:
    async def script() -> None:
        profile = load_profile(profiles_dir() / "jbf_193k.yaml")
        plan = LinePlan("panel-1", "serial", SerialPort("none"), (Unit("panel", "panel-1", profile),))
        panel = PANELS["jbf_193k"](NOBODY, profile, 0)
        poller = PanelPoller(plan, panel, NOBODY, NOBODY)
        panel.counters.crc = 2
        panel.counters.garbage = 3
        panel.counters.timeouts = 1
        line = Pulse(NOBODY, NOBODY, [poller], NOBODY)._line(poller, 1.0)
        assert (line["good"], line["lost"]) == (1, 0)
        assert {name: count for name, count in line["errors"].items() if count} == {
            "timeouts": 1,
            "crc": 2,
            "garbage": 3,
        }

    run_virtual(script())
