"""Single steps of linkage: what a view leads to, by tables."""

from dataclasses import replace

import pytest

from agent.errors import OrderRefused
from agent.linkage import effects
from agent.linkage.answer import Switched, answer_of
from agent.linkage.evaluate import decide, reset, reset_order
from agent.linkage.memory import memory_from_json, memory_to_json
from agent.linkage.model import (
    Alarm,
    AtLeast,
    Contact,
    Decision,
    Effect,
    Fire,
    FireSources,
    Hold,
    Matrix,
    Memory,
    Not,
    Target,
    Truth,
    View,
)
from agent.linkage.truth import all_of, any_of, truth
from agent.records import Instant

A, B, C = Alarm("a", "alarm"), Alarm("b", "alarm"), Alarm("c", "alarm")
FIRE = FireSources((A, B), (Alarm("cp", "alarm"), Alarm("panel", "1.9/fire")), ("panel",))
CONFIRMED, ANY = Fire(FIRE, confirmed=True), Fire(FIRE, confirmed=False)
OPEN, CLOSE = ("io", "open"), ("io", "close")
OPENS = Target(OPEN, device="gate", moves="opens", escape_route=True, opposites=(CLOSE,))
CLOSES = Target(
    CLOSE,
    device="gate",
    moves="closes",
    escape_route=True,
    opposites=(OPEN,),
    clear=(Contact("io", "loop", False),),
)
LIFE = Effect("life", CONFIRMED, (OPENS,), "life", hold="reset")
SHUT = Effect("shut", Alarm("panic", "pressed"), (CLOSES,), "security", opt_in=True)
MATRIX = Matrix((LIFE, SHUT), FIRE)
CLEAR = {("io", "loop"): False}
PRESSED = View({"panic": frozenset({"pressed"})}, contacts=CLEAR)


def at(seconds: float) -> Instant:
    return Instant(seconds, 1_700_000_000.0 + seconds, "synchronised")


def on(*names: str, unknown: tuple[str, ...] = (), loop: bool | None = False) -> View:
    active: dict[str, frozenset[str]] = {}
    for name in names:
        device, _, key = name.partition(".")
        active[device] = active.get(device, frozenset()) | {key or "alarm"}
    return View(active, frozenset(unknown), contacts={("io", "loop"): loop})


def test_of_what_saves_lives_the_one_that_opens_wins_whatever_the_others_are_called() -> None:
    off = Effect("a", CONFIRMED, (replace(OPENS, value=False, moves=""),), "life", hold="reset")
    decision = run(Matrix((off, LIFE), FIRE), (0, on("a", "b")))
    assert decision.outputs[OPEN].value is True
    assert decision.outputs[OPEN].effect == "life"


def run(matrix: Matrix, *steps: tuple[float, View], memory: Memory | None = None) -> Decision:
    decision = Decision(memory or Memory())
    for seconds, view in steps:
        decision = decide(matrix, decision.memory, view, at(seconds))
    return decision


def state(decision: Decision, effect: str) -> tuple[str, str]:
    one = decision.memory.of(effect)
    return one.state, one.why


@pytest.mark.parametrize(
    ("view", "anything", "confirmed"),
    [
        (on(), False, False),
        (on("a"), True, False),
        (on("a", "b"), True, True),
        (on("cp"), True, True),
        (on("panel.1.1/fire"), True, False),
        (on("panel.1.1/fire", "panel.1.2/fire"), True, True),
        (on("panel.1/fire", "panel.1.2/fire"), True, False),  # a loop, and the detector on it
        (on("panel.1.9/fire"), True, True),
        (on("panel.1.1/fire", "a"), True, True),
        (on("panel.1.1/fault", "panel.1.2/prealarm"), False, False),
        (on(unknown=("a",)), None, False),
        (on("a", unknown=("b",)), True, None),
        (on("a", unknown=("a",)), True, False),  # latched, though its device is lost
        (on(unknown=("a", "b")), None, None),
        (on(unknown=("cp",)), None, None),
        (on(unknown=("panel",)), None, None),
        (on("a", "b", unknown=("cp", "panel")), True, True),
    ],
)
def test_a_fire_is_confirmed_by_two_devices_or_a_call_point(view: View, anything: Truth, confirmed: Truth) -> None:
    assert (truth(ANY, view), truth(CONFIRMED, view)) == (anything, confirmed)


