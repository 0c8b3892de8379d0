"""A hundred kills of the real process; `make torture` does a thousand. A planted bug is found within a few."""

import asyncio
from pathlib import Path

import pytest

from bench.mosquitto import installed
from bench.reliability.torture import Tortured, torture

pytestmark = [pytest.mark.mosquitto, pytest.mark.timeout(400)]

KILLS = 100
ENOUGH = 60  # kills within which the planted bug has lost something
PLANTED = ("-m", "bench.reliability.kills.planted")


def run(kills: int, directory: Path, *command: str) -> Tortured:
    if not installed():
        pytest.skip("not here: mosquitto (apt install mosquitto)")
    more = {"command": command} if command else {}
    return asyncio.run(torture(kills, 7, directory, lambda _share, _words: None, **more))


def test_a_hundred_kills_at_random_instants_lose_nothing_and_invent_nothing(tmp_path: Path) -> None:
    tortured = run(KILLS, tmp_path)
    assert [claim for claim in tortured.claims() if not claim.holds] == [], tmp_path
    assert tortured.done.kills == KILLS
    assert tortured.done.brokers == 2


def test_a_gateway_that_confirms_before_it_has_sent_is_found_out(tmp_path: Path) -> None:
    tortured = run(ENOUGH, tmp_path, *PLANTED)
    assert [claim.what for claim in tortured.claims() if not claim.holds]
    assert "do not arrive" in tortured.broken[0]
