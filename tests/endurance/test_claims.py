"""What a run claims: growth that wild samples do not bend, bounds that can be broken, a page in parts."""

import random
from pathlib import Path

import pytest

from bench.endurance.claims import at_least, at_most, no_growth, none_of
from bench.endurance.fit import rise, slope
from bench.endurance.page import Result, table, write
from bench.endurance.replug import KINDS, outages

LEVEL = [(float(n), 40.0 + n % 3) for n in range(60)]


def test_a_level_does_not_grow_whatever_wild_samples_there_are() -> None:
    wild = [(at_s, value + 500.0) if n % 5 == 0 else (at_s, value) for n, (at_s, value) in enumerate(LEVEL)]
    assert slope(LEVEL) == pytest.approx(0.0, abs=0.01)
    assert slope(wild) == pytest.approx(0.0, abs=0.05)


def test_a_leak_below_the_noise_is_found() -> None:
    leaking = [(at_s, value + 0.02 * at_s) for at_s, value in LEVEL]
    assert rise(leaking) == pytest.approx(0.02 * 59, rel=0.1)
    assert not no_growth("objects", leaking, 1.0).holds
    assert no_growth("objects", LEVEL, 1.0).holds


def test_what_shrinks_does_not_grow() -> None:
    assert no_growth("objects", [(at_s, -value) for at_s, value in enumerate(range(9))], 0.0).holds


def test_a_bound_that_is_broken_is_said_so() -> None:
    claims = [at_most("gap", 3.1, 3.0, " s"), at_least("presses", 4, 5), none_of("lost", ["a", "b"])]
    assert [claim.holds for claim in claims] == [False, False, False]
    assert table(claims).count("**no**") == 3
    assert "2: a; b" in table(claims)


def test_each_tool_writes_its_own_part_of_the_page_and_leaves_the_others(tmp_path: Path) -> None:
    page = tmp_path / "endurance.md"

    def part(name: str, told: str) -> Result:
        return Result(name, name.title(), f"make {name}", told, [at_most("a", 1, 2)], {"date": "today"}, {})

    for result in (
        part("soak", "an earlier run"),
        part("long", "three days"),
        part("replug", "pulls"),
        part("soak", "a new run"),
    ):
        write(result, page)
    text = page.read_text()
    assert "an earlier run" not in text
    assert text.index("three days") < text.index("a new run") < text.index("pulls")
    assert text.count("<!-- end -->") == 3
    assert text.count("\n# ") + text.startswith("# ") == 1


@pytest.mark.parametrize("rounds", [1, 10, 200])
def test_there_are_as_many_outages_as_rounds_and_in_the_long_run_one_of_a_minute(rounds: int) -> None:
    away_s = outages(rounds, random.Random(1))
    assert len(away_s) == rounds
    assert max(away_s) <= KINDS[-1][2]
    assert (60.0 in away_s) == (rounds == 200)
