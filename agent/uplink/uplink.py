"""The ways to the platform, and which of them alarms go by."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping

from agent.errors import UplinkError
from agent.host import Host, loop_s
from agent.outbox.outbox import Outbox
from agent.records import Stored
from agent.session import Inbox, Session
from agent.site import Identity, Site
from agent.uplink.answers import Answers
from agent.uplink.board import Board
from agent.uplink.choice import Choice
from agent.uplink.delivery import Delivery
from agent.uplink.envelope import stored_event
from agent.uplink.history import PathStatus
from agent.uplink.lent import confirmed
from agent.uplink.losses import Losses
from agent.uplink.mark import Reach
from agent.uplink.messages import UplinkShown
from agent.uplink.path import Path, WayPlan
from agent.uplink.presence import Beat, Presence
from agent.uplink.told import Teller
from agent.uplink.topics import GATEWAY, Topics

log = logging.getLogger(__name__)

PRIMARY, BACKUP = "primary", "backup"
Part = Callable[[], Awaitable[None]]


class Uplink:
    """Keeps every way open, delivers by the best, and tells by it what became of the others."""

    def __init__(
        self,
        host: Host,
        site: Site,
        outbox: Outbox,
        board: Board,
        beats: Callable[[], Beat],
        versions: Mapping[str, str],
        inbox: Inbox | None = None,
        answers: Answers | None = None,
    ) -> None:
        self.paths: dict[str, Path] = {}
        self._host, self._topics, self._within_s = host, Topics(site.identity), site.uplink.confirm_timeout_s
        turn, reach, answers = asyncio.Lock(), Reach(outbox), answers or Answers()
        for plan in _plans(site):
            topics = Topics(site.identity, BACKUP if plan.name == BACKUP else GATEWAY)
            presence = Presence(host, site, topics, beats(), versions)
            delivery = Delivery(
                outbox, board, site.uplink, presence, turn, reach, self._beside(plan.name), answers
            )
            self.paths[plan.name] = Path(plan, host, site.uplink, presence, delivery, inbox, self)
        self._choice = Choice(list(self.paths))
        self._losses = Losses(self.paths, Teller(outbox, presence.instant))

    @property
    def parts(self) -> dict[str, Part]:
        """What must run, each for itself: no fault of one way stops the other."""
        ways = {"uplink" if name == PRIMARY else f"uplink {name}": path.run for name, path in self.paths.items()}
        return {**ways, "uplink losses": self._losses.run}

    @property
    def status(self) -> PathStatus:
        """Of the way that alarms go by; while there is none, of the primary."""
        return self.paths[self._choice.chosen or PRIMARY].status

    def shown(self) -> UplinkShown:
        """Every way, as heartbeats and the status screen show it."""
        ways = {name: path.history.shown(loop_s()) for name, path in self.paths.items()}
        status = self.status
        return UplinkShown(
            broker=status.broker, reconnects=status.reconnects, path=self._choice.chosen, paths=ways
        )

    async def also_by_backup(self, stored: Stored) -> bool:
        """Send a record by the second way as well, whichever it goes by otherwise; whether its broker has it."""
        path = self.paths.get(BACKUP)
        if path is None or (session := path.session) is None:
            return False
        event = stored_event(stored, self._topics.source, self._host.moment)
        try:
            await confirmed(session, self._topics.of(stored.record), event, self._within_s)
        except UplinkError as error:
            log.info("the second way does not take %s: %s", stored.record.subject, error)
            return False
        return True

    # --- what a way says ----------------------------------------------------------------------------

    def way_up(self, way: str) -> None:
        """It has a session, and said hello."""
        self._choice.up(way, loop_s())
        self._losses.back(way, self.paths[way].status.broker)
        self._choose()
        for name in self.paths.keys() - {way}:
            self.paths[name].offer_again()

    def way_proved(self, way: str) -> None:
        """It confirmed something."""
        self._choice.proved(way, loop_s())
        self._choose()

    def way_failed(self, way: str) -> None:
        """Its session is lost, or none could be opened."""
        before = self._choice.chosen
        self._choice.failed(way, loop_s())
        self._losses.lost(way, self.paths[way].status.broker, self.paths[way].status.why)
        self._choose()
        if before == way:
            for name in self.paths.keys() - {way}:
                self.paths[name].hurry()

    def _choose(self) -> None:
        for name, path in self.paths.items():
            path.choose(name == self._choice.chosen)

    def _beside(self, way: str) -> Callable[[], Session | None]:
        """The session of another way, if there is one."""

        def other() -> Session | None:
            sessions = (path.session for name, path in self.paths.items() if name != way)
            return next((session for session in sessions if session is not None), None)

        return other


def _plans(site: Site) -> list[WayPlan]:
    settings, name = site.uplink, _client_id(site.identity)
    plans = [WayPlan(PRIMARY, settings.brokers, name, settings.interface, settings.backup is None)]
    if (backup := settings.backup) is not None:
        plans.append(WayPlan(BACKUP, backup.brokers, f"{name}-{BACKUP}", backup.interface, alone=False))
    return plans


def _client_id(identity: Identity) -> str:
    return f"campusgw-{identity.region}-{identity.site}-{identity.gateway}"
