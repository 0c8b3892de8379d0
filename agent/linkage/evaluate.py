"""From what is seen to what the outputs shall be: (matrix, memory, view, now) → decision. Pure.

Called twice with the same it gives the same; called again with the old memory it decides the same again.
"""

from dataclasses import replace

from agent.alarms.model import Since
from agent.errors import OrderRefused
from agent.linkage.arbitrate import arbitrate, remembered
from agent.linkage.effects import due_s, step
from agent.linkage.model import (
    Decision,
    Effect,
    EffectChange,
    EffectMemory,
    Fire,
    Matrix,
    Memory,
    Reset,
    Truth,
    View,
)
from agent.linkage.truth import fires_in, truth
from agent.records import Instant
from drivers.said import nearest


def decide(matrix: Matrix, memory: Memory, view: View, now: Instant) -> Decision:
    """What follows now: what saves lives is decided first, since the rest gives way to it."""
    effects = dict[str, EffectMemory]()
    for life_first in (True, False):
        fire = any_fire(matrix, Memory(effects), view)
        for effect in matrix.effects:
            if (effect.priority == "life") is life_first:
                effects[effect.id] = step(effect, memory.of(effect.id), view, fire, now)
    fire = any_fire(matrix, Memory(effects), view)
    after = replace(memory, effects=effects)
    found = arbitrate(matrix, after, fire, now.monotonic_s)
    dues = [due_s(effect, effects[effect.id]) for effect in matrix.effects]
    return Decision(
        remembered(after, found.outputs, now.monotonic_s),
        found.outputs,
        found.held_back,
        tuple(_changes(matrix, memory, after)),
        min((due for due in (found.due_s, *dues) if due is not None and due > now.monotonic_s), default=None),
    )


def any_fire(matrix: Matrix, memory: Memory, view: View) -> Truth:
    """A single detector is enough, and so is an effect of fire that waits or acts: fire wins until it is reset."""
    if any(memory.of(one.id).state in ("pending", "active", "latched") for one in matrix.effects if of_fire(one)):
        return True
    return truth(Fire(matrix.fire, confirmed=False), view)


def of_fire(effect: Effect) -> bool:
    """It saves lives when there is a fire."""
    return effect.priority == "life" and any(fires_in(effect.cause))


def reset(matrix: Matrix, memory: Memory, view: View, order: Reset, effect_id: str) -> Memory:
    """Somebody releases an effect; raises OrderRefused. Its outputs rest then: nothing closes by it."""
    effect = _effect(matrix, effect_id)
    if not order.person.strip():
        raise OrderRefused("an order needs the name of the person who gives it")
    before = memory.of(effect_id)
    if before.state == "idle":
        raise OrderRefused("{effect} is idle: there is nothing to reset", effect=effect_id)
    if truth(effect.cause, view):
        raise OrderRefused("the cause of {effect} stands: reset its alarms first", effect=effect_id)
    if of_fire(effect) and truth(Fire(matrix.fire, confirmed=False), view):
        raise OrderRefused("a fire alarm still stands: reset it before {effect}", effect=effect_id)
    after = EffectMemory(since_s=order.at.monotonic_s or before.since_s, since=order.at, reset=order)
    return replace(memory, effects={**memory.effects, effect_id: after})


def reset_order(person: str, reason: str, at: Instant) -> Reset:
    """Who resets, and when."""
    return Reset(person, reason, Since(at.utc_s, at.clock, at.monotonic_s))


def _effect(matrix: Matrix, given: str) -> Effect:
    known = {effect.id: effect for effect in matrix.effects}
    if given in known:
        return known[given]
    names = ", ".join(known)
    if (near := nearest(given, known)) is None:
        raise OrderRefused("no effect {name}; known: {known}", name=repr(given), known=names)
    raise OrderRefused(
        "no effect {name}; did you mean {near}? Known: {known}", name=repr(given), near=repr(near), known=names
    )


def _changes(matrix: Matrix, before: Memory, after: Memory) -> list[EffectChange]:
    pairs = ((one.id, before.of(one.id), after.of(one.id)) for one in matrix.effects)
    return [
        EffectChange(name, was.state, now.state, now.why) for name, was, now in pairs if was.state != now.state
    ]
