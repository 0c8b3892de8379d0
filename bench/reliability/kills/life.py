"""When a life of the gateway ends: every part of it has its turn, from the first import to the last goodbye."""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from bench.reliability.kills.victim import Victim

Phase = Literal["starting", "young", "grown", "stopping"]

SHARES: dict[Phase, float] = {"starting": 0.3, "young": 0.35, "grown": 0.2, "stopping": 0.15}
SPANS: dict[Phase, tuple[float, float]] = {
    "starting": (0.0, 1.2),  # of the time that a start takes: the import, the store's check, the first questions
    "young": (0.0, 0.4),  # s after READY: connecting, birth, sending what an earlier life has left behind
    "grown": (0.4, 1.2),
    "stopping": (0.0, 0.06),  # s after SIGTERM: the last is written, the goodbye said, the store closed
}
BROKER_EVERY = 50  # each so many-th time mosquitto is killed in the same instant


@dataclass(frozen=True, slots=True)
class Life:
    """Ends `after` into its phase (a share of a start, else seconds). Asked to stop `lived_s` after READY."""

    number: int
    phase: Phase
    after: float
    lived_s: float
    with_broker: bool

    def __str__(self) -> str:
        broker = ", the broker too" if self.with_broker else ""
        return f"kill {self.number} ({self.phase}, {self.after:.3f}{broker})"


def lives(seed: int) -> Iterator[Life]:
    """For ever, and the same again for the same seed."""
    dice = random.Random(f"lives {seed}")
    number = 0
    while True:
        number += 1
        (phase,) = dice.choices(list(SHARES), list(SHARES.values()))
        after, lived_s = dice.uniform(*SPANS[phase]), dice.uniform(*SPANS["young"])
        yield Life(number, phase, after, lived_s, number % BROKER_EVERY == 0)


async def live(victim: Victim, life: Life) -> None:
    """One life from its start up to the instant of the kill; raises NotStarted."""
    await victim.start()
    if life.phase == "starting":
        await victim.lives(life.after * victim.usual_start_s)
        return
    await victim.ready()
    await victim.lives(life.lived_s if life.phase == "stopping" else life.after)
    if life.phase == "stopping":
        await victim.ends(life.after)
