"""The gate barrier: how it moves, and what is wrong with it."""

import pytest

from agent.alarms.model import State
from agent.site import Device
from tests.agent.alarms.script import BAD, Script, device

LIMITS = device("gate_barrier", "open_limit", "closed_limit")
RELAY = device("gate_barrier", "open_limit", "closed_limit", "open_output")
PERMIT = device("gate_barrier", "open_limit", "closed_limit", "permit")
FREE = device("gate_barrier", "open_limit", "closed_limit", settings={"guarded": False})
WORD = device("gate_barrier", "state", settings={"guarded": False})
CLOSED = {"open_limit": False, "closed_limit": True}
OPEN = {"open_limit": True, "closed_limit": False}
BETWEEN = {"open_limit": False, "closed_limit": False}
BOTH = {"open_limit": True, "closed_limit": True}


def play(of: Device, **more: object) -> Script:
    """A barrier that is closed and has been seen so."""
    script = Script(of)
    script.say(0, {**CLOSED, **more})
    return script


def test_limits_tell_closed_opening_open_closing_and_stopped() -> None:
    script = Script(FREE)
    seen = []
    for after_s, limits in ((0, CLOSED), (1, BETWEEN), (3, OPEN), (9, BETWEEN), (8.9, {}), (0.2, {}), (1, CLOSED)):
        script.say(after_s, limits)
        seen.append(script.memory.motion)
    assert seen == ["closed", "opening", "open", "closing", "closing", "stopped", "closed"]


@pytest.mark.parametrize(
    ("limits", "motion"),
    [(BETWEEN, "unknown"), (BOTH, "unknown"), ({"open_limit": BAD, "closed_limit": False}, "unknown")],
)
def test_what_nobody_can_tell_is_unknown(limits: dict[str, object], motion: str) -> None:
    script = Script(FREE)
    script.say(0, limits)
    assert script.memory.motion == motion


@pytest.mark.parametrize("word", ["closed", "opening", "open", "closing", "stopped", "obstructed"])
def test_a_state_word_of_the_device_is_taken_as_it_is(word: str) -> None:
    script = Script(WORD)
    script.at(0, state=word)
    assert script.memory.motion == word


@pytest.mark.parametrize("word", ["unknown", "half", "", BAD])
def test_a_word_that_is_no_motion_moves_nothing(word: object) -> None:
    script = Script(device("gate_barrier", "state"))
    script.at(0, state="closed")
    assert script.at(1, state=word) == []
    assert script.memory.motion == "unknown"
    assert script.at(500) == (["bad_reading raised"] if word is BAD else [])


@pytest.mark.parametrize(("only", "at_it"), [("closed_limit", "closed"), ("open_limit", "open")])
def test_with_one_limit_what_is_not_at_it_is_at_the_other_end(only: str, at_it: str) -> None:
    script = Script(device("gate_barrier", only, settings={"guarded": False}))
    script.say(0, {only: True})
    assert script.memory.motion == at_it
    script.say(1, {only: False})
    assert script.memory.motion == {"closed": "open", "open": "closed"}[at_it]


def test_an_obstacle_in_between_is_obstructed_and_said_so() -> None:
    script = play(device("gate_barrier", "open_limit", "closed_limit", "obstacle"), obstacle=False)
    script.say(1, OPEN)
    script.changes.clear()
    assert script.say(1, {**BETWEEN, "obstacle": True}) == ["obstructed raised"]
    assert script.memory.motion == "obstructed"
    assert script.at(1, obstacle=BAD) == []
    assert script.at(1, obstacle=False) == ["obstructed cleared"]
    assert script.memory.motion == "closing"


def test_leaving_closed_without_a_command_is_forced_and_stays_so_until_it_is_closed() -> None:
    script = play(LIMITS)
    assert script.say(60, BETWEEN) == ["forced_open raised"]
    assert script.say(2, OPEN) == []
    assert script.say(20, BETWEEN) == []
    assert script.say(2, CLOSED) == ["forced_open cleared"]
    assert script.state("forced_open") is State.RETURNED


def test_a_command_makes_an_opening_wanted_however_long_it_takes() -> None:
    script = play(RELAY, open_output=False)
    script.at(60, open_output=True)
    script.at(1, open_output=False)
    assert script.say(1, BETWEEN) == []
    assert script.at(30) == ["no_feedback raised"]  # it jammed, but nobody forced it
    assert script.say(1, OPEN) == ["no_feedback cleared"]


