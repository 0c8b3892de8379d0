"""Two hours of a whole site in virtual time: storms, a restart, and nothing grows. `make long` does three days."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest

from agent.service.pipe import Pipe
from bench.endurance.long import Days, live
from simulators.clock import run_virtual

GROWS = ("objects: rise", "blocks: rise", "RSS, MB: rise")  # two hours are too short for these; pytest's grow too
OBJECTS_MOST = 1500

pytestmark = pytest.mark.usefixtures("quiet")


def hours(count: float, directory: Path) -> Days:
    return run_virtual(live(count, 7, directory, lambda _share, _words: None), 7)


def test_two_hours_of_storms_and_restarts_leave_nothing_behind(tmp_path: Path) -> None:
    days = hours(2.0, tmp_path)
    broken = [claim for claim in days.claims() if not claim.holds and claim.what not in GROWS]
    assert not broken
    objects = [value for _, value in days.over("objects")]
    assert max(objects) - min(objects) < OBJECTS_MOST
    assert days.chapters[-1].boots > 1


@contextmanager
def every_poll_is_remembered() -> Iterator[None]:
    """A planted leak: one small object for each reading that is passed on."""
    kept: list[object] = []
    accept = Pipe.accept

    async def remembering(self: Pipe, unit: str, readings: object) -> None:
        kept.append([unit])
        await accept(self, unit, readings)  # type: ignore[arg-type]

    with patch.object(Pipe, "accept", remembering):
        yield


def test_a_small_leak_is_noticed(tmp_path: Path) -> None:
    with every_poll_is_remembered():
        days = hours(1.5, tmp_path)
    found = {claim.what: claim.holds for claim in days.claims()}
    assert not found["objects: rise"]
