"""Whether modules would fall back by themselves as they should: told when one would not, or would again."""

import asyncio
import logging
from collections.abc import Iterable

from agent.polling.modbus_poller import ModbusPoller
from agent.service.journal import Journal, Note
from agent.service.line_sight import Poller
from agent.service.room import Room

log = logging.getLogger(__name__)

LOOK_S = 2.0


class SafeStates:
    """Looks at what the pollers found."""

    def __init__(self, pollers: Iterable[Poller], journal: Journal) -> None:
        self._pollers = [poller for poller in pollers if isinstance(poller, ModbusPoller)]
        self._journal = journal
        self._told: dict[str, str] = {}

    def room(self) -> Room:
        """What the gateway gets of it."""
        return Room({"safe states": self.run})

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(LOOK_S)

    async def look(self) -> None:
        """Another cause in between is no news; what the disk refuses is told with the next look."""
        found = {unit: cause for poller in self._pollers for unit, cause in poller.presets.faults.items()}
        news = [*map(_unsafe, found.items() - self._told.items()), *map(_safe, self._told.keys() - found.keys())]
        news = [note for note in news if note[0] == "unit.safe" or note[2]["unit"] not in self._told]
        if not news or await self._journal.note(news, {}):
            for note in news:
                log.warning("%s", note[1])
            self._told = found


def _unsafe(fault: tuple[str, str]) -> Note:
    unit, cause = fault
    return "unit.unsafe", f"{unit} would not fall back by itself: {cause}", {"unit": unit, "cause": cause}


def _safe(unit: str) -> Note:
    return "unit.safe", f"{unit} would fall back by itself again", {"unit": unit}
