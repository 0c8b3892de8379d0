"""One case from beginning to end: buttons are pressed before, while and after the fault; all must arrive."""

import asyncio
import re
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.endurance.claims import Claim, none_of
from bench.reliability.brokers.cases import Case
from bench.reliability.brokers.place import Place, open_place
from bench.waiting import POLL_S, comes
from simulators.demo.school import running

CALM_S = 2.0  # before the fault, and after it
ARRIVES_S = 120.0  # a record that was put off in a fault, or waits for the platform's word, is sent again by then


@dataclass(frozen=True, slots=True)
class Played:
    """What came of a case; `named` is the line of `status` that did, `late_s` passed until all had arrived."""

    case: Case
    named: str
    changes: int
    missing: Counter[str]
    uncalled: Counter[str]
    gaps: list[str]
    unreadable: list[str]
    open_accounts: list[str]
    duplicates: int
    late_s: float

    def claims(self) -> Iterator[Claim]:
        """What must hold."""
        name = self.case.name
        yield none_of(f"{name}: changes lost or late by more than {ARRIVES_S:g} s", self.missing.items())
        yield none_of(f"{name}: changes that nobody made, gaps, unreadable, open accounts", self._wrong)
        yield Claim(f"{name}: in `campusgw status`", self.case.named, self.named or "not named", bool(self.named))

    @property
    def _wrong(self) -> list[str]:
        return [*map(str, self.uncalled.items()), *self.gaps, *self.unreadable, *self.open_accounts]


async def play(case: Case, seed: int) -> Played:
    """Play it in a directory of its own; raises BenchError, ChildFailed where it cannot be."""
    confirmed_by = "platform" if case.platform_confirms else "broker"
    with tempfile.TemporaryDirectory(prefix="campusgw-broker-") as directory:
        async with open_place(Path(directory), case.way, confirmed_by, seed) as place:
            async with running(place.press()):
                await asyncio.sleep(CALM_S)
                named = await _suffer(case, place)
                await asyncio.sleep(CALM_S)
            began_s = asyncio.get_running_loop().time()
            await comes(place.all_arrived, ARRIVES_S)
            return await _played(case, place, named, asyncio.get_running_loop().time() - began_s)


async def _suffer(case: Case, place: Place) -> str:
    """The fault lasts, and ends; returns what status called it."""
    async with running(_watch(case.named, place)) as watching:
        async with running(case.begin(place)):
            await asyncio.sleep(case.lasts_s)
        await case.end(place)
        return watching.result() if watching.done() else ""


async def _watch(named: str, place: Place) -> str:
    while True:
        for line in (await place.status()).splitlines():
            if re.search(named, line):
                return line.strip()
        await asyncio.sleep(POLL_S)


async def _played(case: Case, place: Place, named: str, late_s: float) -> Played:
    lanes = await place.gateway.lanes()
    return Played(
        case,
        named,
        place.pressed.total(),
        place.pressed - place.heard,
        place.heard - place.pressed,
        [str(gap) for gap in place.platform.gaps()],
        place.ear.unreadable,
        [f"{name}: {lane}" for name, lane in lanes.items() if not _closes(lane)] if lanes else ["no heartbeat"],
        place.platform.duplicates,
        late_s,
    )


def _closes(lane: dict[str, int]) -> bool:
    return lane["accepted"] == lane["confirmed"] + lane["depth"] + lane["dropped"]
