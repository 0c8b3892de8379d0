"""What is wanted of an output is arithmetic: told, read back, looked at again."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from agent.polling.outputs import (
    CONFIRMED_WITHIN_S,
    LOOK_S,
    RETRY_MOST_S,
    Output,
    Want,
    failed,
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