@pytest.mark.parametrize(
    ("cause", "is_so"),
    [
        (any_of(A, B), True),
        (any_of(B, C), None),
        (all_of(A, B), False),
        (all_of(A, C), None),
        (all_of(B, C), False),
        (AtLeast(2, (A, B, C)), None),
        (AtLeast(2, (A, B)), False),
        (AtLeast(3, (A, B)), False),
        (all_of(), True),
        (any_of(), False),
        (Not(A), False),
        (Not(B), True),
        (Not(C), None),
        (Contact("io", "loop", True), True),
        (Contact("io", "loop", False), False),
        (Contact("io", "other"), None),
    ],
)
def test_a_cause_is_true_false_or_unknown(cause: AtLeast, is_so: Truth) -> None:
    assert truth(cause, on("a", unknown=("c",), loop=True)) is is_so


def test_an_alarm_out_of_service_counts_as_not_there_though_its_device_is_lost() -> None:
    view = replace(on(unknown=("a",)), aside={"a": frozenset({"alarm"})})
    assert truth(A, view) is False


@pytest.mark.parametrize(
    ("view", "opted_in", "expected"),
    [
        (PRESSED, True, ("active", "")),
        (PRESSED, False, ("blocked", effects.NOT_OPTED_IN)),
        (on("panic.pressed", "a"), True, ("blocked", effects.FIRE)),
        (on("panic.pressed", unknown=("a",)), True, ("blocked", effects.FIRE_UNKNOWN)),
        (on("panic.pressed", loop=True), True, ("blocked", effects.NOT_CLEAR)),
        (on("panic.pressed", loop=None), True, ("blocked", effects.CLEAR_UNKNOWN)),
        (on(unknown=("panic",)), True, ("idle", "")),
    ],
)
def test_security_acts_when_all_is_well_and_else_says_why_not(
    view: View, opted_in: bool, expected: tuple[str, str]
) -> None:
    matrix = replace(MATRIX, effects=(LIFE, replace(SHUT, opt_in=opted_in)))
    decision = run(matrix, (0, view))
    assert state(decision, "shut") == expected
    assert (CLOSE in decision.outputs) == (expected[0] == "active")


def test_a_guard_that_nobody_can_tell_holds_security_back_and_not_life() -> None:
    guarded = tuple(replace(one, only_if=Alarm("x", "alarm")) for one in (LIFE, SHUT))
    matrix = replace(MATRIX, effects=guarded)
    assert state(run(matrix, (0, on("panic.pressed", unknown=("x",)))), "shut") == (
        "blocked",
        effects.GUARD_UNKNOWN,
    )
    assert state(run(matrix, (0, on("panic.pressed"))), "shut") == ("blocked", effects.GUARDED)
    assert state(run(matrix, (0, on("cp", unknown=("x",)))), "life") == ("active", "")
    assert state(run(matrix, (0, on("cp"))), "life") == ("blocked", effects.GUARDED)


def test_a_fire_withdraws_what_closes_in_the_same_moment_and_opens() -> None:
    decision = run(MATRIX, (0, PRESSED))
    assert decision.outputs.keys() == {CLOSE}
    decision = run(MATRIX, (0.1, on("panic.pressed", "a", "b")), memory=decision.memory)
    assert decision.outputs.keys() == {OPEN}
    assert decision.outputs[OPEN].opposites == (CLOSE,)
    assert state(decision, "shut") == ("spent", effects.FIRE)


