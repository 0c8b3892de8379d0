"""What `linkage` says is checked word by word: it is needed in the worst minute of all."""

import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.config import load_site
from agent.errors import ConfigError
from agent.linkage.model import Alarm, Contact, Effect, Feedback, Fire, Matrix, Target

EXAMPLE = Path(__file__).parents[3] / "configs" / "gateways" / "linkage.yaml"
TEXT = EXAMPLE.read_text()


def changed(directory: Path, was: str, becomes: str) -> Path:
    assert was in TEXT
    path = directory / "gateway.yaml"
    path.write_text(TEXT.replace(was, becomes, 1))
    return path


def matrix(path: Path = EXAMPLE) -> Matrix:
    found = load_site(path).linkage
    assert found is not None
    return found


def effect(name: str, path: Path = EXAMPLE) -> Effect:
    return next(one for one in matrix(path).effects if one.id == name)


@pytest.mark.parametrize(
    ("was", "becomes", "at", "says"),
    [
        ("hold_up: panic-gate.pressed", "hold_up: panic-gat.pressed", "panic-gat.", "did you mean 'panic-gate'?"),
        ("hold_up: panic-gate.pressed", "hold_up: panic-gate.presed", "panic-gate.pre", "did you mean 'pressed'?"),
        ("hold_up: panic-gate.pressed", "hold_up: [panic-gate.pressed]", "[panic", "want a cause"),
        ("hold_up: panic-gate.pressed", "hold_up: hold_up", "hold_up\n", "goes round in a circle"),
        ("hold_up: panic-gate.pressed", "fire_any: panic-gate.pressed", "fire_any:", "is built in"),
        ("when: hold_up", "when: hold_upp", "hold_upp", "no cause 'hold_upp'; did you mean 'hold_up'?"),
        ("when: hold_up", "when: panic-gate.1.2/pressed", "panic-gate.1", "only a fire panel has addresses"),
        ("when: hold_up", "when: {all: []}", "[]}", "want a list of causes"),
        ("when: hold_up", "when: {all: [hold_up], any: [hold_up]}", "{all", "do not go together"),
        ("when: hold_up", "when: {al: [hold_up]}", "[hold_up]", "a cause has no 'al'; did you mean 'all'?"),
        ("when: hold_up", "when: {at_least: 0, of: [hold_up]}", "0, of", "want a count"),
        ("when: hold_up", "when: {kind: smoke}", "smoke}", "did you mean 'smoke_detector'?"),
        ("when: hold_up", "when: {kind: [smoke]}", "[smoke]", "no kind"),
        ("when: hold_up", "when: {kind: environment}", "{kind", "has no condition"),
        ("point: south-io.di7, is: false", "point: south-io.di77, is: false", "south-io.di77", "no contact"),
        ("point: south-io.di7, is: false", "point: south-io.di7, is: 0", "0}", "true or false"),
        ("{raise: bollard-south}", "{raise: bollard-sout}", "bollard-sout}", "did you mean 'bollard-south'?"),
        ("{raise: bollard-south}", "{rise: bollard-south}", "rise:", "did you mean 'raise'?"),
        ("{raise: bollard-south}", "{raise: [bollard-south, panic-gate]}", "panic-gate]", "cannot raise"),
        ("{sound: block-io.do8}", "{sound: block-io.do9}", "block-io.do9", "no output 'block-io.do9'"),
        ("{sound: block-io.do8}", "{sound: block-io.di8}", "block-io.di8", "no output that can be switched"),
        ("opt_in: true", "priority: life", "life", "what closes is security"),
        ("pause_s: 4", "pause_s: 1", "1\n", "want at least 3"),
        ('fire-dormitory: ["1.1.9"]', 'fire-dorm: ["1.1.9"]', '["1.1.9"]', "did you mean 'fire-dormitory'?"),
        ("when: hold_up", "when: {all: {kind: smoke_detector, place: nap_room}}", "smoke_d", "no such"),
        ("when: hold_up", "when: {not: {kind: smoke_detector, place: nap_room}}", "smoke_d", "no such"),
        ("id: smoke-warns", "id: fire-opens-door-block", "fire-opens", "what a fire opens by default"),
        ("release_output: block-io.do1", "release_output: {point: block-io.do1, normally: closed}", "normally",
         "by switching its relay on"),
        ("do: {sound: block-io.do8}", "do: {release: door-block}\n      once: true", "true", "held again"),
        ("do: {sound: block-io.do8}", "do: {open: door-block}\n      pulse_s: 5", "5", "take pulse_s out"),
        ("id: hold-up-bollard", "id: fire-sounds", "fire-sounds # 2", "id of an earlier one"),
    ],
)  # fmt: skip
def test_each_mistake_stands_at_its_place(tmp_path: Path, was: str, becomes: str, at: str, says: str) -> None:
    path = changed(tmp_path, was, becomes)
    with pytest.raises(ConfigError) as caught:
        load_site(path)
    mistakes = [mistake for mistake in caught.value.mistakes if says in mistake.what]
    assert mistakes, caught.value
    line = path.read_text().splitlines()[mistakes[0].line - 1]
    assert line[mistakes[0].column - 1 :].startswith(at.split("\n")[0].removesuffix(" # 2"))


