"""What a way says of itself, under its own subject: birth, goodbye, will and heartbeat."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

from agent.host import Host
from agent.records import Instant
from agent.session import Will
from agent.site import Site
from agent.uplink.envelope import live_event
from agent.uplink.messages import HeartbeatData, StatusData
from agent.uplink.topics import Topics

Beat = Callable[[], Awaitable[HeartbeatData]]


class Presence:
    """Makes the messages; whoever has a session sends them."""

    def __init__(self, host: Host, site: Site, topics: Topics, beat: Beat, versions: Mapping[str, str]) -> None:
        self.topics = topics
        self._host, self._site, self._beat = host, site, beat
        self._versions = dict(versions)

    def will(self) -> Will:
        """What the broker shall say when the session dies without a goodbye."""
        return Will(self.topics.status, self.status(False, "lost"))

    def status(self, online: bool, reason: Literal["connected", "stopped", "lost"]) -> bytes:
        """Birth or goodbye."""
        identity = self._site.identity
        data = StatusData(
            online=online,
            reason=reason,
            gateway=identity.gateway,
            name=identity.name,
            versions=self._versions,
            config_hash=self._site.config_hash,
        )
        return self.live("status", self.topics.way, data.model_dump(mode="json"))

    async def heartbeat(self) -> bytes:
        """How the gateway is."""
        return self.live("heartbeat", self.topics.way, (await self._beat()).model_dump(mode="json"))

    def live(self, kind: str, subject: str, data: Mapping[str, Any]) -> bytes:
        """A message that is not kept."""
        return live_event(kind, subject, self.topics.source, self.instant(), self._host.boot_id, data)

    def moment(self, boot_id: str, at: Instant) -> Instant:
        """What is known by now of a moment that was recorded."""
        return self._host.moment(boot_id, at)

    def instant(self) -> Instant:
        """Now, as far as it is known."""
        return self._host.instant()
