"""Seeds × faults: whatever befalls a school, nothing false is told, nothing lost, and everything true arrives."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.site.weather import play_seed

ROOT = Path(__file__).parent.parent.parent
JOURNAL = "import sys; from tests.site.weather import play_seed; sys.stdout.write(play_seed(5).journal)"


def test_no_seed_finds_a_lie_or_a_loss(seed: int) -> None:
    weather = play_seed(seed)
    if weather.complaints:
        again = f"play it again: .venv/bin/pytest tests/site/test_seeds.py --seed {seed}"
        pytest.fail("\n".join([again, *weather.complaints[:12], "what happened:", *weather.log]), pytrace=False)


def test_a_seed_is_the_same_story_in_every_process() -> None:
    journals = [_journal(hash_seed) for hash_seed in ("1", "2")]
    assert journals[0].count("\n") > 100
    assert journals[0] == journals[1]


def _journal(hash_seed: str) -> str:
    """All that one seed published, told by a Python whose sets and dicts of strings are ordered otherwise."""
    environment = {**os.environ, "PYTHONHASHSEED": hash_seed, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8"}
    told = subprocess.run(
        [sys.executable, "-c", JOURNAL], cwd=ROOT, env=environment, capture_output=True, check=True, timeout=60
    )
    return told.stdout.decode()


def test_another_seed_is_another_story() -> None:
    assert play_seed(0).journal != play_seed(1).journal