def test_causes_that_lead_to_each_other_without_end_are_a_mistake_and_no_crash(tmp_path: Path) -> None:
    chain = "".join(f"    c{n}: {{not: c{n + 1}}}\n" for n in range(300))
    path = changed(tmp_path, "  causes:\n", f"  causes:\n{chain}    c300: hold_up\n")
    with pytest.raises(ConfigError, match="more than 50 causes in causes"):
        load_site(path)


def test_a_device_that_is_wrong_is_told_once_and_not_again_by_its_effects(tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        load_site(changed(tmp_path, "lower_output: south-io.do5", "lower_output: south-io.do55"))
    assert len(caught.value.mistakes) == 1


def test_what_the_sounder_has_no_effect_drives(tmp_path: Path) -> None:
    path = changed(tmp_path, "linkage:\n", "sounder: {point: block-io.do8}\nlinkage:\n")
    with pytest.raises(ConfigError) as caught:
        load_site(path)
    assert "block-io.do8 is used by sounder already" in str(caught.value)


def test_what_closes_needs_to_know_that_nothing_is_under_it(tmp_path: Path) -> None:
    path = changed(tmp_path, "      loop: north-io.di3\n", "")
    path.write_text(
        path.read_text() + "    - {id: shut, when: hold_up, do: {close: barrier-north}, opt_in: true}\n"
    )
    with pytest.raises(ConfigError) as caught:
        load_site(path)
    assert "barrier-north has no loop and no obstacle contact; say `only_if`" in str(caught.value)


def test_fire_opens_what_people_flee_through_though_nobody_says_so() -> None:
    found = [one for one in matrix().effects if one.by_default]
    assert [one.id for one in found] == [
        "fire-opens-barrier-south",
        "fire-opens-bollard-south",
        "fire-opens-barrier-north",
        "fire-opens-door-block",
    ]
    assert all(isinstance(one.cause, Fire) and one.cause.confirmed for one in found)
    assert {(one.priority, one.hold, one.delay_s) for one in found} == {("life", "reset", 0.0)}


def test_who_says_himself_what_fire_opens_has_no_second_effect_for_it(tmp_path: Path) -> None:
    own = "  effects:\n    - {id: mine, when: fire_confirmed, do: {open: [barrier-north, barrier-south]}}\n"
    names = [one.id for one in matrix(changed(tmp_path, "  effects:\n", own)).effects]
    assert "mine" in names
    assert not {"fire-opens-barrier-north", "fire-opens-barrier-south"} & set(names)


def test_a_guarded_opening_does_not_stand_for_the_default(tmp_path: Path) -> None:
    own = "  effects:\n    - {id: mine, when: fire_confirmed, do: {open: barrier-north}, only_if: hold_up}\n"
    assert "fire-opens-barrier-north" in [one.id for one in matrix(changed(tmp_path, "  effects:\n", own)).effects]


def test_an_opening_that_comes_too_late_does_not_stand_for_the_default(tmp_path: Path) -> None:
    own = "  effects:\n    - {id: mine, when: fire_confirmed, do: {open: barrier-north}, delay_s: 600}\n"
    assert "fire-opens-barrier-north" in [one.id for one in matrix(changed(tmp_path, "  effects:\n", own)).effects]


def test_an_action_comes_down_to_an_output_with_all_that_belongs_to_it() -> None:
    [target] = effect("hold-up-bollard").targets
    assert target == Target(
        ("south-io", "do6"),
        device="bollard-south",
        moves="closes",
        escape_route=True,
        pulse_s=1.0,
        one_shot=True,
        opposites=(("south-io", "do5"),),
        clear=(Contact("south-io", "di7", False), Contact("south-io", "di8", True)),
        feedback=Feedback("bollard-south", "closed"),
    )
    [opening] = effect("fire-opens-bollard-south").targets
    assert (opening.output, opening.moves, opening.one_shot) == (("south-io", "do5"), "opens", False)
    assert opening.opposites == (("south-io", "do6"),)


def test_the_default_of_priority_and_hold_follows_from_the_effect() -> None:
    found = {one.id: (one.priority, one.hold) for one in matrix().effects if not one.by_default}
    assert found == {
        "fire-sounds": ("life", "reset"),
        "smoke-warns": ("notify", "cause"),
        "hold-up-bollard": ("security", "cause"),
    }


def test_call_points_are_devices_that_say_so_and_addresses_that_are_listed() -> None:
    fire = matrix().fire
    assert fire.call_points == (Alarm("call-point-block", "alarm"), Alarm("fire-dormitory", "1.1.9/fire"))
    assert fire.panels == ("fire-dormitory",)
    assert len(fire.detectors) == 3


def test_the_lines_reckon_with_the_outputs_of_linkage() -> None:
    outputs = {unit.id: unit.outputs for line in load_site(EXAMPLE).lines for unit in line.units}
    assert outputs["south-io"] == {"do1", "do5", "do6"}
    assert outputs["block-io"] == {"do1", "do7", "do8"}


def test_a_few_lines_that_name_each_other_many_times_are_refused_in_time(tmp_path: Path) -> None:
    bomb = "causes:\n    a0: &a0 {any: [panic-gate.pressed]}\n"
    bomb += "".join(f"    a{n}: &a{n} {{any: [*a{n - 1}, *a{n - 1}, *a{n - 1}]}}\n" for n in range(1, 30))
    with pytest.raises(ConfigError) as caught:
        load_site(changed(tmp_path, "causes:\n", bomb))
    assert "more than 10000 causes" in str(caught.value)


KEYS = ("any", "all", "at_least", "of", "not", "point", "is", "kind", "condition")
NAMES = ("hold_up", "fire_any", "smoke_detector", "panic-gate.pressed", "south-io.di7", "a.b.c", ".", "/", "")
WORDS = st.sampled_from([*KEYS, *NAMES, "fire-dormitory.1.1/fire"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 9) | WORDS,
    lambda below: st.lists(below, max_size=3) | st.dictionaries(WORDS, below, max_size=3),
    max_leaves=8,
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cause=ANYTHING)
def test_whatever_stands_for_a_cause_is_read_or_is_a_mistake(tmp_path: Path, cause: object) -> None:
    path = changed(tmp_path, "hold_up: panic-gate.pressed", f"hold_up: {json.dumps(cause)}")
    with contextlib.suppress(ConfigError):
        load_site(path)
