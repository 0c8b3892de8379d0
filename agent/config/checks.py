"""What only the whole configuration can tell: clashes, dangling names, reads that a profile does not allow."""

import os
import zoneinfo
from collections.abc import Collection, Iterable

from agent.config.build import Profiles
from agent.config.device_checks import DeviceChecks
from agent.config.findings import Findings
from agent.config.hazard_book import BookShelf
from agent.config.hazard_checks import check_hazards
from agent.config.line_checks import LineChecks
from agent.config.linkage_checks import check_linkage
from agent.config.models import ConfigModel
from agent.config.rules_load import RuleShelf
from agent.config.rules_use import check_rules
from agent.config.school_checks import check_school
from agent.config.source import Loc, Source
from agent.config.ways import uplink_mistakes
from agent.errors import Mistake
from agent.language import tr
from agent.mistakes import did_you_mean

SOCKET_PATH_MOST = 107  # bytes: sockaddr_un


class Check:
    """Everything that needs no arithmetic of time."""

    def __init__(
        self,
        source: Source,
        config: ConfigModel,
        profiles: Profiles,
        rules: RuleShelf,
        books: BookShelf,
        unsure: Collection[Loc] = (),
    ) -> None:
        self._found, self._config, self._profiles = Findings(source, unsure), config, profiles
        self._rules, self._books = rules, books

    def run(self) -> list[Mistake]:
        """Every mistake."""
        self._time_zone()
        self._alone()
        self._unique("lines", [line.id for line in self._config.lines])
        self._unique("devices", [device.id for device in self._config.devices])
        lines = LineChecks(self._found, self._config, self._profiles)
        lines.run()
        DeviceChecks(self._found, self._config, lines.units).run()
        check_linkage(self._found, self._config, lines.units)
        check_school(self._found, self._config)
        check_hazards(self._found, self._config, self._books)
        check_rules(self._found, self._config, self._rules)
        return self._found.mistakes

    def sound_lines(self) -> list[int]:
        """Those whose times can be reckoned: nothing that counts for it is wrong or a guess."""
        doubtful = self._found.doubtful("lines")
        return [n for n in range(len(self._config.lines)) if n not in doubtful]

    def _time_zone(self) -> None:
        name = self._config.gateway.time_zone
        zones = zoneinfo.available_timezones()
        if zones and name not in zones:
            said = tr("no time zone {name}", name=repr(name)) + did_you_mean(name, zones)
            self._found.wrong(("gateway", "time_zone"), said)

    def _alone(self) -> None:
        """What needs nothing but itself."""
        path = self._config.control_socket
        for loc, said in uplink_mistakes(self._config.uplink):
            self._found.wrong(("uplink", *loc), said)
        if path is not None and len(os.fsencode(path)) > SOCKET_PATH_MOST:
            said = tr("{key}: a socket's path may have {most} bytes", key="control_socket", most=SOCKET_PATH_MOST)
            self._found.wrong(("control_socket",), said)

    def _unique(self, room: str, ids: Iterable[str]) -> None:
        first: dict[str, int] = {}
        for n, name in enumerate(ids):
            if first.setdefault(name, n) != n:
                said = tr("{name} is the id of an earlier one already", name=repr(name))
                self._found.wrong((room, n, "id"), said)
