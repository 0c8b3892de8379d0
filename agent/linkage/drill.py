"""A drill that holds outputs: what is security must not act, and what it was pressed for is over then. Pure."""

from dataclasses import replace

from agent.language import later
from agent.linkage.effects import GUARDED
from agent.linkage.model import AtLeast, Decision, Matrix

DRILL = later("a drill holds the effects of security")
ALWAYS = AtLeast(0, ())  # of nothing, nothing is enough


def held(matrix: Matrix) -> Matrix:
    """The same matrix, its effects of security barred."""
    effects = (replace(one, unless=ALWAYS) if one.priority == "security" else one for one in matrix.effects)
    return replace(matrix, effects=tuple(effects))


def in_drill(matrix: Matrix, decision: Decision) -> Decision:
    """Says that it is the drill that bars them."""
    security = {effect.id for effect in matrix.effects if effect.priority == "security"}
    effects = {
        name: replace(one, why=DRILL) if name in security and one.why == GUARDED else one
        for name, one in decision.memory.effects.items()
    }
    changes = (
        replace(one, why=DRILL) if one.effect in security and one.why == GUARDED else one
        for one in decision.changes
    )
    return replace(decision, memory=replace(decision.memory, effects=effects), changes=tuple(changes))
