"""Whatever befalls broker or link, every press arrives and status names the fault (`make brokers`: longer)."""

import asyncio
import os
from dataclasses import replace

import pytest

from bench.mosquitto import installed
from bench.reliability.brokers.cases import CASES, Case
from bench.reliability.brokers.hosts import missing
from bench.reliability.brokers.play import play

LASTS_MOST_S = 12.0

pytestmark = [
    pytest.mark.mosquitto,
    pytest.mark.skipif(installed() is None, reason="mosquitto is not installed"),
    pytest.mark.timeout(240),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_nothing_is_lost_and_the_fault_has_a_name(case: Case) -> None:
    if case.way == "two hosts" and (lacks := missing()):
        pytest.skip(f"two hosts need {lacks}")
    played = asyncio.run(play(replace(case, lasts_s=min(case.lasts_s, LASTS_MOST_S)), seed=os.getpid()))
    broken = [
        f"{claim.what}: {claim.measured}, and not {claim.bound}" for claim in played.claims() if not claim.holds
    ]
    assert not broken
    assert played.changes > 10, "somebody pressed"
