"""`python -m bench.reliability.kills.planted run --config …`: a gateway with a bug, which the torture must find.

It calls a record confirmed as soon as it has been handed on for sending, as clients do that keep what is under way
in memory: a kill before it is sent loses it.
"""

import asyncio
import sys
from collections.abc import Mapping
from unittest.mock import patch

from agent.cli.main import main
from agent.outbox.outbox import Outbox
from agent.records import Lane, Stored
from agent.uplink.mqtt import MqttSession

DAWDLES_S = 0.3

_next = Outbox.next
_publish = MqttSession.publish


async def next_confirmed(outbox: Outbox, after: Mapping[Lane, int], limit: int) -> list[Stored]:
    """What is read counts as sent, and that is on disk at once."""
    found = await _next(outbox, after, limit)
    await outbox.confirm(found)
    await outbox.depths()
    return found


async def publish_later(session: MqttSession, topic: str, payload: bytes, *, retain: bool = False) -> None:
    """The link is not the fastest."""
    await asyncio.sleep(DAWDLES_S)
    await _publish(session, topic, payload, retain=retain)


if __name__ == "__main__":
    with patch.object(Outbox, "next", next_confirmed), patch.object(MqttSession, "publish", publish_later):
        sys.exit(main(sys.argv[1:]))
