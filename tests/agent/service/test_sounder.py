"""How a sounder is switched: by pulses that the module times where it can, else plainly."""

import pytest

from agent.polling.outputs import Want
from agent.service.sounder import Sounder, wanted_on
from drivers.profile_parts import Pulse
from drivers.profiles import load_profiles, profiles_dir

PROFILES = load_profiles(profiles_dir())


def test_a_module_that_times_pulses_ends_the_noise_by_itself() -> None:
    assert wanted_on(PROFILES["waveshare_io8_relay8"].point("do8")) == Want(True, pulse_s=10.0)


def test_one_that_does_not_is_switched_plainly() -> None:
    assert wanted_on(PROFILES["ebyte_me31"].point("do1")) == Want(True)


@pytest.mark.parametrize(("unit_s", "most", "pulse_s"), [(0.1, 99, None), (0.1, 100, 10.0), (20.0, 9, None)])
def test_pulses_that_are_too_short_or_too_coarse_are_of_no_use(unit_s: float, most: int, pulse_s: float) -> None:
    point = PROFILES["waveshare_io8_relay8"].point("do8")
    point = point.model_copy(update={"pulse": Pulse(coil=0, unit_s=unit_s, most=most)})
    assert wanted_on(point) == Want(True, pulse_s=pulse_s)


def test_without_a_sounder_there_is_nothing_to_switch_and_no_fault() -> None:
    sounder = Sounder(None, [])
    sounder.sound(True)
    assert (sounder.point, sounder.fault) == ("", "")


def test_it_sounds_while_anybody_has_a_reason_and_one_order_silences_all() -> None:
    sounder, heard = Sounder(None, []), []
    sounder.hushed.append(lambda: heard.append(1))
    sounder.sound(True)
    sounder.sound(True, "escalation")
    sounder.sound(False)
    assert sounder.sounding, "the other reason is there still"
    sounder.sound(True)
    sounder.hush()
    assert (sounder.sounding, heard) == (False, [1])
    sounder.sound(True, "escalation")
    assert sounder.sounding, "a new one sounds again"
