"""One winner for every output: life before security before notify, opening before closing. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from agent.language import later
from agent.linkage.model import Effect, Matrix, Memory, Movement, OutputName, OutputWish, Priority, Target, Truth

RANK: Mapping[Priority, int] = {"life": 0, "security": 1, "notify": 2}
FREES: tuple[Movement, ...] = ("opens", "", "closes")
ESCAPE_FIRE = later("there is a fire, and people flee through it")
LIFE = later("what saves lives holds this device open")
OUTRANKED = later("{effect} outranks it")
PAUSE = later("the pause between opposite commands")


@dataclass(frozen=True, slots=True)
class Arbitration:
    """The winners, what was held back and why, and when a pause is over."""

    outputs: Mapping[OutputName, OutputWish]
    held_back: Mapping[OutputName, str]
    due_s: float | None


@dataclass(frozen=True, slots=True)
class _Wish:
    effect: Effect
    target: Target

    @property
    def rank(self) -> tuple[int, int, str]:
        """The lowest wins; of equals the one that opens, last what closes, then by name: never by chance."""
        return RANK[self.effect.priority], FREES.index(self.target.moves), self.effect.id


def arbitrate(matrix: Matrix, memory: Memory, fire: Truth, now_s: float) -> Arbitration:
    """Who has each output, of the effects that act; `fire`: whether there is any."""
    wishes = sorted(
        (
            _Wish(effect, target)
            for effect in matrix.effects
            if memory.of(effect.id).acting
            for target in effect.targets
        ),
        key=lambda wish: wish.rank,
    )
    freed = {w.target.device for w in wishes if w.effect.priority == "life" and w.target.moves == "opens"}
    outputs, held_back, dues = dict[OutputName, OutputWish](), dict[OutputName, str](), list[float]()
    for wish in wishes:
        output = wish.target.output
        why = _refused(wish, fire, freed) or _outranked(wish, outputs)
        until_s = _pause_s(wish, memory, matrix.pause_s)
        if not why and until_s > now_s:
            why = PAUSE
            dues.append(until_s)
        if why:
            held_back.setdefault(output, why)
        else:
            outputs[output] = _won(wish)
    kept = {output: why for output, why in held_back.items() if output not in outputs}
    return Arbitration(outputs, kept, min(dues, default=None))


def remembered(memory: Memory, outputs: Iterable[OutputName], now_s: float) -> Memory:
    """When each output was wished last: an opposite command waits for its pause from then."""
    return replace(memory, wished_s={**memory.wished_s, **dict.fromkeys(outputs, now_s)})


def _refused(wish: _Wish, fire: Truth, freed: set[str]) -> str:
    """What closes waits for nobody's life: the last word, whatever the effects themselves say."""
    if wish.target.moves != "closes":
        return ""
    if wish.target.escape_route and fire:
        return ESCAPE_FIRE
    return LIFE if wish.target.device in freed else ""


def _outranked(wish: _Wish, outputs: Mapping[OutputName, OutputWish]) -> str:
    """Somebody better has this output, or its opposite."""
    for output in (wish.target.output, *wish.target.opposites):
        if (winner := outputs.get(output)) is not None and winner.effect != wish.effect.id:
            return OUTRANKED.format(effect=winner.effect)
    return ""


def _pause_s(wish: _Wish, memory: Memory, pause_s: float) -> float:
    """Until when it waits; what saves lives waits for nothing but that the opposite is off."""
    if wish.effect.priority == "life":
        return 0.0
    return max((memory.wished_s[o] + pause_s for o in wish.target.opposites if o in memory.wished_s), default=0.0)


def _won(wish: _Wish) -> OutputWish:
    target = wish.target
    return OutputWish(
        target.value,
        target.pulse_s,
        target.one_shot,
        wish.effect.id,
        wish.effect.priority,
        target.opposites,
        target.feedback,
    )
