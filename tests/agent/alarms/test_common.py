"""What every device has: lost, bad readings, signals that flutter, alarms that somebody set aside."""

import json

import pytest

from agent.alarms.memory import memory_from_json, memory_to_json, snapshot, stamped, summary
from agent.alarms.model import Change, ConditionState, DeviceMemory, Hold, Judgement, Order, Since, State
from agent.alarms.operate import operate
from agent.errors import OrderRefused
from agent.records import Instant
from tests.agent.alarms.script import BAD, Script, device, panel

BUTTON = device("one_key_alarm", "pressed", "tamper")
HOUR_S = 3600.0


def started() -> Script:
    script = Script(BUTTON)
    script.at(0, pressed=False, tamper=False)
    return script


# --- lost -------------------------------------------------------------------------------------------


def test_a_lost_device_says_so_at_once_and_clears_when_it_has_answered_for_thirty_seconds() -> None:
    script = started()
    script.lost = "u: no answer"
    assert script.at(1) == ["lost raised"]
    assert script.changes[-1].cause == "u: no answer"
    script.lost = None
    assert script.at(29) == []
    assert script.at(31) == ["lost cleared"]


def test_a_device_that_goes_again_while_it_comes_back_stays_lost() -> None:
    script = started()
    script.lost = "u: no answer"
    script.at(1)
    script.lost = None
    script.at(20)
    script.lost = "u: no answer"
    assert script.at(20) == []
    script.lost = None
    assert script.at(1) == []
    assert script.at(29) == []


def test_after_a_restart_a_loss_is_not_over_before_the_device_has_been_heard() -> None:
    script = started()
    script.lost = "u: no answer"
    script.at(1)
    script.restart()
    script.lost, script.heard = None, False
    assert script.at(3600) == []
    script.heard = True
    assert script.at(1) == []
    assert script.at(31) == ["lost cleared"]


def test_while_it_is_lost_its_bad_readings_are_no_news_and_afterwards_they_get_their_ten_seconds() -> None:
    script = started()
    script.at(0, pressed=BAD)
    script.lost = "u: no answer"
    assert script.at(5) == ["lost raised"]
    assert script.at(3600) == []
    script.lost = None
    assert script.at(1) == []
    assert script.at(9) == []
    assert script.at(1.1) == ["bad_reading raised"]


# --- chatter ----------------------------------------------------------------------------------------


def test_a_signal_that_flutters_is_one_alarm_of_its_own_and_each_flutter_is_told_too() -> None:
    script = started()
    said = [word for n in range(4) for word in script.at(1, tamper=n % 2 == 0)]
    assert said == ["tamper raised", "tamper cleared", "tamper raised", "unstable raised", "tamper cleared"]
    assert script.changes[3].cause == "tamper"
    assert script.at(57) == []
    assert script.at(3) == ["unstable cleared"]


def test_a_button_may_be_pressed_as_often_as_somebody_needs_help() -> None:
    script = started()
    said = [word for n in range(10) for word in script.at(1, pressed=n % 2 == 0)]
    assert "unstable raised" not in said
    assert said.count("pressed raised") == 5


# --- set aside --------------------------------------------------------------------------------------

RELEASE = {"shelve": "unshelve", "suppress": "release", "out_of_service": "return_to_service"}
OVER = {"shelve": "unshelved", "suppress": "released", "out_of_service": "returned_to_service"}
KIND = {"shelve": "shelved", "suppress": "suppressed", "out_of_service": "out_of_service"}


@pytest.mark.parametrize("action", RELEASE)
def test_what_is_set_aside_goes_on_upstream_with_its_mark_and_ends_by_itself(action: str) -> None:
    script = started()
    until = script.utc_s + HOUR_S
    assert script.order(action, "tamper", reason="施工", until_utc_s=until) == [f"tamper {KIND[action]}"]
    told = script.changes[-1]
    assert (told.person, told.reason, told.until_utc_s, told.hold) == ("王老师", "施工", until, KIND[action])
    assert script.at(1, tamper=True) == ["tamper raised"]
    assert (script.changes[-1].hold, script.changes[-1].until_utc_s) == (KIND[action], until)
    assert script.at(HOUR_S - 2) == []
    assert script.at(1.5) == [f"tamper {OVER[action]}"]
    assert (script.changes[-1].person, script.changes[-1].hold) == ("王老师", None)
    assert script.state("tamper") is State.UNACKNOWLEDGED


