"""The sounder: an output that is on while somebody on the spot must be told, and a fault where it is not."""

from collections.abc import Callable, Iterable

from agent.polling.modbus_poller import ModbusPoller
from agent.polling.outputs import Want
from agent.service.line_sight import Poller
from agent.site import Sounder as SounderUse
from drivers.profile import Point

UNCONFIRMED = "unconfirmed"  # nobody upstream has an alarm: the reason that every sounder is there for
PULSE_S = 10.0  # so long it sounds at most when the gateway has died


class Sounder:
    """Wants one output on or off, by the module's own pulses where it has them; `None`: there is no sounder.

    It sounds while anybody has a reason for it. `hushed` are told when a person has silenced it for all of them.
    """

    def __init__(self, use: SounderUse | None, pollers: Iterable[Poller]) -> None:
        self.hushed: list[Callable[[], None]] = []
        self._reasons: set[str] = set()
        self.point = "" if use is None else f"{use.unit}.{use.point}"
        self._use = use
        owner = (p for p in pollers if isinstance(p, ModbusPoller) and use is not None and use.unit in p.devices)
        self._poller = next(owner, None)

    @property
    def sounding(self) -> bool:
        """Somebody on the spot is to hear it."""
        return bool(self._reasons)

    def sound(self, on: bool, reason: str = UNCONFIRMED) -> None:
        """It shall sound for this reason, or not for it; wanting the same again changes nothing."""
        if on:
            self._reasons.add(reason)
        else:
            self._reasons.discard(reason)
        self._switch(self.sounding)

    def hush(self) -> None:
        """A person has heard it: no reason that there is now counts any more."""
        self._reasons.clear()
        self._switch(False)
        for tell in self.hushed:
            tell()

    def _switch(self, on: bool) -> None:
        if self._poller is not None and self._use is not None:
            point = self._poller.devices[self._use.unit].profile.point(self._use.point)
            self._poller.want(self._use.unit, self._use.point, wanted_on(point) if on else Want(False))

    @property
    def fault(self) -> str:
        """Why it must be taken for not switched as it should be; empty while it is, or there is none."""
        if self._poller is None or self._use is None:
            return ""
        return self._poller.switches.fault(self._use.unit, self._use.point)


def wanted_on(point: Point) -> Want:
    """On, by pulses where the module can time them so long and so finely."""
    pulse = point.pulse
    able = pulse is not None and pulse.unit_s <= PULSE_S <= pulse.unit_s * pulse.most
    return Want(True, PULSE_S if able else None)
