"""Effects that can never act, and effects that get in each other's way. Pure."""

from collections.abc import Iterator
from itertools import combinations, product

from agent.language import later
from agent.linkage.answer import output_name
from agent.linkage.arbitrate import RANK
from agent.linkage.doubt import Code, Doubt, Facts
from agent.linkage.model import Cause, Effect, Fire, Not, OutputName
from agent.linkage.possible import acts_when, dead, possible
from agent.linkage.truth import all_of

NEVER = later("{effect} can never act: its cause cannot be while its guards allow it")
LOOK = later("look at `when`, `only_if` and `unless` together; a security effect never acts in a fire")


def unreachable(facts: Facts) -> Iterator[Doubt]:
    """What can never act, and what its cause waits for in vain."""
    for effect in facts.matrix.effects:
        if not effect.by_default:
            yield from _opted_in(effect)
            if not possible(_wanted(effect, facts), facts.devices):
                yield Doubt("unreachable", NEVER, LOOK, effect.id, "when", fields={"effect": effect.id})
            yield from _dead(effect, facts)


def clashes(facts: Facts) -> Iterator[Doubt]:
    """Outputs that two effects drive; if they want different things at equal priority, one loses by its name."""
    for one, other in combinations(facts.matrix.effects, 2):
        for mine, theirs in product(one.targets, other.targets):
            same = mine.output == theirs.output
            opposed = (same and mine.value != theirs.value) or theirs.output in mine.opposites
            if opposed and RANK[one.priority] == RANK[other.priority] and _both(one, other, facts):
                yield _conflict(one, other, mine.output)
            elif same and not opposed:
                yield _shared(one, other, mine.output)


def no_confirmed_fire(facts: Facts) -> Iterator[Doubt]:
    """What the site has by default stands nowhere in the file, so it is told once, of all of it."""
    confirmed = Fire(facts.matrix.fire, confirmed=True)
    if any(effect.by_default for effect in facts.matrix.effects) and not possible(confirmed, facts.devices):
        said = later("fire_confirmed can never be: it takes two detectors, a call point or a fire panel")
        yield Doubt("unreachable", said, later("add a detector, or say `call_point: true` or `call_points`"))


def call_points(facts: Facts) -> Iterator[Doubt]:
    """An address that its panel never says would confirm nothing, and nobody would see that before the fire."""
    for alarm in facts.matrix.fire.call_points:
        address, _, _ = alarm.key.rpartition("/")
        places = facts.devices[alarm.device].places
        if address and places and address not in places:
            said = later("{panel} has no place for its call point {address}: is the address right?")
            fix = later("name it under the panel's `places`, just as the panel says it")
            fields = {"panel": alarm.device, "address": address}
            yield Doubt("unreachable", said, fix, key="call_points", error=False, fields=fields)


def _wanted(effect: Effect, facts: Facts) -> Cause:
    no_fire = Not(Fire(facts.matrix.fire, confirmed=False))
    return all_of(acts_when(effect), no_fire) if effect.priority == "security" else acts_when(effect)


def _opted_in(effect: Effect) -> Iterator[Doubt]:
    if effect.priority == "security" and not effect.opt_in:
        said = later("{effect} never acts: the site has not opted in")
        fix = later("say `opt_in: true` if the school wants it, else take the effect out")
        yield Doubt("not_opted_in", said, fix, effect.id, error=False, fields={"effect": effect.id})


def _dead(effect: Effect, facts: Facts) -> Iterator[Doubt]:
    for alarm in dead(effect.cause, facts.devices):
        said = later("{name} can never come: the device has no point that tells it")
        fix = later("give the device that point, or take it out of the cause")
        name = f"{alarm.device}.{alarm.key}"
        yield Doubt("unreachable", said, fix, effect.id, "when", error=False, fields={"name": name})


def _both(one: Effect, other: Effect, facts: Facts) -> bool:
    return possible(all_of(acts_when(one), acts_when(other)), facts.devices)


def _conflict(one: Effect, other: Effect, output: OutputName) -> Doubt:
    said = later("{effect} and {other} want opposite things of {output} at equal priority")
    fix = later("give them different priorities, or guards that exclude each other")
    return _between("conflict", said, fix, one, other, output)


def _shared(one: Effect, other: Effect, output: OutputName) -> Doubt:
    said = later("{effect} and {other} drive the same output {output}")
    fix = later("one effect with `any` of both causes says it more clearly")
    return _between("shared_output", said, fix, one, other, output)


def _between(code: Code, text: str, fix: str, one: Effect, other: Effect, output: OutputName) -> Doubt:
    """It stands at the later one, but never at one that nobody has written."""
    at = one if other.by_default else other
    fields = {"effect": one.id, "other": other.id, "output": output_name(output)}
    return Doubt(code, text, fix, at.id, "do", error=code == "conflict", fields=fields)
