"""What is wanted of an output is arithmetic: told, read back, looked at again."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.polling.outputs import (
    CONFIRMED_WITHIN_S,
    LOOK_S,
    RETRY_MOST_S,
    URGENT_WAITS_S,
    Output,
    Want,
    failed,
    held_back_until_s,
    let_go,
    looked,
    told,
    wanted,
)

ON = Want(True)
PULSED = Want(True, pulse_s=10.0)


def seen(want: Want, now_s: float) -> Output:
    return looked(told(wanted(None, want, now_s), now_s), want.value, now_s)


def test_what_is_wanted_is_told_at_once_and_believed_when_it_is_read_back() -> None:
    output = wanted(None, ON, 5.0)
    assert (output.step, output.due_s, output.seen) == ("tell", 5.0, False)
    output = told(output, 5.1)
    assert (output.step, output.due_s, output.seen) == ("look", 5.1, False)
    output = looked(output, True, 5.2)
    assert (output.step, output.due_s, output.seen) == ("look", 5.2 + LOOK_S, True)


def test_to_want_the_same_again_changes_nothing_and_something_else_is_told_at_once() -> None:
    output = seen(ON, 5.0)
    assert wanted(output, Want(True), 6.0) is output
    other = wanted(output, Want(False), 6.0)
    assert (other.step, other.due_s, other.seen) == ("tell", 6.0, False)


def test_something_else_that_is_wanted_of_a_faulty_output_does_not_mend_it() -> None:
    output = failed(wanted(None, ON, 0.0), "no answer", 1.0)
    other = wanted(output, Want(False), CONFIRMED_WITHIN_S + 0.1)
    assert other.fault(CONFIRMED_WITHIN_S + 0.1) == "no answer"
    assert wanted(output, Want(False), CONFIRMED_WITHIN_S - 0.1).fault(CONFIRMED_WITHIN_S + 0.1) == ""


def test_an_output_that_changed_by_itself_is_told_again_at_once() -> None:
    output = looked(seen(ON, 5.0), False, 9.0)
    assert (output.step, output.due_s, output.seen) == ("tell", 9.0, False)
    assert "False" in output.cause


def test_a_look_that_failed_takes_nothing_back_but_is_done_again_soon() -> None:
    output = failed(seen(ON, 5.0), "no answer", 9.0)
    assert (output.step, output.seen) == ("look", True)
    assert output.due_s < 9.0 + LOOK_S
    assert output.fault(5.0 + CONFIRMED_WITHIN_S) == ""
    assert output.fault(5.1 + CONFIRMED_WITHIN_S) == "no answer"


def test_an_output_that_is_told_in_vain_is_tried_ever_less_often_and_is_a_fault_after_ten_seconds() -> None:
    output, now_s, tries = wanted(None, ON, 0.0), 0.0, 0
    while now_s <= CONFIRMED_WITHIN_S:
        assert output.fault(now_s) == ""
        output = looked(told(output, now_s), False, now_s)
        assert output.step == "tell"
        now_s, tries = output.due_s, tries + 1
    assert output.fault(now_s) == "it reads False"
    assert 4 <= tries <= 8
    assert output.due_s - now_s <= RETRY_MOST_S
    assert looked(told(output, now_s), True, now_s).fault(now_s) == ""


def test_what_nobody_could_ask_is_a_fault_too() -> None:
    assert wanted(None, ON, 0.0).fault(CONFIRMED_WITHIN_S + 0.1) == "its unit does not answer"


@given(st.floats(1.0, 60.0), st.floats(0.0, 5.0))
def test_a_pulse_begins_anew_twice_in_its_length_from_when_it_was_told(pulse_s: float, late_s: float) -> None:
    output = looked(told(wanted(None, replace(PULSED, pulse_s=pulse_s), 100.0), 100.0), True, 100.0 + late_s)
    assert output.step == "tell"
    assert output.due_s == max(100.0 + late_s, 100.0 + pulse_s / 2)


ONCE = Want(True, pulse_s=1.0, once=1, urgent=True)


def test_an_order_for_once_is_told_until_it_is_taken_and_never_again() -> None:
    output = failed(wanted(None, ONCE, 5.0), "no answer", 5.1)
    assert (output.step, output.seen) == ("tell", False)
    output = told(output, output.due_s)
    assert (output.step, output.seen, output.due_s) == ("rest", True, math.inf)
    assert output.fault(1000.0) == ""
    assert wanted(output, ONCE, 6.0) is output
    assert wanted(output, replace(ONCE, once=2), 6.0).step == "tell"


def test_an_order_for_once_that_nobody_takes_is_a_fault() -> None:
    output = failed(wanted(None, ONCE, 0.0), "no answer", 1.0)
    assert (output.fault(9.0), output.fault(CONFIRMED_WITHIN_S + 0.1)) == ("", "no answer")


def test_what_is_let_go_is_not_told_any_more() -> None:
    output = let_go(failed(wanted(None, ONCE, 0.0), "no answer", 1.0))
    assert (output.step, output.due_s, output.fault(100.0)) == ("rest", math.inf, "")
    assert wanted(output, ONCE, 101.0).due_s == 101.0


def test_only_the_first_telling_of_an_urgent_order_is_before_all_else() -> None:
    output = wanted(None, replace(ON, urgent=True), 0.0)
    assert output.urgent
    assert not failed(output, "no answer", 0.1).urgent
    assert not told(output, 0.1).urgent


@pytest.mark.parametrize(
    ("opposite", "free_s"),
    [
        (wanted(None, ON, 0.0), -math.inf),
        (told(wanted(None, ON, 0.0), 1.0), math.inf),
        (failed(wanted(None, ON, 0.0), "no answer", 1.0), math.inf),
        (told(wanted(None, ONCE, 0.0), 1.0), 2.0),
        (told(wanted(None, PULSED, 0.0), 1.0), 11.0),
        (looked(told(wanted(told(wanted(None, ON, 0.0), 1.0), Want(False), 2.0), 2.1), False, 2.2), 2.2),
        (told(wanted(told(wanted(None, ON, 0.0), 1.0), Want(False), 2.0), 2.1), math.inf),
        (told(wanted(None, Want(True, once=1), 0.0), 1.0), -math.inf),
    ],
)
def test_an_output_is_not_told_on_before_its_opposite_is_known_to_be_off(opposite: Output, free_s: float) -> None:
    assert held_back_until_s(wanted(None, ON, 0.0), opposite) == free_s
    assert held_back_until_s(wanted(None, Want(False), 0.0), opposite) == -math.inf


def test_what_a_fire_orders_does_not_wait_for_ever_for_an_opposite_that_will_not_fall() -> None:
    welded = told(wanted(None, ON, 0.0), 1.0)
    assert held_back_until_s(wanted(None, replace(ON, urgent=True), 5.0), welded) == 5.0 + URGENT_WAITS_S
