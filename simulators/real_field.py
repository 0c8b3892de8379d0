"""The simulated field on real ports: pseudo-terminals under the configured names, TCP ports on loopback."""

import random
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from drivers.stream import SerialPort
from simulators.camera_ports import CameraPorts
from simulators.claims import Claims
from simulators.field import Field, FieldLine
from simulators.field_file import LineSetup
from simulators.named_field import CameraField
from simulators.pty_port import FarSides, PtyPort
from simulators.tcp_port import TcpPort

Port = PtyPort | TcpPort | CameraPorts


@asynccontextmanager
async def real_field(
    lines: Iterable[LineSetup], random: random.Random, *, root: Path = Path(), other_ports: bool = False
) -> AsyncIterator["RealField"]:
    """Every line of the field on its port; raises PortRefused. Relative names of serial ports count from `root`.

    With `other_ports` a TCP port that cannot be had, or that another such field has, is replaced by a free one;
    `ports` says which.
    """
    claims = Claims()
    far_sides = FarSides()
    field = Field(lines, random)
    ports = {
        name: _port(line, far_sides, root, claims if other_ports else None) for name, line in field.lines.items()
    }
    real = RealField(field, ports, far_sides)
    try:
        await real.follow()
        yield real
    finally:
        await real.take_away()
        await far_sides.end()
        claims.release()


class RealField:
    """A field and its ports, by line."""

    def __init__(self, field: Field, ports: dict[str, Port], far_sides: FarSides) -> None:
        self.field = field
        self.ports = ports
        self.failed = far_sides.failed

    async def follow(self) -> None:
        """Ports appear and vanish as the field's lines do."""
        for name, line in self.field.lines.items():
            port = self.ports[name]
            await (port.restore() if line.reachable else port.vanish())

    async def take_away(self) -> None:
        """All ports vanish."""
        for port in self.ports.values():
            await port.vanish()


def _port(line: FieldLine, far_sides: FarSides, root: Path, claims: Claims | None) -> Port:
    if isinstance(line, CameraField):
        return CameraPorts(line, far_sides, claims=claims)
    endpoint = line.setup.endpoint
    assert endpoint is not None
    if isinstance(endpoint, SerialPort):
        return PtyPort(root / endpoint.path, line.run, far_sides)
    return TcpPort(endpoint.host, endpoint.port, line.run, far_sides, claims=claims)
