"""How many seeds are played: `--seeds 500`, or one again: `--seed 17`."""

import pytest

DEFAULT = 50


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("whole-site simulation")
    group.addoption("--seeds", type=int, default=DEFAULT, help=f"how many seeds to play (default {DEFAULT})")
    group.addoption("--seed", type=int, default=None, help="play this seed only")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        one = metafunc.config.getoption("--seed")
        metafunc.parametrize("seed", [one] if one is not None else range(metafunc.config.getoption("--seeds")))
