"""Who is to be told of what stands still, and by which channel: each once; pure."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from agent.school import Responsible


@dataclass(frozen=True, slots=True)
class Due:
    """A step of the chain whose time has come; `number` counts from 1."""

    number: int
    who: Responsible

    @property
    def mark(self) -> str:
        """What is remembered of it, so that it is told once."""
        return mark_of(self.who)


def mark_of(who: Responsible) -> str:
    """Names a step of the chain; it outlives another order of the steps."""
    return f"{who.role}/{who.name}/{who.after_s:g}"


def due(chain: Sequence[Responsible], told: Collection[str], waited_s: float) -> tuple[Due, ...]:
    """The steps that have come, and are not told yet."""
    return tuple(
        Due(number, who)
        for number, who in enumerate(chain, 1)
        if who.after_s <= waited_s and mark_of(who) not in told
    )


def next_s(chain: Sequence[Responsible], told: Collection[str], waited_s: float) -> float | None:
    """How long until the next step comes; None: none will."""
    waits = [who.after_s - waited_s for who in chain if mark_of(who) not in told]
    return max(0.0, min(waits)) if waits else None
