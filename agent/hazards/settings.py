"""What the configuration says of hazards and of escalation."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.hazards.rules import DAY_S, RuleBook
from agent.school import Responsible

KEPT_MOST = 5000
REOPEN_WITHIN_S = 7 * DAY_S
SHOWN_S = 30 * DAY_S


@dataclass(frozen=True, slots=True)
class HazardSettings:
    """The rules; how many hazards are kept; how soon after its closing a hazard that comes again is the same one.

    `shown_s`: so long after its closing it still stands at the broker.
    """

    book: RuleBook
    kept_most: int = KEPT_MOST
    reopen_within_s: float = REOPEN_WITHIN_S
    shown_s: float = SHOWN_S


@dataclass(frozen=True, slots=True)
class Escalation:
    """By an alarm's priority, who is told of it while nobody acknowledges it."""

    chains: Mapping[int, tuple[Responsible, ...]] = field(default_factory=dict)
