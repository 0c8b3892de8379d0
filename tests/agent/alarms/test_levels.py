"""Numbers with limits: smoke, environment, charge; each with its deadband and its delays."""

import pytest

from agent.alarms.model import State
from tests.agent.alarms.script import BAD, Script, device, use

LEVELS = {"alarm_level": 1000, "prealarm_level": 300}


def test_a_smoke_detectors_contacts_are_taken_as_they_are() -> None:
    script = Script(device("smoke_detector", "alarm", "prealarm", "contamination", "fault", "battery"))
    script.at(0, alarm=False, prealarm=False, contamination=False, fault=False, battery=False)
    assert script.at(1, prealarm=True) == ["prealarm raised"]
    assert script.at(1, alarm=True) == ["alarm raised"]
    assert script.at(1, fault=True) + script.at(1.1) == ["fault raised"]
    assert script.at(0, contamination=True, battery=True) == []
    assert script.at(15.1) == ["contamination raised", "battery_low raised"]


def test_a_smoke_level_rises_to_prealarm_and_alarm_and_the_alarm_latches() -> None:
    script = Script(device("smoke_detector", "level", settings=LEVELS))
    assert script.at(0, level=0) == []
    assert script.at(1, level=299.9) == []
    assert script.at(1, level=300) == ["prealarm raised"]
    assert script.at(1, level=1000) == ["alarm raised"]
    assert script.at(1, level=901) == []
    assert script.at(1, level=900) == []
    assert script.at(1, level=899) == ["alarm cleared"]
    assert script.state("alarm") is State.LATCHED_UNACKNOWLEDGED
    assert script.at(1, level=269) == ["prealarm cleared"]


def test_a_contact_outranks_the_level() -> None:
    script = Script(device("smoke_detector", "alarm", "level", settings=LEVELS))
    assert script.at(0, alarm=False, level=5000) == ["prealarm raised"]


def test_a_points_own_deadband_and_delay_win() -> None:
    script = Script(device("smoke_detector", settings=LEVELS, level=use(deadband=100, on_delay_s=2)))
    script.at(0, level=0)
    assert script.at(1, level=350) == []
    assert script.at(2.1) == ["prealarm raised"]
    assert script.at(1, level=201) == []
    assert script.at(1, level=199) == ["prealarm cleared"]


@pytest.mark.parametrize("bad", [BAD, float("nan"), float("inf"), "smoke", True, None])
def test_what_is_no_number_moves_no_level(bad: object) -> None:
    script = Script(device("smoke_detector", "level", settings=LEVELS))
    script.at(0, level=2000)
    assert [w for w in script.at(1, level=bad) if not w.startswith("bad_reading")] == []
    assert script.state("alarm").active


COLD_AND_HOT = {"temperature_high": 45, "temperature_low": -5}
CANTEEN = device("environment", "temperature", "humidity", settings=COLD_AND_HOT)


def test_a_limit_is_passed_when_it_holds_for_its_delay() -> None:
    script = Script(CANTEEN)
    script.at(0, temperature=20.0)
    assert script.at(1, temperature=46.0) == []
    assert script.at(59) == []
    assert script.at(1.1) == ["temperature_high raised"]
    assert script.changes[-1].cause == "46, limit 45"
    assert script.at(1, temperature=44.2) == []
    assert script.at(1, temperature=44.0) == ["temperature_high cleared"]


def test_a_short_peak_is_no_alarm() -> None:
    script = Script(CANTEEN)
    script.at(0, temperature=20.0)
    script.at(1, temperature=46.0)
    script.at(30, temperature=44.0)
    assert script.at(60, temperature=46.0) == []


def test_a_gap_in_the_readings_does_not_put_an_alarm_off() -> None:
    script = Script(CANTEEN)
    script.at(0, temperature=46.0)
    script.at(30, temperature=BAD)
    assert script.at(5, temperature=46.0) == []
    assert script.at(25.1) == ["temperature_high raised"]


def test_a_gap_in_the_readings_puts_a_clearing_off() -> None:
    script = Script(device("environment", settings={"temperature_high": 45}, temperature=use(off_delay_s=10)))
    script.at(0, temperature=50.0)
    script.at(61)
    script.at(1, temperature=20.0)
    script.at(9, temperature=BAD)
    assert script.at(2, temperature=20.0) == []
    assert script.at(10.1) == ["temperature_high cleared"]


def test_a_low_limit_works_the_other_way_round() -> None:
    script = Script(CANTEEN)
    script.at(0, temperature=-5.0)
    assert script.at(60.1) == ["temperature_low raised"]
    assert script.at(1, temperature=-4.95) == []
    assert script.at(1, temperature=-4.8) == ["temperature_low cleared"]


def test_without_a_limit_a_number_is_only_measured() -> None:
    script = Script(CANTEEN)
    script.at(0, humidity=100.0)
    assert script.at(3600) == []


def test_a_limit_taken_out_of_the_configuration_lets_its_alarm_go() -> None:
    script = Script(CANTEEN)
    script.at(0, temperature=50.0)
    script.at(61)
    script.restart()
    script.device = device("environment", "temperature", "humidity")
    assert script.at(1, temperature=50.0) == ["temperature_high cleared"]
    assert script.changes[-1].cause == "no point tells it any more"


def test_a_power_supply_tells_battery_fault_and_low_charge() -> None:
    script = Script(device("power_supply", "on_battery", "fault", "charge"))
    script.at(0, on_battery=False, fault=False, charge=100)
    assert script.at(1, on_battery=True) + script.at(5.1) == ["on_battery raised"]
    assert script.at(60, charge=30) + script.at(5.1) == ["battery_low raised"]
    assert script.at(1, charge=35) == []
    assert script.at(1, charge=35.5) == ["battery_low cleared"]
    assert script.at(1, fault=True) + script.at(1.1) == ["fault raised"]


def test_a_flag_of_its_own_outranks_the_charge() -> None:
    script = Script(device("power_supply", "battery_low", "charge"))
    script.at(0, battery_low=False, charge=1)
    assert script.at(60) == []
