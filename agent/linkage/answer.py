"""What is told of linkage at a terminal and in reports: every effect, every output, and why. Plain data."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from agent.linkage.model import (
    Alarm,
    AtLeast,
    Cause,
    Contact,
    Decision,
    Effect,
    Fire,
    Matrix,
    Named,
    Not,
    OutputName,
    Priority,
    State,
    Truth,
    View,
)
from agent.linkage.truth import FIRE, truth


@dataclass(frozen=True, slots=True)
class CauseSeen:
    """A cause and what it is now; `said` is how the configuration writes it."""

    said: str
    value: Truth
    of: tuple["CauseSeen", ...] = ()


@dataclass(frozen=True, slots=True)
class ResetSeen:
    """Who released an effect, why and when."""

    person: str
    reason: str
    utc_s: float


@dataclass(frozen=True, slots=True)
class OutputSeen:
    """An output of an effect: what it shall be by it, who has it, why not this one, how it was fed back.

    `commanded`, `confirmed` and `fault` are None where nobody has commanded anything.
    """

    output: str
    device: str
    moves: str
    value: bool
    winner: str
    held_back: str
    escape_route: bool
    commanded: bool | None = None
    confirmed: bool | None = None
    fault: str | None = None


@dataclass(frozen=True, slots=True)
class EffectSeen:
    """An effect with everything that explains it."""

    id: str
    priority: Priority
    state: State
    why: str
    since_utc_s: float | None
    delay_s: float
    hold: str
    by_default: bool
    cause: CauseSeen
    only_if: CauseSeen | None
    unless: CauseSeen | None
    outputs: tuple[OutputSeen, ...]
    reset: ResetSeen | None = None


@dataclass(frozen=True, slots=True)
class LinkageAnswer:
    """All of it; `fire` and `fire_confirmed` now, None where nobody can tell."""

    fire: Truth
    fire_confirmed: Truth
    dry_run: bool
    effects: tuple[EffectSeen, ...]


@dataclass(frozen=True, slots=True)
class Switched:
    """What became of an output: whoever executes the decision says it."""

    commanded: bool | None
    confirmed: bool | None
    fault: str | None = ""


NOBODY = Switched(None, None, None)


def answer_of(
    matrix: Matrix, decision: Decision, view: View, switched: Mapping[OutputName, Switched] | None = None
) -> LinkageAnswer:
    """What is told now."""
    seen = (_effect(effect, decision, view, switched or {}) for effect in matrix.effects)
    fire, confirmed = Fire(matrix.fire, confirmed=False), Fire(matrix.fire, confirmed=True)
    return LinkageAnswer(truth(fire, view), truth(confirmed, view), matrix.dry_run, tuple(seen))


def explained(cause: Cause, view: View) -> CauseSeen:
    """The tree of a cause, with the value of each of its leaves."""
    match cause:
        case AtLeast(_, of):
            below = tuple(explained(one, view) for one in of)
        case Not(of):
            below = (explained(of, view),)
        case Named(_, of):
            below = (explained(of, view),)
        case Fire():
            below = tuple(_sources(cause, view))
        case _:
            below = ()
    return CauseSeen(said(cause), truth(cause, view), below)


def said(cause: Cause) -> str:
    """A cause as the configuration writes it, without what is below it."""
    match cause:
        case Alarm(device, key):
            return f"{device}.{key}"
        case Contact(unit, point, value):
            return f"{unit}.{point} is {str(value).lower()}"
        case AtLeast(count, of):
            return "any" if count == 1 else "all" if count == len(of) else f"at_least {count}"
        case Not():
            return "not"
        case Named(name, _):
            return name
        case Fire(_, confirmed):
            return "fire_confirmed" if confirmed else "fire_any"


def output_name(output: OutputName) -> str:
    """`unit.point`."""
    return ".".join(output)


def _sources(fire: Fire, view: View) -> Iterable[CauseSeen]:
    """Detectors and call points one by one; of a panel, which of its addresses burn."""
    alarms = [*fire.sources.call_points, *fire.sources.detectors]
    yield from (explained(alarm, view) for alarm in dict.fromkeys(alarms))
    for panel in fire.sources.panels:
        burning = sorted(key for key in view.active.get(panel, ()) if key.rpartition("/")[2] == FIRE)
        yield CauseSeen(
            f"{panel}.{FIRE}",
            truth(Alarm(panel, FIRE), view),
            tuple(CauseSeen(f"{panel}.{key}", True) for key in burning),
        )


def _effect(effect: Effect, decision: Decision, view: View, switched: Mapping[OutputName, Switched]) -> EffectSeen:
    now = decision.memory.of(effect.id)
    reset = now.reset
    return EffectSeen(
        effect.id,
        effect.priority,
        now.state,
        now.why,
        None if now.since is None else now.since.utc_s,
        effect.delay_s,
        f"{effect.for_s:g} s" if effect.hold == "time" else effect.hold,
        effect.by_default,
        explained(effect.cause, view),
        None if effect.only_if is None else explained(effect.only_if, view),
        None if effect.unless is None else explained(effect.unless, view),
        tuple(_outputs(effect, decision, switched)),
        None if reset is None else ResetSeen(reset.person, reset.reason, reset.at.utc_s),
    )


def _outputs(effect: Effect, decision: Decision, switched: Mapping[OutputName, Switched]) -> Iterable[OutputSeen]:
    acting = decision.memory.of(effect.id).acting
    for target in effect.targets:
        wish, became = decision.outputs.get(target.output), switched.get(target.output, NOBODY)
        yield OutputSeen(
            output_name(target.output),
            target.device,
            target.moves,
            target.value,
            "" if wish is None else wish.effect,
            decision.held_back.get(target.output, "") if acting else "",
            target.escape_route,
            became.commanded,
            became.confirmed,
            became.fault,
        )
