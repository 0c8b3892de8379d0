"""The bollard, and the readers and buttons that are no alarm."""

from tests.agent.alarms.script import Script, device

ROLES = ("raised_limit", "lowered_limit", "obstacle", "fault", "mains", "raise_output", "lower_output")
REST = {"obstacle": False, "fault": False, "mains": True, "raise_output": False, "lower_output": False}
RAISED = {"raised_limit": True, "lowered_limit": False}
LOWERED = {"raised_limit": False, "lowered_limit": True}
BETWEEN = {"raised_limit": False, "lowered_limit": False}


def bollard() -> Script:
    """One that is raised and has been seen so."""
    script = Script(device("bollard", *ROLES))
    assert script.say(0, {**RAISED, **REST}) == []
    return script


def test_raised_is_closed_to_vehicles_and_lowered_is_open() -> None:
    script = bollard()
    seen = []
    for limits in (BETWEEN, LOWERED, BETWEEN, RAISED):
        script.say(1, limits)
        seen.append(script.memory.motion)
    assert seen == ["opening", "open", "closing", "closed"]


def test_lowered_without_a_command_and_for_hours_is_no_alarm_of_a_bollard() -> None:
    script = bollard()
    script.say(1, LOWERED)
    assert script.say(86400, {}) == []


def test_one_that_arrives_nowhere_has_no_feedback() -> None:
    script = bollard()
    script.say(1, BETWEEN)
    assert script.say(9.1, {}) == ["no_feedback raised"]
    assert script.memory.motion == "stopped"
    assert script.say(1, LOWERED) == ["no_feedback cleared"]


def test_it_tells_what_is_in_its_way_its_fault_and_its_mains() -> None:
    script = bollard()
    assert script.at(1, obstacle=True) == ["obstructed raised"]
    assert script.at(1, fault=True) == ["fault raised"]
    script.at(1, mains=False)
    assert script.at(6) == ["mains_lost raised"]


def test_a_card_and_a_sign_on_are_no_alarm_but_a_tampered_reader_is() -> None:
    reader = Script(device("card_reader", "card", "tamper"))
    assert reader.at(0, card="", tamper=False) == []
    assert reader.at(1, card="0A1B2C3D") == []
    assert reader.at(1, tamper=True) == ["tamper raised"]
    button = Script(device("sign_on_button", "pressed"))
    assert button.at(0, pressed=False) == []
    assert button.at(1, pressed=True) == []