def test_a_relay_that_is_read_only_after_the_limit_moved_still_counts() -> None:
    script = play(RELAY, open_output=False)
    assert script.say(60, BETWEEN) == []
    assert script.at(0.5, open_output=True) == []
    assert script.say(5, OPEN) == []


def test_no_relay_seen_within_a_second_is_forced() -> None:
    script = play(RELAY, open_output=False)
    assert script.say(60, BETWEEN) == []
    assert script.at(1.1) == ["forced_open raised"]


def test_a_relay_that_can_be_written_only_is_no_witness() -> None:
    script = play(RELAY)
    assert script.say(60, BETWEEN) == ["forced_open raised"]


def test_a_command_long_ago_permits_nothing() -> None:
    script = play(RELAY, open_output=True)
    script.at(1, open_output=False)
    script.at(10.5)
    script.say(0, BETWEEN)
    assert script.at(1.1) == ["forced_open raised"]


def test_a_permission_counts_from_its_end_not_from_its_beginning() -> None:
    script = play(PERMIT, permit=True)
    script.at(3600, permit=False)
    assert script.say(9, BETWEEN) == []
    assert script.say(1, CLOSED) == []
    script.at(11)
    assert script.say(0, BETWEEN) == ["forced_open raised"]


def test_while_the_permission_cannot_be_read_nobody_is_accused_until_it_can() -> None:
    script = play(PERMIT, permit=False)
    script.at(1, permit=BAD)
    assert script.say(60, BETWEEN) == ["bad_reading raised"]
    assert script.say(1, OPEN) == []
    assert script.at(1, permit=False) == ["forced_open raised", "bad_reading cleared"]


def test_a_barrier_that_is_not_guarded_may_open_by_itself() -> None:
    script = play(FREE)
    assert script.say(60, BETWEEN) == []


def test_open_for_longer_than_allowed_is_held_open_until_it_is_closed() -> None:
    script = play(FREE)
    script.say(1, OPEN)
    assert script.at(119) == []
    assert script.at(1.5) == ["held_open raised"]
    assert script.say(1, BETWEEN) == []
    assert script.say(1, CLOSED) == ["held_open cleared"]


def test_opening_again_before_it_was_closed_does_not_start_the_clock_anew() -> None:
    script = play(FREE)
    script.say(1, OPEN)
    script.say(60, BETWEEN)
    script.say(2, OPEN)
    assert script.at(60) == ["held_open raised"]


def test_neither_open_nor_closed_after_its_travel_time_is_no_feedback() -> None:
    script = play(device("gate_barrier", "open_limit", "closed_limit", settings={"guarded": False, "travel_s": 4}))
    script.say(1, BETWEEN)
    assert script.at(5.9) == []
    assert script.at(0.2) == ["no_feedback raised"]
    assert script.memory.motion == "stopped"
    assert script.at(500) == []
    assert script.say(1, OPEN) == ["no_feedback cleared"]


def test_both_limits_at_once_is_a_wiring_fault_and_no_opening() -> None:
    script = play(LIMITS)
    assert script.say(60, BOTH) == ["no_feedback raised"]
    assert script.changes[-1].cause == "open and closed at once: wiring"
    assert script.say(60, CLOSED) == ["no_feedback cleared"]


def test_fault_and_mains_are_told() -> None:
    script = play(device("gate_barrier", "open_limit", "closed_limit", "fault", "mains"), fault=False, mains=True)
    assert script.at(1, fault=True) == ["fault raised"]
    assert script.at(1, mains=False) == []
    assert script.at(5.1) == ["mains_lost raised"]
    assert script.at(1, mains=BAD) == []
    assert script.at(1, mains=True, fault=False) == ["fault cleared", "mains_lost cleared"]


@pytest.mark.parametrize(
    ("condition", "limits", "wait_s"),
    [("forced_open", OPEN, 1.0), ("held_open", OPEN, 130.0), ("no_feedback", BETWEEN, 10.0)],
)
def test_a_restart_while_it_is_open_clears_nothing(
    condition: str, limits: dict[str, object], wait_s: float
) -> None:
    script = play(LIMITS)
    script.say(60, limits)
    script.at(wait_s)
    assert script.state(condition).active
    script.restart()
    assert script.say(0, limits) == []
    assert script.at(1) == []
    assert script.state(condition).active
    assert f"{condition} cleared" in script.say(1, CLOSED)


def test_a_barrier_found_open_at_the_first_sight_was_not_forced_but_may_be_held_open() -> None:
    script = Script(LIMITS)
    assert script.say(0, OPEN) == []
    assert script.at(120.5) == ["held_open raised"]
