"""The far side of lines that carry neither Modbus nor a fire panel: a UPS, or cameras."""

import random
from collections.abc import Awaitable, Callable
from functools import partial

from drivers.camera.probe import ProbeKind
from drivers.stream import ByteStream, Endpoint, TcpEndpoint
from simulators.camera import SimulatedCamera
from simulators.faults import Faults, NoisyStream
from simulators.field_file import LineSetup
from simulators.ups import SimulatedUps
from simulators.wire import PacedStream


class UpsField:
    """The far side of a serial line with one UPS."""

    def __init__(self, setup: LineSetup, dice: random.Random) -> None:
        self.setup = setup
        self.present = True
        self.faults = Faults()
        self.ups = SimulatedUps(setup.units[0].profile)
        self.units = {setup.units[0].id: self.ups}
        self._dice = dice

    @property
    def reachable(self) -> bool:
        """Whether it can be opened: the port is there, with or without power behind it."""
        return self.present

    async def run(self, stream: ByteStream) -> None:
        """Serve until the stream is gone."""
        noisy = NoisyStream(stream, self.faults, self._dice)
        await self.ups.run(PacedStream(noisy, self.setup.character_s))


class CameraField:
    """All cameras of a line: no wire in common, but a network that can be away."""

    def __init__(self, setup: LineSetup, utc_s: Callable[[], float | None]) -> None:
        self.setup = setup
        self.present = True
        self.faults = Faults()
        self.units = {unit.id: SimulatedCamera(unit.profile, utc_s) for unit in setup.units}
        self._at: dict[tuple[str, int], tuple[str, ProbeKind]] = {}
        for unit in setup.units:
            assert unit.camera is not None
            for kind, port in unit.camera.ports.items():
                self._at[unit.camera.host.lower(), port] = (unit.id, kind)

    @property
    def reachable(self) -> bool:
        """The network is there."""
        return self.present

    def there(self, unit: str) -> bool:
        """The camera takes connections."""
        return self.present and self.units[unit].there

    def far(self, endpoint: Endpoint) -> tuple[str, Callable[[ByteStream], Awaitable[None]]] | None:
        """The camera at this endpoint and what it does there; None: none of ours."""
        if not isinstance(endpoint, TcpEndpoint):
            return None
        found = self._at.get((endpoint.host.lower(), endpoint.port))
        return None if found is None else (found[0], self.serve(*found))

    def serve(self, unit: str, kind: ProbeKind) -> Callable[[ByteStream], Awaitable[None]]:
        """What a port of a camera does with a connection."""
        return partial(self.units[unit].serve, kind)
