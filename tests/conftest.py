"""Options of the whole test run."""

import logging
from collections.abc import Iterator

import pytest

SEEDS = 50


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("whole-site simulation")
    group.addoption("--seeds", type=int, default=SEEDS, help=f"how many seeds to play (default {SEEDS})")
    group.addoption("--seed", type=int, default=None, help="play this seed only")


@pytest.fixture
def quiet() -> Iterator[None]:
    """For those whose faults are judged and not read: pytest keeps all that is logged."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
