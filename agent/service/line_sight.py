"""How a line and its units are, in numbers: for the heartbeat and whoever asks."""

from collections.abc import Iterable, Mapping

from agent.polling.camera_poller import CameraPoller
from agent.polling.modbus_poller import ModbusPoller
from agent.polling.panel_poller import PanelPoller
from agent.uplink.messages import LineShown, UnitShown
from drivers.counters import FAULTS, UnitCounters

Poller = ModbusPoller | PanelPoller | CameraPoller


class LineSight:
    """One line as it is seen; its load is counted from one look to the next."""

    def __init__(self, poller: Poller, now_s: float) -> None:
        self.line = poller.plan.id
        self._poller = poller
        self._looked_s = now_s
        self._busy_s = 0.0

    def shown(self, now_s: float) -> LineShown:
        """The line now."""
        health = {unit: health.word for unit, health in self._poller.roll.health.items()}
        counters = self._counters()
        return LineShown(
            **{word: list(health.values()).count(word) for word in ("good", "suspect", "lost")},
            load=self._load(now_s),
            worst_alarm_s=self._poller.worst_alarm_s if isinstance(self._poller, ModbusPoller) else None,
            errors=_errors(counters.values()),
            units={unit: _unit(word, counters[unit]) for unit, word in health.items()},
        )

    def _counters(self) -> Mapping[str, UnitCounters]:
        poller = self._poller
        if isinstance(poller, ModbusPoller):
            return {unit.id: poller.line.counters.unit(unit.address) for unit in poller.plan.units}
        if isinstance(poller, CameraPoller):
            return poller.counters
        return {unit.id: poller.panel.counters for unit in poller.plan.units}

    def _load(self, now_s: float) -> float | None:
        if not isinstance(self._poller, ModbusPoller):
            return None
        busy_s = self._poller.line.counters.busy_s
        used_s, self._busy_s = busy_s - self._busy_s, busy_s
        since_s, self._looked_s = max(1e-3, now_s - self._looked_s), now_s
        return round(min(1.0, used_s / since_s), 4)


def _errors(units: Iterable[UnitCounters]) -> dict[str, int]:
    counted = list(units)
    return {name: sum(getattr(unit, name) for unit in counted) for name in FAULTS}


def _unit(word: str, counters: UnitCounters) -> UnitShown:
    return UnitShown(
        health=word,
        exchanges=counters.exchanges,
        p50_ms=_ms(counters.reply_times.percentile(50)),
        p99_ms=_ms(counters.reply_times.percentile(99)),
        faults=counters.faults,
    )


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 1)
