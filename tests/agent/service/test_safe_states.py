"""A module that would not fall back by itself is told once, and once when it would again."""

import asyncio
from collections.abc import Iterable, Mapping

from agent.polling.presets import RETRY_S
from agent.service.journal import Journal, Note
from agent.service.safe_states import LOOK_S, SafeStates
from tests.agent.polling.bench import PROFILES, Bench, on_a_bench
from tests.agent.polling.test_switches import polled

SETTLED_S = 6.0


class Noted(Journal):
    """A journal whose disk may refuse."""

    def __init__(self) -> None:
        self.refuses = False
        self.events: list[str] = []

    async def note(self, events: Iterable[Note], states: Mapping[str, str]) -> bool:
        if not self.refuses:
            self.events += [f"{event} {fields['unit']}" for event, _, fields in events]
        return not self.refuses


def test_it_is_told_once_though_the_disk_refused_at_first_and_once_when_it_is_over() -> None:
    async def story(bench: Bench) -> None:
        journal = Noted()
        journal.refuses = True
        watching = asyncio.create_task(SafeStates([bench.poller], journal).run())
        async with polled(bench):
            await asyncio.sleep(SETTLED_S)
            assert journal.events == []
            journal.refuses = False
            await asyncio.sleep(RETRY_S + SETTLED_S)
            assert journal.events == ["unit.unsafe u3"]
            bench.units["u3"].set("safety_enabled", True)
            await asyncio.sleep(RETRY_S + SETTLED_S + LOOK_S)
            assert journal.events == ["unit.unsafe u3", "unit.safe u3"]
        watching.cancel()

    on_a_bench(story, units=3, relays=1, relay_profile=PROFILES["adam_40xx_60xx"], safe_state=True)
