"""Events about the uplink itself, kept as records like all others."""

import logging
from collections.abc import Callable, Mapping

from agent.errors import StorageError
from agent.outbox.outbox import Outbox
from agent.records import Instant, event_record

log = logging.getLogger(__name__)


class Teller:
    """Appends events about the uplink."""

    def __init__(self, outbox: Outbox, instant: Callable[[], Instant]) -> None:
        self._outbox, self._instant = outbox, instant

    async def __call__(self, event: str, text: str, fields: Mapping[str, object]) -> bool:
        """Keep the event; False, and said in the log, when the disk does not take it."""
        try:
            await self._outbox.append([event_record(event, text, fields, self._instant())], {})
        except StorageError as error:
            log.error("cannot record %s: %s", event, error)
            return False
        return True
