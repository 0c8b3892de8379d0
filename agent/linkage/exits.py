"""Exits that could be locked, fire effects too late or in need of the uplink, outputs nobody confirms. Pure."""

from collections.abc import Iterator

from agent.language import later
from agent.linkage.answer import output_name
from agent.linkage.doubt import Doubt, Facts
from agent.linkage.evaluate import of_fire
from agent.linkage.model import Effect, Target
from drivers.profile import Point
from drivers.stream import TcpEndpoint

LATE_S = 3.0  # GB 50166: a linkage starts within 3 s of its trigger


def exits(facts: Facts) -> Iterator[Doubt]:
    """What people flee through opens on fire, or nobody should rely on it."""
    fire = [effect for effect in facts.matrix.effects if of_fire(effect)]
    opened = {target.device for effect in fire for target in effect.targets if target.moves == "opens"}
    for device in facts.devices.values():
        if device.escape_route and device.id not in opened:
            said = later("{device} is on an escape route and nothing opens it in a fire")
            fix = later("give it an output that opens it, or take `escape_route` out if people can always pass")
            fields = {"device": device.id}
            yield Doubt("could_lock", said, fix, device=device.id, key="escape_route", fields=fields)


def fire_effects(facts: Facts) -> Iterator[Doubt]:
    """What saves lives is in time, and needs nothing that the uplink needs."""
    for effect in facts.matrix.effects:
        if of_fire(effect):
            yield from _late(effect)
            yield from _network(effect, facts)


def outputs(facts: Facts) -> Iterator[Doubt]:
    """What each output of each effect could do to an exit, and who confirms it."""
    for effect in facts.matrix.effects:
        for target in effect.targets:
            point = facts.points[target.output]
            yield from _closing(effect, target, point, facts)
            yield from _freeing(effect, target, facts)
            yield from _unconfirmed(effect, target, point)
            if target.escape_route and not target.value and effect.priority != "life":
                said = later("{effect} switches off what opens an exit")
                fix = later("switch nothing off that belongs to an escape route")
                yield _lock(effect, "do", said, fix)


def _late(effect: Effect) -> Iterator[Doubt]:
    if effect.delay_s > LATE_S:
        said = later("{effect} waits {delay} s; fire must act within {most} s (GB 50166)")
        fields = {"effect": effect.id, "delay": f"{effect.delay_s:g}", "most": f"{LATE_S:g}"}
        yield Doubt("late", said, later("set `delay_s` to {most} or less"), effect.id, "delay_s", fields=fields)


def _network(effect: Effect, facts: Facts) -> Iterator[Doubt]:
    """Fire needs nothing that the uplink needs."""
    for line in {facts.lines[unit].id: facts.lines[unit] for unit in sorted(facts.units_of(effect))}.values():
        if isinstance(line.endpoint, TcpEndpoint) and line.endpoint.host in facts.brokers:
            said = later("{effect} depends on the uplink: line {line} goes through the broker's host {host}")
            fields = {"effect": effect.id, "line": line.id, "host": line.endpoint.host}
            yield Doubt("uplink", said, later("reach the unit by a line of its own"), effect.id, fields=fields)


def _closing(effect: Effect, target: Target, point: Point, facts: Facts) -> Iterator[Doubt]:
    """What closes must end by itself, whatever becomes of the gateway and the line."""
    if target.moves != "closes":
        return
    ends = point.pulse is not None or point.momentary or target.output[0] in facts.guarded
    if not ends:
        said = later("{effect} closes by an output that nobody ends when the gateway is lost")
        fix = later(
            "use a module that times its pulses, or say `safe_state: true` of one that falls back by itself"
        )
        yield _lock(effect, "do", said, fix)
    elif not target.one_shot:
        said = later("{effect} goes on pressing its closing relay for as long as it acts")
        yield _lock(effect, "once", said, later("take `once: false` out: one pulse is enough to close"))


def _freeing(effect: Effect, target: Target, facts: Facts) -> Iterator[Doubt]:
    """A door's magnet holds it again when a module's watchdog lets the relay fall."""
    is_door = target.moves == "opens" and facts.devices[target.device].kind == "door"
    if is_door and effect.priority == "life" and target.output[0] in facts.guarded:
        said = later("{effect} frees {device} by a relay that falls when the gateway is lost")
        fix = later("use a module without `safe_state`, whose relay stays as it was told")
        fields = {"effect": effect.id, "device": target.device}
        if effect.by_default:  # it stands nowhere in the file
            yield Doubt("could_lock", said, fix, key="points", device=target.device, fields=fields)
        else:
            yield Doubt("could_lock", said, fix, effect.id, "do", fields=fields)


def _unconfirmed(effect: Effect, target: Target, point: Point) -> Iterator[Doubt]:
    if target.feedback is None and not point.readable:
        said = later("nothing tells whether {output} has done it: it is not read back and has no feedback")
        fix, fields = later("say `feedback`: which contact confirms it"), {"output": output_name(target.output)}
        error = effect.priority == "life"
        yield Doubt("no_feedback", said, fix, effect.id, "do", error=error, fields=fields)


def _lock(effect: Effect, key: str, text: str, fix: str) -> Doubt:
    return Doubt("could_lock", text, fix, effect.id, key, fields={"effect": effect.id})
