"""Profiles are data that no test here changes: they are read once."""

import functools

import pytest

from agent.config import load
from drivers.profiles import Shelf

cached = functools.cache(Shelf)


@pytest.fixture(autouse=True)
def _profiles_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "Shelf", cached)
