"""What holds from one moment to the next, whatever happens; each law says what it has found broken, or nothing."""

from collections.abc import Callable, Mapping

from agent.linkage.evaluate import any_fire, decide, of_fire
from agent.linkage.model import Fire, OutputName, Target
from agent.linkage.truth import truth
from agent.records import Instant
from tests.agent.linkage.world import NOW_S, Move, World

Law = Callable[[World, Move, World], str]
SLACK_S = 1e-6


def nothing_closes_in_a_fire(_before: World, _move: Move, after: World) -> str:
    """Neither while a detector burns nor while an effect of fire is latched."""
    fire = any_fire(after.matrix, after.memory, after.view)
    shut = closing(after) if fire else ()
    return f"{shut} shut in a fire" if shut else ""


def security_acts_only_when_all_is_known_to_be_well(_before: World, _move: Move, after: World) -> str:
    """The site has opted in, there is no fire, nothing is under it: known, not guessed."""
    effects = {effect.id: effect for effect in after.matrix.effects}
    fire = truth(Fire(after.matrix.fire, confirmed=False), after.view)
    for output, wish in after.decision.outputs.items():
        if wish.priority == "security":
            clear = all(truth(one, after.view) for one in target_of(after, output).clear)
            if not (effects[wish.effect].opt_in and fire is False and clear):
                return f"{wish.effect} acts: opted in {effects[wish.effect].opt_in}, fire {fire}, clear {clear}"
    return ""


def an_unknown_triggers_no_security(before: World, _move: Move, after: World) -> str:
    """What begins to act has a cause that is there."""
    for effect in after.matrix.effects:
        begins = after.memory.of(effect.id).acting and not before.memory.of(effect.id).acting
        if effect.priority == "security" and begins and truth(effect.cause, after.view) is not True:
            return f"{effect.id} begins without its cause"
    return ""


def a_confirmed_fire_opens_within_its_delay(before: World, move: Move, after: World) -> str:
    """Every effect of fire whose cause has been there for its delay wishes its outputs, and has them."""
    for effect in after.matrix.effects:
        if not of_fire(effect) or effect.only_if or effect.unless:
            continue
        there = truth(effect.cause, after.view) is True
        waited_s = move.wait_s if truth(effect.cause, before.view) is True else 0.0
        began_s = before.memory.of(effect.id).began_s
        waited_s += 0.0 if began_s is None else NOW_S - began_s
        if there and waited_s >= effect.delay_s - SLACK_S and not after.memory.of(effect.id).acting:
            return f"{effect.id} does not act"
        if after.memory.of(effect.id).acting and any(
            t.output not in after.decision.outputs for t in effect.targets
        ):
            return f"{effect.id} acts and has not its outputs"
    return ""


def a_fire_once_begun_is_ended_by_a_person_only(before: World, move: Move, after: World) -> str:
    """No clearing, no darkness, no restart lets go of it, nor ends its delay."""
    for effect in after.matrix.effects:
        begun = before.memory.of(effect.id).state in ("pending", "active", "latched")
        on = after.memory.of(effect.id).state in ("pending", "active", "latched")
        if of_fire(effect) and effect.hold == "reset" and begun and not on and move.what != "reset":
            return f"{effect.id} let go by {move}"
    return ""


def no_reset_while_a_fire_stands(before: World, move: Move, after: World) -> str:
    """A reset is refused as long as a single detector burns."""
    if move.what != "reset" or not truth(Fire(after.matrix.fire, confirmed=False), after.view):
        return ""
    for effect in after.matrix.effects:
        if of_fire(effect) and before.memory.of(effect.id).acting and not after.memory.of(effect.id).acting:
            return f"{effect.id} was reset in a fire"
    return ""


def neither_reset_nor_restart_closes_anything(before: World, move: Move, after: World) -> str:
    """What closes begins by its cause only, never since somebody has let go of a fire or the power came back."""
    if move.what not in ("reset", "restart"):
        return ""
    wishing = [one.id for one in after.matrix.effects if one.priority == "security" and _acts(after, one.id)]
    new = wishing if move.what == "restart" else [name for name in wishing if not _acts(before, name)]
    return f"{new} act by {move.what}" if new else ""


def a_single_detector_opens_nothing(before: World, _move: Move, after: World) -> str:
    """What saves lives begins by a confirmed fire; counted here once more, by other means."""
    for effect in after.matrix.effects:
        was, now = before.memory.of(effect.id), after.memory.of(effect.id)
        begins = was.state in ("idle", "blocked") and now.state in ("pending", "active", "latched")
        if of_fire(effect) and begins and not _two_or_a_call_point(after):
            return f"{effect.id} begins, though no fire is confirmed"
    return ""


def no_output_and_its_opposite_at_once(_before: World, _move: Move, after: World) -> str:
    """Never both relays of a device."""
    outputs = after.decision.outputs
    both = [output for output, wish in outputs.items() for other in wish.opposites if other in outputs]
    return f"{both} with their opposites" if both else ""


def opposite_commands_keep_their_pause(before: World, move: Move, after: World) -> str:
    """But for what saves lives."""
    for output, wish in after.decision.outputs.items():
        if output in before.decision.outputs or wish.priority == "life":
            continue
        for other in wish.opposites:
            age_s = NOW_S + move.wait_s - before.memory.wished_s.get(other, -NOW_S)
            if age_s < after.matrix.pause_s - SLACK_S:
                return f"{output} only {age_s:g} s after {other}"
    return ""


def deciding_again_changes_nothing(_before: World, _move: Move, after: World) -> str:
    """The same memory, view and time: the same outputs, and nothing to tell."""
    again = decide(after.matrix, after.memory, after.view, Instant(NOW_S, NOW_S, "synchronised"))
    if again.changes or again.outputs != after.decision.outputs:
        return f"decided again it is otherwise: {again.changes}"
    return ""


LAWS: Mapping[str, Law] = {
    law.__name__: law
    for law in (
        nothing_closes_in_a_fire,
        security_acts_only_when_all_is_known_to_be_well,
        an_unknown_triggers_no_security,
        a_confirmed_fire_opens_within_its_delay,
        a_fire_once_begun_is_ended_by_a_person_only,
        no_reset_while_a_fire_stands,
        neither_reset_nor_restart_closes_anything,
        a_single_detector_opens_nothing,
        no_output_and_its_opposite_at_once,
        opposite_commands_keep_their_pause,
        deciding_again_changes_nothing,
    )
}


def closing(world: World) -> list[OutputName]:
    """Outputs that are wished and close something."""
    shut = {t.output for effect in world.matrix.effects for t in effect.targets if t.moves == "closes"}
    return [output for output in world.decision.outputs if output in shut]


def target_of(world: World, output: OutputName) -> Target:
    """The target of whoever has this output."""
    winner = world.decision.outputs[output].effect
    effect = next(effect for effect in world.matrix.effects if effect.id == winner)
    return next(target for target in effect.targets if target.output == output)


def _acts(world: World, effect: str) -> bool:
    return world.memory.of(effect).acting


def _two_or_a_call_point(world: World) -> bool:
    """So many devices burn, each address of a panel being one."""
    burning = {f"{device}.{key}" for device, keys in world.view.active.items() for key in keys}
    burning = {name for name in burning if name.endswith(("/fire", ".alarm"))}
    called = {f"{one.device}.{one.key}" for one in world.matrix.fire.call_points}
    return len(burning) >= 2 or bool(burning & called)
