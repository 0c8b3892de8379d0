"""Linkage's words: what is seen, remembered and decided. Plain data; times are loop seconds.

What is configured is in agent/matrix.py, where the site has it from; here it is named again for who decides.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from agent.alarms.model import Since
from agent.matrix import Alarm as Alarm
from agent.matrix import AtLeast as AtLeast
from agent.matrix import Cause as Cause
from agent.matrix import Contact as Contact
from agent.matrix import Effect as Effect
from agent.matrix import Feedback as Feedback
from agent.matrix import Fire as Fire
from agent.matrix import FireSources as FireSources
from agent.matrix import Hold as Hold
from agent.matrix import Matrix as Matrix
from agent.matrix import Movement as Movement
from agent.matrix import Named as Named
from agent.matrix import Not as Not
from agent.matrix import OutputName as OutputName
from agent.matrix import Priority as Priority
from agent.matrix import Target as Target

Truth = bool | None
"""None: nobody can tell (lost, not heard, not to be believed)."""

State = Literal["idle", "pending", "active", "latched", "spent", "blocked"]


@dataclass(frozen=True, slots=True)
class View:
    """All that is known of the site now.

    `active`: by device, the keys of its conditions that are there or latched and not set aside. `unknown`: devices
    that could have more, since they are lost, not heard yet or not to be believed; `aside`: by device, the keys
    that a person has taken out of service, which count as not there. `contacts`: points as they read.
    """

    active: Mapping[str, frozenset[str]] = field(default_factory=dict)
    unknown: frozenset[str] = frozenset()
    aside: Mapping[str, frozenset[str]] = field(default_factory=dict)
    contacts: Mapping[OutputName, bool | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Reset:
    """Who released an effect last, why and when."""

    person: str
    reason: str
    at: Since


@dataclass(frozen=True, slots=True)
class EffectMemory:
    """How an effect stands since `since_s`; `began_s`: since when its cause asks for it; `why` it is blocked."""

    state: State = "idle"
    since_s: float = 0.0
    began_s: float | None = None
    since: Since | None = None
    why: str = ""
    reset: Reset | None = None

    @property
    def acting(self) -> bool:
        """It wishes its outputs."""
        return self.state in ("active", "latched")


@dataclass(frozen=True, slots=True)
class Memory:
    """All that is remembered: effects by id, and when each output was last wished."""

    effects: Mapping[str, EffectMemory] = field(default_factory=dict)
    wished_s: Mapping[OutputName, float] = field(default_factory=dict)

    def of(self, effect: str) -> EffectMemory:
        """One effect; idle where nothing is known of it."""
        return self.effects.get(effect, EffectMemory())


@dataclass(frozen=True, slots=True)
class OutputWish:
    """What an output shall be, and whose wish it is; `opposites` are to be off first."""

    value: bool
    pulse_s: float | None
    one_shot: bool
    effect: str
    priority: Priority
    opposites: tuple[OutputName, ...] = ()
    feedback: Feedback | None = None


@dataclass(frozen=True, slots=True)
class EffectChange:
    """An effect stands otherwise than before."""

    effect: str
    before: State
    after: State
    why: str = ""


@dataclass(frozen=True, slots=True)
class Decision:
    """What follows: outputs that are wished (the others rest), wishes held back and why, when to look again."""

    memory: Memory
    outputs: Mapping[OutputName, OutputWish] = field(default_factory=dict)
    held_back: Mapping[OutputName, str] = field(default_factory=dict)
    changes: tuple[EffectChange, ...] = ()
    due_s: float | None = None
