"""Fire: sensors with points of their own, and panels that speak of addresses."""

import pytest

from agent.alarms.model import State
from agent.errors import OrderRefused
from drivers.reading import Quality
from tests.agent.alarms.script import BAD, PointValue, Script, device, panel

SENSOR = device("fire_sensor", "alarm", "prealarm", "fault", "disabled", "test")


def test_a_sensors_alarm_latches_until_reset() -> None:
    script = Script(SENSOR)
    script.at(0, alarm=False)
    assert script.at(1, alarm=True) == ["alarm raised"]
    assert script.at(1, alarm=False) == ["alarm cleared"]
    assert script.state("alarm") is State.LATCHED_UNACKNOWLEDGED
    assert script.order("reset", "alarm") == ["alarm reset"]


@pytest.mark.parametrize(
    ("role", "delay_s", "priority"), [("prealarm", 0, 2), ("fault", 1, 3), ("disabled", 0, 3), ("test", 0, 4)]
)
def test_what_else_a_sensor_says_comes_and_goes(role: str, delay_s: float, priority: int) -> None:
    script = Script(SENSOR)
    script.say(0, {role: False})
    said = script.say(1, {role: True}) + script.at(delay_s + 0.1)
    assert said == [f"{role} raised"]
    assert script.changes[-1].priority == priority
    assert script.say(1, {role: False}) == [f"{role} cleared"]
    assert script.state(role) is State.RETURNED


@pytest.mark.parametrize("action", ["shelve", "suppress"])
@pytest.mark.parametrize("of", [SENSOR, device("smoke_detector", "alarm")])
def test_a_fire_alarm_cannot_be_shelved(of: object, action: str) -> None:
    script = Script(of)  # type: ignore[arg-type]
    with pytest.raises(OrderRefused, match="saves lives"):
        script.order(action, "alarm", reason="x", until_utc_s=script.utc_s + 60)


CONDITIONS = ["fire", "prealarm", "supervisory", "fault", "disabled", "activated", "test"]


@pytest.mark.parametrize("condition", CONDITIONS)
def test_each_address_of_a_panel_has_its_own_conditions(condition: str) -> None:
    script = Script(panel())
    assert script.say(0, {f"1.3.30/{condition}": True}) == [f"1.3.30/{condition} raised"]
    assert script.say(1, {f"1.3.31/{condition}": True}) == [f"1.3.31/{condition} raised"]
    assert script.say(1, {f"1.3.30/{condition}": False}) == [f"1.3.30/{condition} cleared"]
    assert script.state(f"1.3.31/{condition}").active


def test_the_same_word_twice_is_one_alarm() -> None:
    script = Script(panel())
    script.say(0, {"1/fire": True})
    assert script.say(1, {"1/fire": True}) == []


def test_what_the_panel_said_in_words_goes_with_it() -> None:
    script = Script(panel())
    script.points["1/fire"] = PointValue(True, text="三层手动报警按钮")
    script.at(0)
    assert script.changes[0].text == "三层手动报警按钮"


def test_a_reset_at_the_panel_clears_every_address() -> None:
    script = Script(panel())
    script.say(0, {"1/fire": True, "2/fault": True})
    script.points = {}  # as the table does with a wildcard
    assert sorted(script.say(1, {"*/*": False})) == ["1/fire cleared", "2/fault cleared"]
    assert script.state("1/fire") is State.RETURNED


def test_a_reset_of_one_condition_leaves_the_others() -> None:
    script = Script(panel())
    script.say(0, {"1/fire": True, "2/fault": True})
    del script.points["1/fire"]
    assert script.say(1, {"*/fire": False}) == ["1/fire cleared"]
    assert script.state("2/fault").active


def test_after_a_restart_an_address_that_says_nothing_keeps_its_alarm_until_a_reset() -> None:
    script = Script(panel())
    script.say(0, {"1/fire": True})
    script.restart()
    assert script.at(3600) == []
    assert script.state("1/fire").active
    assert script.say(1, {"*/*": False}) == ["1/fire cleared"]


def test_a_reset_that_cannot_be_believed_clears_nothing() -> None:
    script = Script(panel())
    script.say(0, {"1/fire": True})
    script.points = {}
    assert script.say(1, {"*/*": BAD}) == []


def test_a_condition_that_nobody_knows_is_ignored_at_an_address() -> None:
    script = Script(panel())
    assert script.say(0, {"1/weather": True}) == []


def test_a_panel_that_comes_back_is_not_accused_of_what_it_said_before() -> None:
    script = Script(panel())
    script.say(0, {"1/fire": True})
    script.points["1/fire"] = PointValue(True, Quality.UNCERTAIN, cause="not heard since it was lost")
    assert script.at(60) == []
    assert script.state("1/fire").active


def test_a_code_that_is_understood_again_ends_the_bad_reading_of_its_address() -> None:
    script = Script(panel())
    script.points["7/unknown"] = PointValue(True, Quality.BAD, 1.0, "unknown event code 99")
    script.at(0)
    assert script.at(10.1) == ["bad_reading raised"]
    script.points["7/fire"] = PointValue(True, at_s=2.0)
    assert script.at(1) == ["7/fire raised", "bad_reading cleared"]


def test_normal_addresses_need_no_memory() -> None:
    script = Script(panel())
    script.say(0, {f"{n}/fire": False for n in range(1000)})
    assert script.memory.conditions == {}


def test_an_order_for_a_panel_says_at_which_address() -> None:
    script = Script(panel())
    script.say(0, {"1.3.30/fire": True})
    with pytest.raises(OrderRefused, match=r"at which address of p; now: 1\.3\.30"):
        script.order("acknowledge", "fire")
    assert script.order("acknowledge", "fire", address="1.3.30") == ["1.3.30/fire acknowledged"]
