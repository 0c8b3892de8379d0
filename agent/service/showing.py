"""What stands on the board of every device: its state, put there anew whenever it would read differently."""

from collections.abc import Mapping

from agent.alarms.model import DeviceMemory, PointValue
from agent.host import Host
from agent.polling.points import PointTable
from agent.service.words import state_data
from agent.site import Device
from agent.uplink.board import Board


class Showing:
    """Puts devices on the board."""

    def __init__(self, board: Board, table: PointTable, host: Host) -> None:
        self._board, self._table, self._host = board, table, host
        self._shown: dict[str, dict[str, object]] = {}

    def show(self, device: Device, memory: DeviceMemory) -> None:
        """As it is now."""
        points = self._table.of(device)
        self._shown[device.id] = _contacts(points)
        state = state_data(device, memory, points, self._host.wall_clock(), self._host.known)
        self._board.put(device.id, state)

    def looks_new(self, device: Device) -> bool:
        """A contact or word reads differently than it was shown; numbers are shown at telemetry's pace."""
        return _contacts(self._table.of(device)) != self._shown.get(device.id)


def _contacts(points: Mapping[str, PointValue]) -> dict[str, object]:
    numbers = (int, float)
    return {
        role: ("number" if isinstance(p.value, numbers) and not isinstance(p.value, bool) else p.value, p.quality)
        for role, p in points.items()
    }
