"""No combination of inputs, darkness, time, restarts and resets leaves an exit shut while a fire is latched."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.linkage.model import Alarm, Contact, Fire
from agent.linkage.truth import truth
from tests.agent.linkage.laws import LAWS, closing
from tests.agent.linkage.mutants import MUTANTS
from tests.agent.linkage.search import Broken, obey, search
from tests.agent.linkage.world import Move, World, inputs, linked, moves, start

SHIPPED = linked()
WORLDS = {name: start(site) for name, site in SHIPPED.items()}
WAITS_S = (0.0, 0.5, 1.9, 2.0, 3.9, 4.0, 19.0, 60.0, 61.0)


@pytest.fixture(scope="module")
def clashing(tmp_path_factory: pytest.TempPathFactory) -> World:
    """The shipped example, with effects that get in each other's way."""
    return start(linked(tmp_path_factory.mktemp("clashing"))["clashing"])


def few(world: World) -> list[Move]:
    """Of each sort of input one; what can be lost is lost at a detector and a loop, buttons are pressed or not."""
    found = inputs(world.matrix)
    called = world.matrix.fire.call_points[0]
    detector = next(one for one in world.matrix.fire.detectors if one != called)
    security = [e for e in world.matrix.effects if e.priority == "security"]
    loops = [c for e in security for t in e.targets for c in t.clear][:1]
    pressed = [one for one in found if isinstance(one, Alarm) and one.key == "pressed"][:1]
    chosen = [*moves([detector, *loops], (61.0,))]
    return [*chosen, *(Move("input", one, value) for one in (called, *pressed) for value in (True, False))]


@pytest.mark.parametrize("name", WORLDS)
def test_every_law_holds_in_every_state_that_the_core_of_an_example_reaches(name: str) -> None:
    world = WORLDS[name]
    found = search(world, few(world), 100_000)
    life = {effect.id for effect in world.matrix.effects if effect.priority == "life"}
    assert found.states > 100
    assert life <= found.acting  # liveness: the search is not green since nothing ever acts
    assert {effect.id for effect in world.matrix.effects if effect.opt_in} <= found.acting


@pytest.mark.parametrize("name", WORLDS)
def test_every_law_holds_near_the_start_with_all_inputs_of_an_example(name: str) -> None:
    search(WORLDS[name], moves(inputs(WORLDS[name].matrix)), 600)


def test_every_law_holds_where_effects_get_in_each_others_way(clashing: World) -> None:
    found = search(clashing, moves(_contested(clashing)), 1200)
    assert {"guest-opens", "hold-up-north", "fire-late"} <= found.acting


@pytest.mark.parametrize("name", WORLDS)
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(given_moves=st.data())
def test_every_law_holds_along_any_way(name: str, given_moves: st.DataObject) -> None:
    world = WORLDS[name]
    every = [*moves(inputs(world.matrix), WAITS_S)]
    way = given_moves.draw(st.lists(st.sampled_from(every), min_size=15, max_size=40))
    assert _walked(world, way)


def test_a_fire_in_the_middle_of_a_hold_up_lowers_the_bollard_at_once() -> None:
    world = WORLDS["linkage"]
    world = world.after(Move("input", Alarm("panic-gate", "pressed"), True))
    assert closing(world) == [("south-io", "do6")]
    world = world.after(Move("input", Alarm("call-point-block", "alarm"), True))
    assert not closing(world)
    assert world.decision.outputs["south-io", "do5"].effect == "fire-opens-bollard-south"


@pytest.mark.parametrize("bug", MUTANTS)
def test_a_planted_bug_breaks_its_law(bug: str, clashing: World) -> None:
    planted, law = MUTANTS[bug]
    world = _not_opted_in(clashing) if "opted in" in bug else WORLDS["linkage"] if "a reset" in bug else clashing
    with planted(), pytest.raises(Broken) as caught:
        search(world, moves(_contested(world)), 3000)
    assert law in LAWS
    assert caught.value.law == law


def _contested(world: World) -> list[Alarm | Contact]:
    """What brings about everything that the clashing example adds."""
    wanted = {
        Alarm("call-point-block", "alarm"),
        Alarm("smoke-3f-east", "alarm"),
        Alarm("panic-gate", "pressed"),
        Alarm("fire-dormitory", "fault"),
    }
    loops = {("north-io", "di3")}
    found = inputs(world.matrix)
    return [one for one in found if one in wanted or (isinstance(one, Contact) and (one.unit, one.point) in loops)]


def _not_opted_in(world: World) -> World:
    closed = tuple(replace(effect, opt_in=False) for effect in world.matrix.effects)
    return World(replace(world.matrix, effects=closed), world.view)


def _walked(world: World, way: Sequence[Move]) -> bool:
    for n, move in enumerate(way):
        after = world.after(move)
        obey(world, move, after, way[:n])
        world = after
    confirmed = truth(Fire(world.matrix.fire, confirmed=True), world.view)
    opened = {t.output for e in world.matrix.effects if e.by_default for t in e.targets}
    return not confirmed or opened <= world.decision.outputs.keys()