@pytest.mark.parametrize("action", RELEASE)
def test_what_is_set_aside_can_be_taken_back_early(action: str) -> None:
    script = started()
    script.order(action, "tamper", reason="施工", until_utc_s=script.utc_s + HOUR_S)
    assert script.order(RELEASE[action], "tamper") == [f"tamper {OVER[action]}"]
    with pytest.raises(OrderRefused, match=f"it is not {KIND[action]}"):
        script.order(RELEASE[action], "tamper")


def test_a_wall_clock_that_is_put_forward_ends_no_hold_early() -> None:
    """As when a board that woke up in 1970 learns the time."""
    script = started()
    script.order("shelve", "tamper", reason="施工", until_utc_s=script.utc_s + HOUR_S)
    script.utc_s += 56 * 365 * 86_400
    assert script.at(HOUR_S - 1) == []
    assert script.at(2) == ["tamper unshelved"]


def test_a_wall_clock_that_is_put_back_makes_no_hold_longer() -> None:
    script = started()
    script.order("shelve", "tamper", reason="施工", until_utc_s=script.utc_s + HOUR_S)
    script.utc_s -= 10 * 365 * 86_400
    assert script.at(HOUR_S + 1) == ["tamper unshelved"]


def test_a_hold_survives_a_restart_and_ends_at_its_time() -> None:
    script = started()
    script.order("shelve", "tamper", reason="施工", until_utc_s=script.utc_s + HOUR_S)
    script.restart()
    assert script.at(HOUR_S / 2, pressed=False, tamper=False) == []
    assert script.at(HOUR_S / 2 + 1) == ["tamper unshelved"]


def test_a_hold_that_ended_while_the_gateway_was_off_ends_at_the_first_look() -> None:
    script = started()
    script.order("shelve", "tamper", reason="施工", until_utc_s=script.utc_s + HOUR_S)
    script.restart()
    script.utc_s += 2 * HOUR_S
    assert script.at(0) == ["tamper unshelved"]


@pytest.mark.parametrize("off_s", [-56 * 365 * 86_400, -14 * 86_400, 2 * 365 * 86_400])
def test_a_clock_that_nobody_believes_after_the_machine_was_off_ends_no_hold_and_makes_none_longer_than_it_was(
    off_s: float,
) -> None:
    script = shelved_and_off(off_s)
    assert script.at(HOUR_S - 1) == []
    assert script.at(2) == ["tamper unshelved"]


@pytest.mark.parametrize("off_s", [-56 * 365 * 86_400, -14 * 86_400, 2 * 365 * 86_400])
def test_a_clock_that_becomes_right_after_the_machine_was_off_sets_the_end_right_within_a_minute(
    off_s: float,
) -> None:
    script = shelved_and_off(off_s)
    script.utc_s, script.right = script.utc_s - off_s, True
    assert script.at(HOUR_S / 2 - 2) == []
    assert script.at(63) == ["tamper unshelved"]


def shelved_and_off(off_s: float) -> Script:
    """Shelved for an hour; the machine was off for half of it, and its clock shows something else now."""
    script = started()
    script.order("shelve", "tamper", reason="施工", until_utc_s=script.utc_s + HOUR_S)
    script.restart()
    script.utc_s, script.right = script.utc_s + HOUR_S / 2 + off_s, False
    assert script.at(0, pressed=False, tamper=False) == []
    return script


def test_a_hold_that_was_ordered_while_the_clock_was_wrong_lasts_as_long_as_was_meant() -> None:
    script = started()
    script.utc_s, script.right = 1_000.0, False
    script.order("shelve", "tamper", reason="施工", until_utc_s=script.utc_s + HOUR_S)
    assert script.memory.conditions["tamper"].hold is not None
    assert not script.memory.conditions["tamper"].hold.right
    script.utc_s, script.right = 1_800_000_000.0, True
    assert script.at(HOUR_S - 1) == []
    assert script.at(2) == ["tamper unshelved"]


