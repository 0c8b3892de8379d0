"""Cause and effect as they are configured: causes, effects, their outputs. Plain frozen data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from agent.alarms.model import Motion

Priority = Literal["life", "security", "notify"]
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
