"""Bytes from outside do no harm: what was found so far is read again, and some more is made up each time."""

import signal
from collections.abc import Iterator
from types import FrameType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.fuzz.kept import FOLDER, all_of
from tests.fuzz.spoiled import spoiled
from tests.fuzz.targets import TARGETS

INPUT_S = 5.0
SHORT = settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
each = pytest.mark.parametrize("name", TARGETS)


@pytest.fixture(autouse=True)
def nothing_hangs() -> Iterator[None]:
    """All inputs of a test together take a fraction of this."""

    def too_long(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError("an input hangs")

    before = signal.signal(signal.SIGALRM, too_long)
    signal.setitimer(signal.ITIMER_REAL, 4 * INPUT_S)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0.0)
    signal.signal(signal.SIGALRM, before)


@each
def test_everything_that_was_ever_found_is_taken(name: str) -> None:
    target = TARGETS[name]
    inputs = all_of(target)
    assert inputs
    for one in inputs:
        target(one)


@each
@SHORT
@given(data=st.data())
def test_what_is_spoiled_is_taken_or_refused_as_promised(name: str, data: st.DataObject) -> None:
    TARGETS[name](data.draw(spoiled(TARGETS[name])))


@each
def test_what_is_good_is_not_refused(name: str) -> None:
    """Or the rest would only test the first lines of a parser."""
    target = TARGETS[name]
    eaten = [one for one in target.meals() if _eaten(name, one)]
    assert eaten


def _eaten(name: str, one: bytes) -> bool:
    target = TARGETS[name]
    try:
        target.eat(one)
    except target.errors:
        return False
    return True


def test_every_file_of_the_corpus_belongs_to_a_target() -> None:
    assert {file.stem for file in FOLDER.glob("*")} <= set(TARGETS)
