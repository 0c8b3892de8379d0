"""On, some work, power cut; on again: is everything there that was accepted?"""

import asyncio
import random
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field

from bench.reliability.powercut.account import Kept, Words
from bench.reliability.powercut.image import Image
from bench.reliability.powercut.machine import Disk, Machine
from bench.reliability.powercut.volatile import Remains
from bench.reliability.powercut.world import World, world

BOOT_S = 200.0  # translated, on a machine that has other things to do
QUIET_S = 30.0  # what has not come, and nothing of it came for so long, is lost
WORK_S = (1.0, 5.0)
ALONE_S = (0.3, 3.0)  # the broker is out of reach for so long before the cut …
ALONE = 0.75  # … in so many of the cuts
POLL_S = 0.02
SOUND = (0, 1)  # e2fsck -p: nothing to do, or it has done it

Told = Callable[[int, str], None]


class NotStarted(Exception):
    """It did not come up after a cut: stop, and show the image."""


@dataclass(frozen=True, slots=True)
class Cut:
    """One cut, and what there was at it."""

    boot_s: float
    accepted: int
    waiting: int
    remains: Remains


@dataclass(slots=True)
class Played:
    """All cuts of one disk."""

    cuts: list[Cut] = field(default_factory=list)
    lost: list[Kept] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    twice: list[str] = field(default_factory=list)
    not_started: list[str] = field(default_factory=list)
    accepted: int = 0
    repeated: int = 0
    careless: list[bool] = field(default_factory=list)

    @property
    def failed(self) -> bool:
        """Something is wrong after the last cut."""
        return bool(self.lost or self.gaps or self.twice or self.not_started)


@dataclass(frozen=True, slots=True)
class Rounds:
    """Plays on one disk, in one world; ends with the first cut that cost something."""

    image: Image
    disk: Disk
    synchronous: str
    dice: random.Random
    told: Told

    async def play(self, cuts: int) -> Played:
        """So many cuts, and a boot after the last."""
        self.disk.make()
        played = Played()
        async with world(self.disk.directory, self.dice) as around:
            for number in range(cuts + 1):
                machine = Machine(self.image, self.disk, number)
                try:
                    await self._boot(machine, around, played, cut=number < cuts)
                finally:
                    await machine.off()
                if played.failed:
                    break
                self.told(len(played.cuts), f"{len(around.account.accepted)} accepted")
            played.accepted = len(around.account.accepted)
            played.repeated = around.platform.duplicates
        return played

    async def _boot(self, machine: Machine, around: World, played: Played, *, cut: bool) -> None:
        """From power on to the cut, unless what was before is not all there."""
        words, began_s = Words(machine.said), _now()
        before = set(around.account.accepted)
        await around.gate.open()
        await machine.start({**around.environment, "SYNCHRONOUS": self.synchronous})
        try:
            await self._started(machine, words, around)
        except NotStarted as error:
            played.not_started.append(str(error))
            return
        boot_s = _now() - began_s
        played.careless.append(words.careless)
        await self._caught_up(before, words, around, played)
        if cut and not played.failed:
            played.cuts.append(await self._cut(machine, words, around, boot_s))

    async def _started(self, machine: Machine, words: Words, around: World) -> None:
        """Until it has accepted something; raises NotStarted."""
        ends_s = _now() + BOOT_S
        while not words.accepted:
            words.listen(around.account)
            why = words.ended or machine.ended
            if words.checked is not None and words.checked not in SOUND:
                why = f"e2fsck -p ends with {words.checked}"
            if not why and _now() > ends_s:
                why = f"not up after {BOOT_S:g} s"
            if why:
                raise NotStarted(why)
            await asyncio.sleep(POLL_S)

    async def _caught_up(self, before: set[Kept], words: Words, around: World, played: Played) -> None:
        """Wait for everything that was accepted before this boot."""
        last, came_s = -1, _now()
        while True:
            words.listen(around.account)
            played.lost = [kept for kept in around.account.missing() if kept in before]
            played.gaps = _gaps(before, around)
            if (left := len(played.lost) + len(played.gaps)) != last:
                last, came_s = left, _now()
            if not left or _now() - came_s > QUIET_S:
                break
            await asyncio.sleep(POLL_S)
        played.twice = around.account.twice()

    async def _cut(self, machine: Machine, words: Words, around: World, boot_s: float) -> Cut:
        await asyncio.sleep(self.dice.uniform(*WORK_S))
        if self.dice.random() < ALONE:
            await around.gate.close()
            await asyncio.sleep(self.dice.uniform(*ALONE_S))
        remains = await machine.cut(self.dice)
        words.listen(around.account)
        shutil.copyfile(self.disk.image, self.disk.after_cut)
        return Cut(boot_s, words.accepted, len(around.account.missing()), remains)


def _gaps(before: set[Kept], around: World) -> list[str]:
    """What is missing of the sequences up to the last that was accepted before."""
    last: dict[str, int] = {}
    for kept in before:
        last[kept.series] = max(last.get(kept.series, 0), kept.sequence)
    return [str(gap) for gap in around.platform.gaps() if gap.first <= last.get(gap.store, 0)]


def _now() -> float:
    return asyncio.get_running_loop().time()
