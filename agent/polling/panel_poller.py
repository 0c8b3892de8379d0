"""Listens to one fire panel on its own serial line; what it says is stored before it is acknowledged."""

import asyncio
from collections.abc import Sequence

from agent.host import Host, loop_s
from agent.polling.poller import Progress, Roll, Sink, reopen_after_s
from agent.site import LinePlan
from drivers.errors import BadFrame, LineError, NoResponse
from drivers.panels.panel import Panel
from drivers.reading import Reading

OWED_S = 0.5


class PanelPoller:
    """One panel, one line, one loop."""

    def __init__(self, plan: LinePlan, panel: Panel, host: Host, sink: Sink) -> None:
        self.plan = plan
        self.panel = panel
        self.progress = Progress(loop_s())
        self.roll = Roll(plan, sink)
        self._unit = plan.units[0].id
        self._random = host.random
        self._sink = sink
        self._reopen_s = 0.0

    async def run(self) -> None:
        """Listen for ever; ends only by cancellation, and then nobody answers the panel any more."""
        try:
            while True:
                self.progress.at_s = loop_s()
                await self._listen()
        finally:
            await self.panel.aclose()

    async def _listen(self) -> None:
        try:
            readings = await self.panel.poll()
        except LineError as error:
            await self._line_gone(str(error))
        except (NoResponse, BadFrame) as error:
            await self.roll.missed(self._unit, str(error))
        else:
            self._reopen_s = 0.0
            await self.roll.answered(self._unit)
            await self._store(readings)

    async def _store(self, readings: Sequence[Reading]) -> None:
        """Also of nothing: the panel was heard. The next poll acknowledges these: none while the disk refuses."""
        await self._sink.accept(self._unit, readings)
        while self._sink.owes(self._unit):
            self.progress.at_s = loop_s()
            await asyncio.sleep(OWED_S)

    async def _line_gone(self, cause: str) -> None:
        await self.roll.missed(self._unit, cause)
        self._reopen_s = reopen_after_s(self._reopen_s)
        await asyncio.sleep(self._reopen_s * (0.8 + 0.4 * self._random.random()))
