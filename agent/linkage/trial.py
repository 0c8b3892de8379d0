"""What would happen if: facts laid over a view, decided again and again until nothing is due any more. Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from agent.alarms.kinds import KINDS
from agent.alarms.operate import no_condition, no_device
from agent.errors import OrderRefused
from agent.language import later
from agent.linkage.answer import LinkageAnswer, answer_of, output_name
from agent.linkage.evaluate import decide
from agent.linkage.model import EffectChange, Matrix, Memory, View
from agent.linkage.seen import contacts_wanted
from agent.records import Instant
from agent.site import Device

STEPS_MOST = 100
LONGEST_S = 86400.0
FACT = re.compile(r"^(?P<name>[^=]+)=(?P<value>true|false|unknown)$")
VALUES = {"true": True, "false": False, "unknown": None}


@dataclass(frozen=True, slots=True)
class TrialStep:
    """What changes so long after the facts, and which outputs are wished from then on, by whom."""

    after_s: float
    changes: tuple[EffectChange, ...]
    outputs: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Trial:
    """All steps, and how everything stands after the last one."""

    steps: tuple[TrialStep, ...]
    answer: LinkageAnswer


def at_rest(matrix: Matrix, devices: Iterable[Device]) -> View:
    """A site where all is well: every device is heard, nothing is there, contacts rest as they are wired."""
    uses = {(use.unit, use.point): use.inverted for device in devices for use in device.points.values()}
    return View(contacts={point: uses.get(point, False) for point in contacts_wanted(matrix)})


def with_facts(matrix: Matrix, devices: Mapping[str, Device], view: View, facts: Iterable[str]) -> View:
    """`device.condition`, `device=unknown`, `unit.point=true`; raises OrderRefused for what is none of these."""
    for fact in facts:
        view = _with_fact(matrix, devices, view, fact)
    return view


def trial(matrix: Matrix, memory: Memory, view: View, now: Instant) -> Trial:
    """What follows, as far as time alone brings something about."""
    begun_s, steps = now.monotonic_s, list[TrialStep]()
    while True:
        decision = decide(matrix, memory, view, now)
        outputs = {output_name(output): wish.effect for output, wish in decision.outputs.items()}
        if decision.changes or not steps or outputs != steps[-1].outputs:
            steps.append(TrialStep(now.monotonic_s - begun_s, decision.changes, outputs))
        due_s, memory = decision.due_s, decision.memory
        if due_s is None or due_s > begun_s + LONGEST_S or len(steps) >= STEPS_MOST:
            return Trial(tuple(steps), answer_of(matrix, decision, view))
        now = Instant(due_s, now.utc_s + due_s - now.monotonic_s, now.clock)


def _with_fact(matrix: Matrix, devices: Mapping[str, Device], view: View, fact: str) -> View:
    if (given := FACT.match(fact)) is not None:
        name, value = given["name"], VALUES[given["value"]]
        if name in devices and value is None:
            return replace(view, unknown=view.unknown | {name})
        unit, _, point = name.partition(".")
        if (unit, point) in contacts_wanted(matrix):
            return replace(view, contacts={**view.contacts, (unit, point): value})
        raise OrderRefused("no cause looks at {name}", name=repr(name))
    device, dot, key = fact.partition(".")
    if not dot or "=" in fact:
        text = later("{fact}: want device.condition, device=unknown, or unit.point=true, false or unknown")
        raise OrderRefused(text, fact=repr(fact))
    if device not in devices:
        raise no_device(device, list(devices))
    known, condition = KINDS[devices[device].kind].conditions, key.rpartition("/")[2]
    if condition not in known:
        raise no_condition(devices[device], condition, known)
    return replace(view, active={**view.active, device: view.active.get(device, frozenset()) | {key}})
