"""What the central platform says to its gateways: it confirms, asks again for what is missing, acknowledges.

No transport of its own: `publish` is any client's. Call `heard` for every arrival, duplicates too: a gateway that
sends a record again does not know that it has arrived.
"""

import asyncio
import itertools
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from agent.uplink.messages import EventData, HeartbeatData
from agent.uplink.topics import ROOT
from simulators.platform import Arrival, Gap, Platform
from simulators.platform_sequences import Sequences

CONFIRM_S = 0.2
SPANS_MOST = 500  # to a message; a gateway takes a thousand
PATIENCE_S = 60.0  # a gap that was asked for is asked for again after this
CONFIRMED = ("alarm", "event")

Publish = Callable[[str, bytes], Awaitable[None]]


class PlatformDesk:
    """One for all gateways. `utc_s` is the platform's clock, `name` makes its commands' ids its own."""

    def __init__(
        self, platform: Platform, publish: Publish, utc_s: Callable[[], float], name: str = "platform"
    ) -> None:
        self.gone: list[Gap] = []
        self._platform, self._publish, self._utc_s, self._name = platform, publish, utc_s, name
        self._numbers = itertools.count(1)
        self._sources: dict[str, str] = {}  # by store, the gateway that it is of
        self._unconfirmed: dict[str, Sequences] = {}
        self._quiet: set[str] = set()  # gateways whose last heartbeat said that nothing waits
        self._asked: dict[Gap, float] = {}

    def heard(self, arrival: Arrival) -> None:
        """Note what is to be confirmed, and what a gateway says of itself."""
        source, payload = arrival.event.source, arrival.payload
        if isinstance(payload, HeartbeatData):
            waits = any(lane.depth for name, lane in payload.outbox.items() if name in CONFIRMED)
            (self._quiet.discard if waits else self._quiet.add)(source)
        if arrival.channel in CONFIRMED and arrival.sequence is not None:
            store = arrival.event.id.rpartition("-")[0]
            self._sources[store] = source
            self._unconfirmed.setdefault(store, Sequences()).add(arrival.sequence)
        if isinstance(payload, EventData) and payload.event == "command.done":
            self._learn(payload)

    async def run(self) -> None:
        """Confirm and ask for what is missing, for ever."""
        while True:
            await asyncio.sleep(CONFIRM_S)
            await self.confirm()
            await self.ask_for_missing()

    async def confirm(self) -> None:
        """Say what has come since the last time."""
        unconfirmed, self._unconfirmed = self._unconfirmed, {}
        for store, sequences in unconfirmed.items():
            spans = sequences.spans
            for at in range(0, len(spans), SPANS_MOST):
                page = spans[at : at + SPANS_MOST]
                await self._say(self._sources[store], "confirm", {"store": store, "spans": page})

    async def ask_for_missing(self) -> None:
        """A number that is missing though nothing waits is asked for; one that is gone is gone."""
        now_s = asyncio.get_running_loop().time()
        for gap in self._platform.gaps():
            source = self._sources.get(gap.store, "")
            if source not in self._quiet or gap in self.gone:
                continue
            if now_s - self._asked.get(gap, float("-inf")) >= PATIENCE_S:
                self._asked[gap] = now_s
                await self.replay(source, gap)

    async def replay(self, source: str, gap: Gap) -> str:
        """Ask for these once more; returns the command's id."""
        return await self.order(source, "replay", store=gap.store, first=gap.first, last=gap.last)

    async def order(self, source: str, command: str, **fields: object) -> str:
        """Give a command to the gateway of that `source`; returns its id, by which the result is known."""
        id = f"{self._name}-{next(self._numbers)}"
        at = datetime.fromtimestamp(self._utc_s(), UTC).isoformat(timespec="milliseconds")
        await self._say(source, command, {"id": id, "at": at, **fields})
        return id

    def _learn(self, done: EventData) -> None:
        """What a replay could not bring is lost for good."""
        if done.fields.get("name") == "replay":
            store = str(done.fields["store"])
            self.gone += [Gap(store, *span) for span in done.fields["gone"]]

    async def _say(self, source: str, command: str, body: dict[str, object]) -> None:
        prefix = source.removeprefix("/campus/")
        await self._publish(f"{ROOT}/{prefix}/command/{command}", json.dumps(body).encode())
