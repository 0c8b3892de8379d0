"""Fire panels: a file or two for each protocol, one table here."""

from collections.abc import Callable, Mapping

from drivers.panels.fuan import FuanPanel
from drivers.panels.jbf import JbfPanel
from drivers.panels.notifier import NotifierPanel
from drivers.panels.panel import Panel
from drivers.panels.songjiang import SongjiangPanel
from drivers.profile import DeviceProfile, Protocol
from drivers.stream import OpenStream

OpenPanel = Callable[[OpenStream, DeviceProfile, int], Panel]

PANELS: Mapping[Protocol, OpenPanel] = {
    "notifier_nfs": NotifierPanel,
    "jbf_193k": JbfPanel,
    "songjiang_jb3208": SongjiangPanel,
    "fuan_fs5101w": FuanPanel,
}