def test_security_that_fire_stopped_does_not_act_after_the_reset_until_its_cause_comes_again() -> None:
    decision = run(MATRIX, (0, on("panic.pressed", "a", "b")), (5, PRESSED))
    assert state(decision, "life") == ("latched", "")
    memory = reset(MATRIX, decision.memory, PRESSED, reset_order("li", "over", at(6)), "life")
    decision = run(MATRIX, (6, PRESSED), memory=memory)
    assert state(decision, "life") == ("idle", "")
    assert state(decision, "shut") == ("spent", effects.FIRE)
    assert not decision.outputs
    again = run(MATRIX, (7, on()), (12, PRESSED), memory=decision.memory)
    assert (state(again, "shut"), set(again.outputs)) == (("active", ""), {CLOSE})


def test_security_that_had_to_wait_too_long_is_over() -> None:
    decision = run(MATRIX, (0, on("panic.pressed", loop=True)))
    assert decision.due_s == effects.SECURITY_PATIENCE_S
    late = run(MATRIX, (effects.SECURITY_PATIENCE_S, PRESSED), memory=decision.memory)
    assert state(late, "shut") == ("spent", effects.TOO_LATE)
    soon = run(MATRIX, (effects.SECURITY_PATIENCE_S - 1, PRESSED), memory=decision.memory)
    assert state(soon, "shut") == ("active", "")


def test_a_delay_counts_from_the_cause_and_says_when_it_is_over() -> None:
    matrix = replace(MATRIX, effects=(replace(LIFE, delay_s=2.0),))
    decision = run(matrix, (0, on("cp")))
    assert (state(decision, "life")[0], decision.due_s, decision.outputs) == ("pending", 2.0, {})
    assert state(run(matrix, (1.9, on("cp")), memory=decision.memory), "life")[0] == "pending"
    assert state(run(matrix, (2.0, on("cp")), memory=decision.memory), "life")[0] == "active"
    assert state(run(matrix, (2.0, on()), memory=decision.memory), "life")[0] == "latched"


@pytest.mark.parametrize(("hold", "after"), [("reset", "latched"), ("cause", "idle")])
def test_what_an_effect_does_when_its_cause_goes(hold: Hold, after: str) -> None:
    matrix = replace(MATRIX, effects=(replace(LIFE, hold=hold),))
    assert state(run(matrix, (0, on("cp")), (1, on())), "life")[0] == after
    dark = run(matrix, (0, on("cp")), (1, on(unknown=("cp",))))
    assert dark.outputs.keys() == {OPEN}


def test_an_effect_for_a_time_ends_by_itself_and_comes_again_only_with_its_cause() -> None:
    timed = Effect("warn", A, (Target(("io", "lamp")),), "notify", hold="time", for_s=10)
    matrix = Matrix((timed,), FIRE)
    decision = run(matrix, (0, on("a")))
    assert decision.due_s == 10
    assert state(run(matrix, (9, on()), memory=decision.memory), "warn")[0] == "active"
    spent = run(matrix, (10, on("a")), memory=decision.memory)
    assert (state(spent, "warn"), spent.outputs) == (("spent", effects.ACTED), {})
    assert state(run(matrix, (11, on()), (12, on("a")), memory=spent.memory), "warn")[0] == "active"


def test_a_message_stops_where_its_guard_says_so() -> None:
    told = Effect("warn", A, (Target(("io", "lamp")),), "notify", unless=B)
    decision = run(Matrix((told,), FIRE), (0, on("a")), (1, on("a", "b")))
    assert (state(decision, "warn"), decision.outputs) == (("blocked", effects.GUARDED), {})


