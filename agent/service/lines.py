"""From a line's plan to its poller."""

from functools import partial

from agent.host import Host
from agent.polling.camera_poller import CameraPoller
from agent.polling.modbus_poller import ModbusPoller
from agent.polling.panel_poller import PanelPoller
from agent.polling.plan import line_character_s
from agent.polling.poller import Sink
from agent.site import LinePlan, Unit
from drivers.modbus.framing import Framing
from drivers.modbus.line import ModbusLine
from drivers.modbus.mbap import MbapFraming
from drivers.modbus.rtu import RtuFraming
from drivers.panels import PANELS
from drivers.panels.panel import Panel
from drivers.stream import OpenStream
from drivers.ups.q1 import Q1Ups


def open_poller(plan: LinePlan, host: Host, sink: Sink) -> ModbusPoller | PanelPoller | CameraPoller:
    """Build the poller of one line; nothing is opened before it runs."""
    if plan.endpoint is None:
        return CameraPoller(plan, host, sink)
    opener = partial(host.open_line, plan.endpoint)
    if plan.kind == "serial":
        return PanelPoller(plan, _talker(plan.units[0], opener), host, sink)
    line = ModbusLine(
        opener,
        _framing(plan),
        character_s=line_character_s(plan),
        name=plan.id,
        echo=plan.echo,
        extra_gap_s=plan.extra_gap_s,
    )
    return ModbusPoller(plan, line, host, sink)


def _talker(unit: Unit, opener: OpenStream) -> Panel:
    """What is alone on a serial line: a UPS, else a fire panel."""
    if unit.profile.protocol == "megatec_q1":
        return Q1Ups(opener, interval_s=unit.interval_s, factor=unit.battery_factor)
    return PANELS[unit.profile.protocol](opener, unit.profile, unit.address)


def _framing(plan: LinePlan) -> Framing:
    return MbapFraming() if plan.kind == "modbus_tcp" else RtuFraming()
