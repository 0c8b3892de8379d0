"""Topics: `campus/v1/{region}/{site}/{gateway}/{channel}/{subject}`, always seven segments."""

from agent.records import Record
from agent.site import Identity

ROOT = "campus/v1"
GATEWAY = "gateway"


class Topics:
    """The topics of one gateway; a channel without a natural subject uses `gateway`.

    `way` is under what a way to the platform speaks of itself: the second one's loss is not the gateway's.
    """

    def __init__(self, identity: Identity, way: str = GATEWAY) -> None:
        self.way = way
        self.prefix = f"{ROOT}/{identity.region}/{identity.site}/{identity.gateway}"
        self.source = "/" + f"campus/{identity.region}/{identity.site}/{identity.gateway}"
        self.status = self.channel("status", way)
        self.heartbeat = self.channel("heartbeat", way)
        self.commands = self.channel("command", "+")

    def channel(self, channel: str, subject: str) -> str:
        """The topic of a subject on a channel."""
        return f"{self.prefix}/{channel}/{subject}"

    def of(self, record: Record) -> str:
        """Where a record of the outbox goes."""
        return self.channel(record.lane.channel, record.subject)


def channel_of(topic: str) -> str:
    """The channel of one of our topics."""
    return topic.split("/")[-2]
