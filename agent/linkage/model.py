"""Cause and effect: what is configured, remembered and decided. Plain data; times are loop seconds."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from agent.alarms.model import Motion, Since

Truth = bool | None
"""None: nobody can tell (lost, not heard, not to be believed)."""

Priority = Literal["life", "security", "notify"]
State = Literal["idle", "pending", "active", "latched", "spent", "blocked"]
Hold = Literal["reset", "cause", "time"]
Movement = Literal["opens", "closes", ""]
OutputName = tuple[str, str]
"""Unit and point."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """A device's condition is there, or latched; `key` may name a panel's address, else it counts at any."""

    device: str
    key: str


@dataclass(frozen=True, slots=True)
class Contact:
    """A point reads so."""

    unit: str
    point: str
    value: bool = True


@dataclass(frozen=True, slots=True)
class AtLeast:
    """So many of these at once: 1 is any, as many as there are is all."""

    count: int
    of: tuple["Cause", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """It is known not to be so."""

    of: "Cause"


@dataclass(frozen=True, slots=True)
class Named:
    """A cause by the name that people gave it."""

    name: str
    of: "Cause"


@dataclass(frozen=True, slots=True)
class FireSources:
    """What tells of a fire: detectors, manual call points, panels with the addresses that are call points."""

    detectors: tuple[Alarm, ...] = ()
    call_points: tuple[Alarm, ...] = ()
    panels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Fire:
    """A fire; `confirmed`: by two devices that do not depend on each other, or one call point (GB 50116 4.1.6)."""

    sources: FireSources
    confirmed: bool


Cause = Alarm | Contact | AtLeast | Not | Named | Fire


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
class Feedback:
    """What confirms that an effect has happened: a device's motion, or a point's value."""

    device: str = ""
    motion: Motion | None = None
    contact: Contact | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """An output and what it shall be.

    `opposites` must be off before it is on. `clear`: must all be so before something closes. `pulse_s`: the module
    times it; `one_shot`: it is sent once, else for as long as it is wished.
    """

    output: OutputName
    value: bool = True
    device: str = ""
    moves: Movement = ""
    escape_route: bool = False
    pulse_s: float | None = None
    one_shot: bool = False
    opposites: tuple[OutputName, ...] = ()
    clear: tuple[Contact, ...] = ()
    feedback: Feedback | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """What follows from a cause; `by_default`: nobody wrote it, the site has it since it has linkage."""

    id: str
    cause: Cause
    targets: tuple[Target, ...]
    priority: Priority
    delay_s: float = 0.0
    hold: Hold = "cause"
    for_s: float = 0.0
    only_if: Cause | None = None
    unless: Cause | None = None
    opt_in: bool = False
    by_default: bool = False


@dataclass(frozen=True, slots=True)
class Matrix:
    """All effects; `pause_s`: between opposite commands of a device; `dry_run`: it tells, and commands nothing."""

    effects: tuple[Effect, ...]
    fire: FireSources
    causes: Mapping[str, Cause] = field(default_factory=dict)
    pause_s: float = 4.0
    dry_run: bool = False


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
