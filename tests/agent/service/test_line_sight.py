"""How a line is shown: its units, their reply times and faults, its load since the last look, its worst case."""

import asyncio
from types import SimpleNamespace
from typing import Any

from agent.polling.panel_poller import PanelPoller
from agent.service.line_sight import LineSight
from agent.site import LinePlan, Unit
from drivers.panels import PANELS
from drivers.profiles import load_profile, profiles_dir
from drivers.stream import SerialPort
from simulators.clock import run_virtual
from tests.agent.polling.test_modbus_poller import Bench

NOBODY: Any = SimpleNamespace(random=None)


def test_a_line_shows_its_units_with_percentiles_and_faults_by_class() -> None:
    async def look() -> None:
        bench = Bench(units=3)
        sight = LineSight(bench.poller, asyncio.get_running_loop().time())
        bench.units["u2"].plugged = False
        await bench.poll(10.0)
        shown = sight.shown(asyncio.get_running_loop().time())
        assert (shown.good, shown.suspect, shown.lost) == (2, 0, 1)
        assert shown.load is not None
        assert shown.load > 0.9
        assert shown.worst_alarm_s is not None
        assert shown.units["u0"].faults == {}
        p50_ms = shown.units["u0"].p50_ms
        assert p50_ms is not None
        assert 12.0 <= p50_ms <= 15.0  # 5 ms of turnaround and 7 characters at 9600 baud, in steps of a fifth
        assert shown.units["u2"].health == "lost"
        assert shown.units["u2"].faults["timeouts"] >= 3
        assert shown.units["u2"].p99_ms is None
        assert shown.errors["timeouts"] == shown.units["u2"].faults["timeouts"]
        await bench.close()

    run_virtual(look())


def test_load_is_counted_from_one_look_to_the_next() -> None:
    async def look() -> None:
        loop = asyncio.get_running_loop()
        bench = Bench(units=1)
        sight = LineSight(bench.poller, loop.time())
        await bench.poll(5.0)
        busy = sight.shown(loop.time()).load
        await asyncio.sleep(5.0)
        idle = sight.shown(loop.time()).load
        assert busy is not None
        assert busy > 0.9
        assert idle == 0.0
        await bench.close()

    run_virtual(look())


def test_a_fire_panel_s_errors_are_shown_by_kind() -> None:
    async def script() -> None:
        profile = load_profile(profiles_dir() / "jbf_193k.yaml")
        plan = LinePlan("panel-1", "serial", SerialPort("none"), (Unit("panel", "panel-1", profile),))
        panel = PANELS["jbf_193k"](NOBODY, profile, 0)
        poller = PanelPoller(plan, panel, NOBODY, NOBODY)
        panel.counters.crc = 2
        panel.counters.garbage = 3
        panel.counters.timeouts = 1
        line = LineSight(poller, 0.0).shown(1.0)
        assert (line.good, line.lost) == (1, 0)
        assert line.units["panel"].faults == {"timeouts": 1, "crc": 2, "garbage": 3}
        assert line.errors["garbage"] == 3

    run_virtual(script())
