"""The profiles are read once for all tests of the configuration; nothing changes them."""

from functools import cache

import pytest

from agent.config import load
from drivers.profiles import load_profiles

cached = cache(load_profiles)


@pytest.fixture(autouse=True)
def _profiles_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(load, "load_profiles", cached)
