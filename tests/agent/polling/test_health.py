"""Lost within three misses and thirty seconds; all lost units together cost at most a twentieth."""

import pytest

from agent.polling.health import LOST_SHARE, Health, answered, interval_s, missed, probe_wait_s, refused_wait_s
from agent.polling.patience import Patience
from agent.site import Unit
from drivers.profiles import load_profiles, profiles_dir

PROFILE = load_profiles(profiles_dir())["renke_smoke"]
UNIT = Unit(id="u", line="l", profile=PROFILE, address=1, timeout_s=0.3)


def test_two_misses_make_a_suspect_and_the_third_a_loss() -> None:
    health = Health(answered_s=0.0)
    words = []
    for n in range(3):
        health = missed(health, UNIT, 0.1 * n, "no response")
        words.append(health.word)
    assert words == ["suspect", "suspect", "lost"]


def test_noise_is_no_silence_and_takes_three_times_as_long_to_be_a_loss() -> None:
    health, words = Health(answered_s=0.0), []
    for n in range(9):
        health = missed(health, UNIT, 0.1 * n, "checksum wrong", spoiled=True)
        words.append(health.word)
    assert words == ["suspect"] * 8 + ["lost"]


def test_silence_among_noise_still_counts() -> None:
    health = Health(answered_s=0.0)
    for spoiled in (True, False, True, False):
        health = missed(health, UNIT, 0.1, "…", spoiled=spoiled)
    assert not health.lost
    assert missed(health, UNIT, 0.1, "no response").lost


def test_one_miss_is_enough_when_the_unit_has_been_silent_for_thirty_seconds() -> None:
    assert missed(Health(answered_s=0.0), UNIT, 30.0, "no response").lost


def test_an_answer_makes_it_good_at_once() -> None:
    lost = Health(answered_s=0.0, misses=9, lost=True, probes=4, cause="no response")
    assert answered(lost, 5.0) == Health(answered_s=5.0)


@pytest.mark.parametrize("wanted_s", [0.05, 1.0, 9.0, 60.0, 3600.0])
def test_however_seldom_a_unit_is_polled_its_loss_is_known_within_thirty_seconds(wanted_s: float) -> None:
    every_s = interval_s(UNIT, wanted_s)
    worst_s = every_s + UNIT.lost_after_misses * (UNIT.timeout_s + UNIT.guard_s)
    assert worst_s <= UNIT.lost_after_s


@pytest.mark.parametrize("lost_units", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("probes", [1, 2, 3, 20])
def test_all_lost_units_together_use_at_most_a_twentieth_of_the_line(lost_units: int, probes: int) -> None:
    health = Health(answered_s=0.0, misses=3, lost=True, probes=probes)
    probe_s = Patience(floor_s=0.08, brisk_s=0.03, ceiling_s=0.3, request_s=0.016).probe_s
    mean_wait_s = probe_wait_s(health, lost_units * probe_s, jitter=0.5)
    assert lost_units * probe_s / (mean_wait_s + probe_s) <= LOST_SHARE


@pytest.mark.parametrize(("floor_s", "ceiling_s"), [(0.09, 0.3), (0.07, 1.0)], ids=["serial", "tcp"])
def test_with_four_lost_one_that_returns_is_asked_within_ten_seconds(floor_s: float, ceiling_s: float) -> None:
    health = Health(answered_s=0.0, misses=3, lost=True, probes=20)
    probe_s = Patience(floor_s=floor_s, brisk_s=floor_s, ceiling_s=ceiling_s).probe_s
    assert probe_wait_s(health, 4 * probe_s, jitter=1.0) <= 10.0


def test_the_first_probe_comes_soon_since_noise_may_have_taken_three_answers_in_a_row() -> None:
    just_lost = Health(answered_s=0.0, misses=3, lost=True)
    assert probe_wait_s(just_lost, 4.0, jitter=1.0) <= 0.6


def test_a_refused_block_is_asked_again_soon_and_then_ever_less_often() -> None:
    assert [refused_wait_s(n) for n in (1, 2, 3, 7, 100, 10_000)] == [0.5, 1.0, 2.0, 30.0, 30.0, 30.0]
