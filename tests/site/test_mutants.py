"""The invariants can fail: each planted bug is caught by one of a few seeds."""

import contextlib
import logging
from collections.abc import Iterator

import pytest

from tests.reliability.mutants.uplink import (
    the_second_way_is_never_taken,
    what_is_under_way_when_a_link_breaks_counts_as_delivered,
)
from tests.site.mutants import MUTANTS, Mutant
from tests.site.weather import has_two_ways, play_seed

SEEDS = 60  # the first that notices is enough
OF_TWO_WAYS = (the_second_way_is_never_taken, what_is_under_way_when_a_link_breaks_counts_as_delivered)


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """A planted bug makes noise that nobody needs."""
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(logging.NOTSET)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__)
def test_a_planted_bug_is_caught_within_a_few_seeds(mutant: Mutant) -> None:
    with mutant(), quiet():
        assert any(caught(number) for number in range(SEEDS))


@pytest.mark.parametrize("mutant", OF_TWO_WAYS, ids=lambda mutant: mutant.__name__)
def test_a_planted_bug_of_the_two_ways_is_caught_by_schools_that_have_them(mutant: Mutant) -> None:
    with mutant(), quiet():
        assert any(caught(number) for number in filter(has_two_ways, range(2 * SEEDS)))


def caught(number: int) -> bool:
    """A complaint, or the run does not even get through."""
    try:
        complaints = play_seed(number).complaints
    except (AssertionError, ExceptionGroup):
        return True
    return bool(complaints)
