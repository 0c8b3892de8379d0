"""The door: open and closed, held open, forced open."""

from agent.site import PointUse
from tests.agent.alarms.script import BAD, Script, device

PLAIN = device("door", "open")
PERMITTED = device("door", "open", "permit")


def test_either_contact_tells_how_the_door_stands_and_two_must_agree() -> None:
    seen = []
    for roles, said in (
        (("open",), {"open": True}),
        (("closed",), {"closed": True}),
        (("open", "closed"), {"open": True, "closed": False}),
        (("open", "closed"), {"open": True, "closed": True}),
        (("open",), {"open": BAD}),
    ):
        script = Script(device("door", *roles))
        script.say(0, said)
        seen.append(script.memory.motion)
    assert seen == ["open", "closed", "open", "unknown", "unknown"]


def test_a_normally_closed_contact_is_turned_round() -> None:
    script = Script(device("door", open=PointUse("u", "open", inverted=True)))
    script.at(0, open=True)
    assert script.memory.motion == "closed"


def test_a_door_is_held_open_after_its_time_and_until_it_is_closed() -> None:
    script = Script(PLAIN)
    script.at(0, open=False)
    assert script.at(1, open=True) == []
    assert script.at(59.9) == []
    assert script.at(0.2) == ["held_open raised"]
    assert script.at(1, open=BAD) == []
    assert script.at(1, open=False) == ["held_open cleared"]


def test_a_restart_does_not_forget_that_it_is_held_open() -> None:
    script = Script(PLAIN)
    script.at(0, open=True)
    script.at(61)
    script.restart()
    assert script.at(0, open=True) == []
    assert script.at(1, open=False) == ["held_open cleared"]


def test_a_door_that_nobody_guards_is_opened_by_anybody() -> None:
    script = Script(PLAIN)
    script.at(0, open=False)
    assert script.at(1, open=True) == []


def test_an_opening_without_permission_is_forced_and_stays_so_until_it_is_closed() -> None:
    script = Script(PERMITTED)
    script.at(0, open=False, permit=False)
    assert script.at(1, open=True) == []
    assert script.at(1.1) == ["forced_open raised"]
    assert script.at(1, permit=True) == []
    assert script.at(1, open=False) == ["forced_open cleared"]


def test_a_permission_counts_shortly_before_and_right_after_the_opening() -> None:
    for permit_first in (True, False):
        script = Script(PERMITTED)
        script.at(0, open=False, permit=False)
        script.at(1, **({"permit": True} if permit_first else {"open": True}))
        script.at(0.5, open=True, permit=True)
        assert script.at(30, permit=False) == []


def test_an_old_permission_permits_nothing() -> None:
    script = Script(PERMITTED)
    script.at(0, open=False, permit=True)
    script.at(1, permit=False)
    script.at(11, open=True)
    assert script.at(1.1) == ["forced_open raised"]


def test_a_permission_that_cannot_be_read_accuses_nobody() -> None:
    script = Script(PERMITTED)
    script.at(0, open=False, permit=BAD)
    script.at(1, open=True)
    assert script.at(5) == []


def test_a_guarded_door_without_a_permit_wired_is_forced_by_every_opening() -> None:
    script = Script(device("door", "open", settings={"guarded": True}))
    script.at(0, open=False)
    assert script.at(1, open=True) == ["forced_open raised"]


def test_a_door_that_was_open_at_the_start_was_not_forced() -> None:
    script = Script(PERMITTED)
    script.at(0, open=True, permit=False)
    assert script.at(5) == []
