"""The ports of a line of simulated cameras: each camera has one or two, and loses them with its power."""

from typing import Any

from drivers.camera.probe import ProbeKind
from simulators.claims import Claims
from simulators.named_field import CameraField
from simulators.pty_port import FarSides
from simulators.tcp_port import TcpPort


class CameraPorts:
    """All ports of the line, by camera and by what is asked there."""

    def __init__(self, line: CameraField, far_sides: FarSides, *, claims: Claims | None) -> None:
        self._line = line
        self.ports: dict[str, dict[ProbeKind, TcpPort]] = {}
        for unit in line.setup.units:
            assert unit.camera is not None
            self.ports[unit.id] = {
                kind: TcpPort(unit.camera.host, port, line.serve(unit.id, kind), far_sides, claims=claims)
                for kind, port in unit.camera.ports.items()
            }

    @property
    def name(self) -> str:
        """How whoever connects calls them."""
        return ", ".join(port.name for ports in self.ports.values() for port in ports.values())

    async def restore(self) -> None:
        """Those cameras listen that are there; raises PortRefused."""
        for unit, ports in self.ports.items():
            for port in ports.values():
                await (port.restore() if self._line.there(unit) else port.vanish())

    async def vanish(self) -> None:
        """None of them listens, and every connection is reset."""
        for ports in self.ports.values():
            for port in ports.values():
                await port.vanish()

    def put(self, units: list[dict[str, Any]]) -> None:
        """Let a configuration's units name these ports."""
        for unit in units:
            ports = self.ports[unit["id"]]
            unit["host"] = next(iter(ports.values())).host
            unit["ports"] = {kind: port.port for kind, port in ports.items()}
