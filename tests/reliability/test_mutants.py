"""Each planted bug is caught by the test that is named for it; without the bug that test passes.

The invariants of the whole site are proven able to fail in tests/site/test_mutants.py, by seeds.
"""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.reliability.mutants.table import MUTANTS

ROOT = Path(__file__).parent.parent.parent
AT_ONCE = 2
MOST_S = 90.0
PLUGIN = "tests.reliability.mutants.plugin"


@pytest.fixture(scope="module")
def caught(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """By mutant, how its test ended."""
    return _ended(list(_rounds()), tmp_path_factory.mktemp("planted"))


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    """By test, how it ends when nothing is planted."""
    tests = dict.fromkeys((mutant.test for mutant in MUTANTS.values()), "")
    return _run(tests, tmp_path_factory.mktemp("sound"))


@pytest.mark.parametrize("name", MUTANTS)
def test_a_planted_bug_is_caught_by_its_test(name: str, caught: Mapping[str, list[str]]) -> None:
    assert caught[name] == ["AssertionError"], MUTANTS[name].test


@pytest.mark.parametrize("test", sorted({mutant.test for mutant in MUTANTS.values()}))
def test_without_a_bug_it_passes(test: str, sound: Mapping[str, list[str]]) -> None:
    assert sound[test] == ["passed"]


def _rounds() -> Iterator[dict[str, str]]:
    """Test to mutant, each test once a round: one process plays a round."""
    turn: Counter[str] = Counter()
    rounds: list[dict[str, str]] = []
    for name, mutant in MUTANTS.items():
        while len(rounds) <= turn[mutant.test]:
            rounds.append({})
        rounds[turn[mutant.test]][mutant.test] = name
        turn[mutant.test] += 1
    yield from rounds


def _ended(rounds: list[dict[str, str]], directory: Path) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        places = [directory / str(number) for number in range(len(rounds))]
        for planted, ended in zip(rounds, pool.map(_run, rounds, places), strict=True):
            found.update((planted[test], how) for test, how in ended.items())
    return found


def _run(planted: Mapping[str, str], directory: Path) -> dict[str, list[str]]:
    """A pytest of its own; its exit code says nothing, each test's end does."""
    directory.mkdir(exist_ok=True)
    report = directory / "report.json"
    only = {test: name for test, name in planted.items() if name}
    environment = {
        **os.environ,
        "CAMPUSGW_PLANTED": json.dumps(only),
        "CAMPUSGW_PLANTED_REPORT": str(report),
        "PYTHONPATH": str(ROOT),
    }
    command = [sys.executable, "-m", "pytest", "-q", "-p", PLUGIN, "-p", "no:cacheprovider"]
    done = subprocess.run(
        [*command, f"--basetemp={directory / 'tmp'}", *planted],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        timeout=MOST_S,
        check=False,
    )
    assert report.exists(), done.stdout.decode()[-3000:] + done.stderr.decode()[-3000:]
    ended: dict[str, list[str]] = json.loads(report.read_text())
    return ended