def test_a_process_that_is_started_again_goes_on_with_a_hold_by_the_machines_own_clock() -> None:
    script = started()
    script.order("shelve", "tamper", reason="施工", until_utc_s=script.utc_s + HOUR_S)
    kept = memory_to_json(script.memory, "m" * 16 + "a" * 16)
    back = memory_from_json(BUTTON, kept, "m" * 16 + "b" * 16)
    assert back.conditions["tamper"].hold == script.memory.conditions["tamper"].hold


def test_when_the_machine_was_off_its_times_are_told_by_what_became_known_of_its_last_boot() -> None:
    before, now = "m" * 16 + "a" * 16, "n" * 16 + "b" * 16
    hold = Hold("shelved", "施工", "王老师", 4_600.0, until_s=3_700.0, length_s=3_600.0, right=False)
    active = ConditionState(State.UNACKNOWLEDGED, hold, Since(1_000.0, "unknown", 100.0))
    kept = memory_to_json(DeviceMemory({"tamper": active}), before)

    def told(boot_id: str, at: Instant) -> Instant:
        assert boot_id == before
        return Instant(at.monotonic_s, 1.8e9 + at.monotonic_s, "synchronised")

    back = memory_from_json(BUTTON, kept, now, told).conditions["tamper"]
    assert back.since == Since(1.8e9 + 100.0, "synchronised")
    assert back.hold is not None
    assert (back.hold.until_utc_s, back.hold.until_s, back.hold.right) == (1.8e9 + 3_700.0, None, True)
    unknown = memory_from_json(BUTTON, kept, now).conditions["tamper"]
    assert unknown.since == Since(1_000.0, "unknown")
    assert unknown.hold is not None
    assert not unknown.hold.right


def test_the_end_and_the_beginning_are_shown_as_they_are_known_by_now() -> None:
    hold = Hold("shelved", "施工", "王老师", 4_600.0, until_s=3_700.0, length_s=3_600.0, right=False)
    active = ConditionState(State.UNACKNOWLEDGED, hold, Since(1_000.0, "unknown", 100.0))
    memory = DeviceMemory({"tamper": active})

    def known(at: Instant) -> Instant:
        return Instant(at.monotonic_s, 1.8e9 + at.monotonic_s, "synchronised")

    (shown,) = snapshot(BUTTON, memory, known)["conditions"]
    assert shown["since"] == {"at": 1.8e9 + 100.0, "clock": "synchronised"}
    assert shown["hold"]["until"] == 1.8e9 + 3_700.0


REFUSED = [
    ({"action": "shelve", "reason": "", "until": 60.0}, "needs a reason and an end time"),
    ({"action": "shelve", "reason": "  ", "until": 60.0}, "needs a reason and an end time"),
    ({"action": "shelve", "reason": "x", "until": None}, "needs a reason and an end time"),
    ({"action": "out_of_service", "reason": "x", "until": float("inf")}, "needs a reason and an end time"),
    ({"action": "suppress", "reason": "x", "until": float("nan")}, "needs a reason and an end time"),
    ({"action": "shelve", "reason": "x", "until": 0.0}, "in the past"),
    ({"action": "shelve", "reason": "x", "until": 8 * HOUR_S + 1}, "8 hours at most"),
    ({"action": "shelve", "reason": "x", "until": 60.0, "person": " "}, "name of the person"),
    ({"action": "acknowledge"}, "nothing to acknowledge: it is normal"),
    ({"action": "reset"}, "nothing to reset"),
    ({"action": "unshelve"}, "it is not shelved"),
    ({"action": "explode"}, "no action 'explode'; known: acknowledge, reset, shelve"),
    ({"action": "reset", "condition": "smoke"}, "no condition 'smoke'; it has: pressed, tamper"),
    ({"action": "reset", "address": "1.3"}, "has no addresses"),
]


