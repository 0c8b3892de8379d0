"""Bugs planted into linkage, each with the law that must catch it."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from agent.linkage import arbitrate, effects, evaluate, memory, truth
from agent.linkage.model import Effect, EffectMemory, Matrix, Memory, Reset, View
from tests.agent.linkage import laws, world

Mutant = Callable[[], contextlib.AbstractContextManager[None]]


def _patched(owner: object, name: str, instead: object) -> Mutant:
    @contextlib.contextmanager
    def planted() -> Iterator[None]:
        with patch.object(owner, name, instead):
            yield

    return planted


def _unbarred(*reasons: str) -> Mutant:
    """As if these reasons were none."""
    barred = effects.barred
    return _patched(effects, "barred", lambda *given: "" if (why := barred(*given)) in reasons else why)


def _opted_in() -> Mutant:
    """As if every site had opted in."""
    barred = effects.barred

    def careless(effect: Effect, *rest: Any) -> str:
        return barred(replace(effect, opt_in=True), *rest)

    return _patched(effects, "barred", careless)


def _held_while_cause() -> Mutant:
    """What is latched goes when its cause goes."""
    acting = effects._acting

    def forgetful(effect: Effect, *rest: Any) -> object:
        return acting(replace(effect, hold="cause"), *rest)

    return _patched(effects, "_acting", forgetful)


def _single_confirms() -> Mutant:
    """One detector is enough."""
    fire = truth._fire
    return _patched(truth, "_fire", lambda sources, view, _devices: fire(sources, view, 1))


def _reset_whenever() -> Mutant:
    """Somebody may reset while it burns."""

    def careless(matrix: Matrix, memory: Memory, view: View, order: Reset, effect: str) -> Memory:
        life = any(one.id == effect and one.priority == "life" for one in matrix.effects)
        return evaluate.reset(matrix, memory, View() if life else view, order, effect)

    return _patched(world, "reset", careless)


def _pause_for_all() -> Mutant:
    """What saves lives waits for the pause too."""

    def patient(wish: Any, memory: Memory, pause_s: float) -> float:
        opposites = wish.target.opposites
        return max((memory.wished_s[one] + pause_s for one in opposites if one in memory.wished_s), default=0.0)

    return _patched(arbitrate, "_pause_s", patient)


def _forgotten() -> Mutant:
    """A restart forgets what saves lives."""

    def forgetful(matrix: Matrix, text: str, now_s: float) -> Memory:
        kept = memory.memory_from_json(matrix, text, now_s)
        others = {effect.id for effect in matrix.effects if effect.priority != "life"}
        return replace(kept, effects={name: one for name, one in kept.effects.items() if name in others})

    return _patched(world, "memory_from_json", forgetful)


def _resumes_security() -> Mutant:
    """A restart goes on where it was, with what closes too."""
    return _patched(memory, "_resumed", lambda _effect, state, why: (state, why))


def _spent_by_fire_only_for_its_time() -> Mutant:
    """What fire has held back acts once the fire is reset."""
    asking = effects._asking

    def patient(effect: Effect, before: EffectMemory, bar: str, now_s: float) -> object:
        return asking(effect, replace(before, state="idle", why=""), bar, now_s)

    return _patched(effects, "_asking", patient)


def _dark_ends_delays() -> Mutant:
    """A detector lost within the delay ends it."""
    return _patched(effects, "_keeps", lambda _effect, _found: False)


MUTANTS: dict[str, tuple[Mutant, str]] = {
    "fire does not hold back what closes": (
        _unbarred(effects.FIRE, effects.FIRE_UNKNOWN),
        laws.security_acts_only_when_all_is_known_to_be_well.__name__,
    ),
    "an unknown fire counts as none": (
        _unbarred(effects.FIRE_UNKNOWN),
        laws.security_acts_only_when_all_is_known_to_be_well.__name__,
    ),
    "an occupied loop counts as clear": (
        _unbarred(effects.NOT_CLEAR),
        laws.security_acts_only_when_all_is_known_to_be_well.__name__,
    ),
    "an unknown loop counts as clear": (
        _unbarred(effects.CLEAR_UNKNOWN),
        laws.security_acts_only_when_all_is_known_to_be_well.__name__,
    ),
    "nobody asks whether the site has opted in": (
        _opted_in(),
        laws.security_acts_only_when_all_is_known_to_be_well.__name__,
    ),
    "a fire's effect goes with its cause": (
        _held_while_cause(),
        laws.a_fire_once_begun_is_ended_by_a_person_only.__name__,
    ),
    "a restart forgets fires": (
        _forgotten(),
        laws.a_fire_once_begun_is_ended_by_a_person_only.__name__,
    ),
    "a single detector confirms a fire": (_single_confirms(), laws.a_single_detector_opens_nothing.__name__),
    "a reset is taken while it burns": (_reset_whenever(), laws.no_reset_while_a_fire_stands.__name__),
    "what a fire has held back acts after the reset": (
        _spent_by_fire_only_for_its_time(),
        laws.neither_reset_nor_restart_closes_anything.__name__,
    ),
    "a restart presses the closing relay again": (
        _resumes_security(),
        laws.neither_reset_nor_restart_closes_anything.__name__,
    ),
    "the dark ends a delay of fire": (
        _dark_ends_delays(),
        laws.a_fire_once_begun_is_ended_by_a_person_only.__name__,
    ),
    "opposites are not told apart": (
        _patched(arbitrate, "_outranked", lambda *_: ""),
        laws.no_output_and_its_opposite_at_once.__name__,
    ),
    "there is no pause": (
        _patched(arbitrate, "_pause_s", lambda *_: 0.0),
        laws.opposite_commands_keep_their_pause.__name__,
    ),
    "fire waits for the pause": (_pause_for_all(), laws.a_confirmed_fire_opens_within_its_delay.__name__),
}
