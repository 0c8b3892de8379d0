"""Seeds × faults: whatever befalls a school, nothing false is told, nothing lost, and everything true arrives."""

import asyncio
import tempfile
from pathlib import Path

import pytest

from simulators.clock import run_virtual
from tests.site.invariants import Verdict
from tests.site.school import calmer, demo_site, school
from tests.site.storm import Storm


def weather(seed: int) -> tuple[list[str], list[str]]:
    """Play one seed; returns the complaints and what happened."""

    async def main(directory: Path) -> tuple[list[str], list[str]]:
        async with school(directory, seed, calmer(demo_site())) as place:
            await asyncio.sleep(5.0)
            storm = Storm(place, seed)
            await storm.rage()
            return Verdict(storm).complaints(), storm.log

    with tempfile.TemporaryDirectory() as directory:
        return run_virtual(main(Path(directory)), seed)


def test_no_seed_finds_a_lie_or_a_loss(seed: int) -> None:
    complaints, log = weather(seed)
    again = f"again: .venv/bin/pytest tests/site/test_seeds.py --seed {seed}"
    if complaints:
        pytest.fail("\n".join([again, *complaints[:12], "what happened:", *log]), pytrace=False)