@pytest.mark.parametrize(("order", "why"), REFUSED)
def test_an_order_that_does_not_fit_is_refused_with_the_reason(order: dict[str, object], why: str) -> None:
    script = started()
    fields = {"condition": "tamper", "person": "王老师", **order}
    until = fields.pop("until", None)
    fields["until_utc_s"] = None if until is None else script.utc_s + until  # type: ignore[operator]
    with pytest.raises(OrderRefused, match=why):
        operate(BUTTON, script.memory, Order(**fields), script.now_s, script.utc_s)  # type: ignore[arg-type]


def test_eight_hours_are_allowed() -> None:
    script = started()
    script.order("shelve", "tamper", reason="x", until_utc_s=script.utc_s + 8 * HOUR_S)
    assert (script.changes[-1].hold, script.changes[-1].until_utc_s) == ("shelved", script.utc_s + 8 * HOUR_S)


def test_one_hold_at_a_time_and_the_same_may_be_given_a_new_end() -> None:
    script = started()
    script.order("out_of_service", "tamper", reason="x", until_utc_s=script.utc_s + HOUR_S)
    with pytest.raises(OrderRefused, match="it is out_of_service by 王老师 already"):
        script.order("shelve", "tamper", reason="x", until_utc_s=script.utc_s + 60)
    script.order("out_of_service", "tamper", reason="x", until_utc_s=script.utc_s + 2 * HOUR_S)
    assert script.at(HOUR_S + 1) == []


# --- memory -----------------------------------------------------------------------------------------


def test_only_what_is_not_normal_is_kept() -> None:
    script = started()
    assert memory_to_json(script.memory) == "{}"
    script.at(1, tamper=True)
    assert json.loads(memory_to_json(script.memory)) == {"tamper": {"state": "unacknowledged"}}


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "7",
        '{"tamper": 7}',
        '{"tamper": {"state": "burning"}}',
        '{"tamper": {}}',
        '{"weather": {"state": "unacknowledged"}}',
        '{"1.3/tamper": {"state": "unacknowledged"}}',
        '{"tamper": {"state": "normal", "hold": ["parked", "x", "y", 1]}}',
        '{"tamper": {"state": "normal", "hold": ["shelved", "x", "y", null]}}',
        '{"tamper": {"state": "normal", "hold": ["shelved"]}}',
    ],
)
def test_a_memory_that_makes_no_sense_is_left_out(text: str) -> None:
    assert memory_from_json(BUTTON, text) == DeviceMemory()


@pytest.mark.parametrize(
    "since", ["7", '["x", "synchronised"]', '[1, "roughly"]', "[]", "{}", '[1, "unknown", 2]']
)
def test_a_time_that_makes_no_sense_costs_the_time_and_not_the_alarm(since: str) -> None:
    memory = memory_from_json(BUTTON, f'{{"tamper": {{"state": "unacknowledged", "since": {since}}}}}')
    assert memory.conditions["tamper"] == ConditionState(State.UNACKNOWLEDGED)


def test_a_change_is_stamped_and_what_is_normal_again_bears_no_time() -> None:
    told = Change("d", "tamper", "raised", State.UNACKNOWLEDGED, True, 2)
    raised = Judgement(DeviceMemory({"tamper": ConditionState(State.UNACKNOWLEDGED)}), (told,))
    memory = stamped(raised, Instant(5.0, 1000.0, "estimated")).memory
    assert memory.conditions["tamper"].since == Since(1000.0, "estimated", 5.0)
    here = "m" * 16
    assert memory_from_json(BUTTON, memory_to_json(memory, here), here) == memory
    over = {"tamper": ConditionState(State.NORMAL, since=Since(1000.0, "estimated"))}
    gone = stamped(Judgement(DeviceMemory(over), (told,)), Instant(6.0, 1001.0, "estimated"))
    assert gone.memory.conditions["tamper"] == ConditionState()


def test_the_snapshot_shows_what_is_not_normal_most_urgent_first() -> None:
    script = Script(panel())
    script.say(0, {"2/fault": True, "1/fire": True, "1/test": True})
    shown = snapshot(script.device, script.memory)
    assert [(c["condition"], c["address"]) for c in shown["conditions"]] == [
        ("fire", "1"),
        ("fault", "2"),
        ("test", "1"),
    ]
    assert summary([script.memory]) == {"active": 3, "unacknowledged": 3}
