"""Simulated fire panels, one for each protocol, that behave as the real ones do."""

from collections.abc import Callable, Mapping

from drivers.profile import Protocol
from simulators.panels.fuan import FuanPanelBoard
from simulators.panels.jbf import JbfCard
from simulators.panels.notifier import NotifierPrinter
from simulators.panels.panel import SimulatedPanel
from simulators.panels.songjiang import SongjiangCrt

__all__ = ["SIMULATED_PANELS", "SimulatedPanel"]

SIMULATED_PANELS: Mapping[Protocol, Callable[[], SimulatedPanel]] = {
    "notifier_nfs": NotifierPrinter,
    "jbf_193k": JbfCard,
    "songjiang_jb3208": SongjiangCrt,
    "fuan_fs5101w": FuanPanelBoard,
}