def test_opposite_commands_wait_for_the_pause_but_fire_does_not() -> None:
    guest = Effect("guest", Alarm("bell", "alarm"), (OPENS,), "notify")
    matrix = Matrix((LIFE, SHUT, guest), FIRE, pause_s=4.0)
    closed = run(matrix, (0, PRESSED), (1, on()))
    waiting = run(matrix, (2, on("bell")), memory=closed.memory)
    assert (waiting.outputs, waiting.due_s) == ({}, 4.0)
    assert waiting.held_back.keys() == {OPEN}
    assert run(matrix, (4, on("bell")), memory=waiting.memory).outputs.keys() == {OPEN}
    assert run(matrix, (2, on("cp")), memory=closed.memory).outputs[OPEN].priority == "life"


@pytest.mark.parametrize(
    ("effect", "view", "says"),
    [
        ("lif", on(), "did you mean 'life'"),
        ("shut", on(), "nothing to reset"),
        ("life", on("cp"), "the cause of life stands"),
        ("life", on("a"), "a fire alarm still stands"),
    ],
)
def test_a_reset_is_refused_with_the_reason(effect: str, view: View, says: str) -> None:
    memory = run(MATRIX, (0, on("cp"))).memory
    with pytest.raises(OrderRefused, match=says):
        reset(MATRIX, memory, view, reset_order("li", "x", at(1)), effect)


def test_nobody_resets_without_a_name() -> None:
    memory = run(MATRIX, (0, on("cp"))).memory
    with pytest.raises(OrderRefused, match="name of the person"):
        reset(MATRIX, memory, on(), reset_order("  ", "x", at(1)), "life")


@pytest.mark.parametrize(
    ("effect", "view", "delay_s", "kept"),
    [
        (LIFE, on("cp"), 0.0, "latched"),
        (LIFE, on("cp"), 2.0, "latched"),  # the power was cut in the middle of the delay: fire wins
        (SHUT, PRESSED, 0.0, "spent"),
        (SHUT, PRESSED, 2.0, "spent"),
        (SHUT, on("panic.pressed", loop=True), 0.0, "spent"),
        (replace(LIFE, hold="cause"), on("cp"), 0.0, "active"),
        (replace(LIFE, hold="cause"), on("cp"), 2.0, "idle"),
    ],
)
def test_a_restart_keeps_what_saves_lives_and_repeats_nothing_that_closes(
    effect: Effect, view: View, delay_s: float, kept: str
) -> None:
    matrix = Matrix((replace(effect, delay_s=delay_s),), FIRE)
    text = memory_to_json(run(matrix, (0, view)).memory)
    assert memory_from_json(matrix, text, 50.0).of(effect.id).state == kept


def test_who_reset_what_outlasts_a_restart() -> None:
    memory = run(MATRIX, (0, on("cp")), (1, on())).memory
    memory = reset(MATRIX, memory, on(), reset_order("li", "all out", at(2)), "life")
    again = memory_from_json(MATRIX, memory_to_json(memory), 0.0).of("life").reset
    assert again is not None
    assert (again.person, again.reason, again.at.utc_s) == ("li", "all out", at(2).utc_s)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "7", '{"life": 3}', '{"life": {"state": "on"}}', '{"gone": {"state": "latched"}}', "[" * 9999],
)
def test_a_memory_that_makes_no_sense_is_left_out(text: str) -> None:
    assert memory_from_json(MATRIX, text, 0.0).effects == {}


def test_the_answer_tells_the_tree_of_causes_and_what_became_of_the_outputs() -> None:
    view = on("a", "b", "panic.pressed")
    decision = run(MATRIX, (0, view))
    answer = answer_of(MATRIX, decision, view, {OPEN: Switched(True, False, "no answer")})
    life, shut = answer.effects
    assert (answer.fire, answer.fire_confirmed) == (True, True)
    assert [(one.said, one.value) for one in life.cause.of][:4] == [
        ("cp.alarm", False),
        ("panel.1.9/fire", False),
        ("a.alarm", True),
        ("b.alarm", True),
    ]
    assert (life.outputs[0].winner, life.outputs[0].fault) == ("life", "no answer")
    assert (shut.state, shut.why, shut.outputs[0].winner) == ("blocked", effects.FIRE, "")
