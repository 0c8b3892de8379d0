"""Whichever call below SQLite is refused, once or from then on, the store stays whole: every third of them."""

import pytest

from bench.reliability.cutting.refusals import refusals


@pytest.mark.usefixtures("quiet")
def test_the_nth_call_below_sqlite_may_be_refused_for_every_n() -> None:
    found = list(refusals(every=3))
    assert not [f"{what}: {why}" for what, why in found if why]
    assert len(found) > 200, "a run has many calls, and each had its turn"
