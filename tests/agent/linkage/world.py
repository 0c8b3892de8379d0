"""A site as linkage sees it, and everything that can happen to it: inputs, the dark, time, restarts, resets."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from agent.config import load_site
from agent.errors import OrderRefused
from agent.linkage.evaluate import decide, reset, reset_order
from agent.linkage.memory import memory_from_json, memory_to_json
from agent.linkage.model import Alarm, Contact, Decision, EffectMemory, Matrix, Memory, View
from agent.linkage.trial import at_rest
from agent.linkage.truth import leaves
from agent.records import Instant
from agent.site import Site

EXAMPLES = Path(__file__).parents[3] / "configs" / "gateways"
NOW_S = 1000.0
OLD_S = 100.0  # older than every delay, pause and patience: how much older makes no difference
WAITS_S = (4.0, 61.0)
CLASHING = """
    - {id: guest-opens, when: fire-dormitory.fault, do: {open: barrier-north}, hold: 20}
    - {id: hold-up-north, when: hold_up, do: {close: barrier-north}, opt_in: true}
    - {id: fire-late, when: fire_confirmed, do: {open: barrier-north}, delay_s: 2}
"""


@dataclass(frozen=True)
class Move:
    """One thing that happens; `value` None: nobody can tell any more."""

    what: str
    input: Alarm | Contact | None = None
    value: bool | None = None
    wait_s: float = 0.0

    def __str__(self) -> str:
        match self.input:
            case Alarm(device, key):
                return f"{device}.{key} := {self.value}"
            case Contact(unit, point, _):
                return f"{unit}.{point} := {self.value}"
        return f"{self.what} {self.wait_s or ''}".strip()


@dataclass(frozen=True)
class World:
    """What is remembered and seen at `NOW_S`; `decision` is the last one."""

    matrix: Matrix
    view: View
    memory: Memory = field(default_factory=Memory)
    decision: Decision = field(default_factory=lambda: Decision(Memory()))

    def after(self, move: Move) -> "World":
        """The world after it, decided; its times count from NOW_S again."""
        now = Instant(NOW_S + move.wait_s, NOW_S, "synchronised")
        view, memory = _seen(self.view, move), self.memory
        if move.what == "restart":
            memory = memory_from_json(self.matrix, memory_to_json(memory), now.monotonic_s)
        if move.what == "reset":
            memory = _reset(self.matrix, memory, view, now)
        decision = decide(self.matrix, memory, view, now)
        return World(self.matrix, view, _aged(self.matrix, decision.memory, now.monotonic_s), decision)

    @property
    def key(self) -> object:
        """The same key, the same future."""
        effects = tuple((name, one.state, one.since_s, one.began_s, one.why) for name, one in _sorted(self.memory))
        wished = tuple(sorted(self.memory.wished_s.items()))
        contacts = tuple(sorted(self.view.contacts.items()))
        active = tuple(sorted((device, keys) for device, keys in self.view.active.items() if keys))
        return effects, wished, active, self.view.unknown, contacts


def linked(directory: Path | None = None) -> Mapping[str, Site]:
    """The shipped examples that have linkage; into `directory` one more, whose effects get in each other's way."""
    sites = {path.stem: load_site(path) for path in sorted(EXAMPLES.glob("*.yaml"))}
    if directory is not None:
        file = directory / "clashing.yaml"
        file.write_text((EXAMPLES / "linkage.yaml").read_text().rstrip() + CLASHING)
        sites["clashing"] = load_site(file)
    return {name: site for name, site in sites.items() if site.linkage is not None}


def start(site: Site) -> World:
    """All is well, and nothing is remembered."""
    assert site.linkage is not None
    return World(site.linkage, at_rest(site.linkage, site.devices)).after(Move("start"))


def inputs(matrix: Matrix) -> list[Alarm | Contact]:
    """Everything that some effect looks at; of a panel two addresses, and those that are call points."""
    found: dict[Alarm | Contact, None] = {}
    for effect in matrix.effects:
        guards = [guard for guard in (effect.only_if, effect.unless) if guard is not None]
        clear = [contact for target in effect.targets for contact in target.clear]
        for cause in (effect.cause, *guards, *clear):
            found |= dict.fromkeys(leaves(cause))
    for panel in matrix.fire.panels:
        found.pop(Alarm(panel, "fire"), None)
        found |= dict.fromkeys((Alarm(panel, "1.1.1/fire"), Alarm(panel, "1.1.2/fire")))
    return list(found)


def moves(of: list[Alarm | Contact], waits_s: Sequence[float] = WAITS_S) -> Iterator[Move]:
    """Every move with these inputs and waits."""
    for one in of:
        yield from (Move("input", one, value) for value in (True, False, None))
    yield from (Move("wait", wait_s=wait_s) for wait_s in waits_s)
    yield Move("restart")
    yield Move("reset")


def _seen(view: View, move: Move) -> View:
    match move.input:
        case Alarm(device, key):
            keys = view.active.get(device, frozenset())
            if move.value is None:
                return replace(view, unknown=view.unknown | {device})
            keys = keys | {key} if move.value else keys - {key}
            return replace(view, active={**view.active, device: keys}, unknown=view.unknown - {device})
        case Contact(unit, point, _):
            return replace(view, contacts={**view.contacts, (unit, point): move.value})
    return view


def _reset(matrix: Matrix, memory: Memory, view: View, now: Instant) -> Memory:
    """Somebody tries to release everything."""
    for effect in matrix.effects:
        try:
            memory = reset(matrix, memory, view, reset_order("zhang", "seen", now), effect.id)
        except OrderRefused:
            continue
    return memory


def _aged(matrix: Matrix, memory: Memory, now_s: float) -> Memory:
    """Its times count from NOW_S; those by which nothing is decided any more are all the same."""

    def at(time_s: float, most_s: float = OLD_S) -> float:
        return NOW_S - min(now_s - time_s, most_s)

    effects = {}
    for effect in matrix.effects:
        one = memory.of(effect.id)
        counts = one.state == "pending" or (one.state == "blocked" and effect.priority == "security")
        began_s = None if one.began_s is None else at(one.began_s) if counts else 0.0
        since_s = at(one.since_s) if one.state == "active" and effect.hold == "time" else 0.0
        effects[effect.id] = EffectMemory(one.state, since_s, began_s, None, one.why)
    opposed = {other for effect in matrix.effects for target in effect.targets for other in target.opposites}
    wished_s = {o: at(time_s, matrix.pause_s) for o, time_s in memory.wished_s.items() if o in opposed}
    return Memory(effects, {o: time_s for o, time_s in wished_s.items() if time_s > NOW_S - matrix.pause_s})


def _sorted(memory: Memory) -> list[tuple[str, EffectMemory]]:
    return sorted(memory.effects.items())
