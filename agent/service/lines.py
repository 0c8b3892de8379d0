"""From a line's plan to its poller."""

from functools import partial

from agent.host import Host
from agent.polling.modbus_poller import ModbusPoller
from agent.polling.panel_poller import PanelPoller
from agent.polling.plan import line_character_s
from agent.polling.poller import Sink
from agent.site import LinePlan
from drivers.modbus.framing import Framing
from drivers.modbus.line import ModbusLine
from drivers.modbus.mbap import MbapFraming
from drivers.modbus.rtu import RtuFraming
from drivers.panels import PANELS


def open_poller(plan: LinePlan, host: Host, sink: Sink) -> ModbusPoller | PanelPoller:
    """Build the poller of one line; nothing is opened before it runs."""
    opener = partial(host.open_line, plan.endpoint)
    if plan.kind == "serial":
        unit = plan.units[0]
        return PanelPoller(plan, PANELS[unit.profile.protocol](opener, unit.profile, unit.address), host, sink)
    line = ModbusLine(
        opener,
        _framing(plan),
        character_s=line_character_s(plan),
        name=plan.id,
        echo=plan.echo,
        extra_gap_s=plan.extra_gap_s,
    )
    return ModbusPoller(plan, line, host, sink)


def _framing(plan: LinePlan) -> Framing:
    return MbapFraming() if plan.kind == "modbus_tcp" else RtuFraming()
