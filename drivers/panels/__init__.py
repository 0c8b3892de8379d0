"""Fire panels: one file a protocol, one table here."""

from collections.abc import Callable, Mapping

from drivers.panels.panel import Panel
from drivers.profile import DeviceProfile, Protocol
from drivers.stream import OpenStream

OpenPanel = Callable[[OpenStream, DeviceProfile, int], Panel]

PANELS: Mapping[Protocol, OpenPanel] = {}
