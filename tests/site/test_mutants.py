"""The invariants can fail: each planted bug is caught by one of a few seeds."""

import contextlib
import logging
from collections.abc import Iterator

import pytest

from tests.site.mutants import MUTANTS, Mutant
from tests.site.weather import play_seed

SEEDS = 60  # the first that notices is enough


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


def caught(number: int) -> bool:
    """A complaint, or the run does not even get through."""
    try:
        complaints = play_seed(number).complaints
    except (AssertionError, ExceptionGroup):
        return True
    return bool(complaints)
