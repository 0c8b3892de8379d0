"""Whichever operation of the whole gateway fails or hangs: no alarm is lost, nothing hangs, and somebody is told.

Some of every kind here; `make cuts` does each of them.
"""

from dataclasses import replace
from typing import get_args

import pytest

from bench.reliability.nth import all as nth
from bench.reliability.nth.all import Case, calm, cases, complaints
from bench.reliability.nth.tap import KINDS, Kind, Manner

SOME = 24

pytestmark = pytest.mark.usefixtures("quiet")


def test_on_a_calm_day_everything_is_told_once_and_nobody_speaks_of_a_fault() -> None:
    assert not calm().complaints
    assert not calm().said
    assert all(calm().tap.counted[kind] for kind in KINDS), calm().tap.counted


@pytest.mark.parametrize("manner", get_args(Manner))
@pytest.mark.parametrize("kind", KINDS)
def test_the_nth_operation_of_a_kind_costs_no_alarm_and_is_told(kind: Kind, manner: Manner) -> None:
    some = [case for case in cases(SOME) if (case.kind, case.manner) == (kind, manner)]
    assert some
    assert not [words for case in some for words in complaints(case)]


def test_a_fault_that_delays_an_alarm_and_of_which_nobody_hears_is_a_complaint() -> None:
    late = {words: at_s + nth.calm().tap.counted["store"] for words, at_s in calm().at_s.items()}
    struck = replace(calm(), at_s=late, tap=replace(calm().tap, struck_s=1.0))
    assert "nobody was told" in nth.unsaid(struck, calm())


def test_every_operation_of_a_day_has_its_turn() -> None:
    counted = calm().tap.counted
    assert {(case.kind, case.nth) for case in cases()} == {(k, n) for k in KINDS for n in range(1, counted[k] + 1)}
    assert Case("store", 1, "hangs") in set(cases(SOME))
