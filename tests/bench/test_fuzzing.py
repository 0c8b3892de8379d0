"""`make fuzz` finds what is planted, keeps it, and counts what it did."""

from pathlib import Path

import pytest

from bench.reliability import fuzz
from bench.reliability.fuzzing import jobs
from bench.reliability.fuzzing.minimise import minimised
from bench.reliability.fuzzing.structured import play
from tests.fuzz.kept import keep
from tests.fuzz.target import Target
from tests.fuzz.targets import TARGETS


def _planted(given: bytes) -> None:
    if b"\x82" in given and len(given) > 3:
        raise KeyError("planted")


def _refuses(given: bytes) -> None:
    raise ValueError(given)


def meals() -> list[bytes]:
    return [b"good", b"better"]


PLANTED = Target("planted", _planted, meals)


def test_a_planted_bug_is_found_and_made_small() -> None:
    found = play(PLANTED, 3000, 1)
    assert found is not None
    assert b"\x82" in found
    assert len(found) == 4


def test_what_is_documented_is_no_bug() -> None:
    assert play(Target("refuses", _refuses, meals, errors=(ValueError,)), 200, 1) is None
    assert play(Target("refuses", _refuses, meals, errors=(KeyError,)), 200, 1) is not None


def test_each_target_gets_its_share_and_no_less_than_is_fair(tmp_path: Path) -> None:
    planned = fuzz.planned(list(TARGETS.values()), fuzz.INPUTS, 1, tmp_path)
    by_target = {name: sum(job.inputs for job in planned if job.target.name == name) for name in TARGETS}
    assert min(by_target.values()) >= fuzz.LEAST
    assert sum(by_target.values()) >= fuzz.INPUTS
    assert len({job.directory for job in planned}) == len(planned)


@pytest.mark.parametrize(
    ("said", "inputs", "peak_mb"),
    [
        ("#2\tINITED cov: 3\n#4096\tpulse  cov: 12 rss: 60Mb\n", 4096, 0),
        ("#4096\tpulse\nstat::number_of_executed_units: 5000\nstat::peak_rss_mb:              81\n", 5000, 81),
        ("#1000\n#1234\n", 1234, 0),
        ("", 0, 0),
    ],
)
def test_what_an_engine_says_is_counted(said: str, inputs: int, peak_mb: int, tmp_path: Path) -> None:
    outcome = jobs.Outcome(jobs.Job(PLANTED, "guided", 1, 1, 1, tmp_path))
    outcome.job.log.write_text(said)
    outcome.look()
    assert (outcome.inputs, outcome.peak_mb, outcome.failing) == (inputs, peak_mb, [])


def test_an_input_that_does_harm_spoils_the_result_and_an_engine_that_fell_is_named(tmp_path: Path) -> None:
    outcome = jobs.Outcome(jobs.Job(PLANTED, "guided", 1, 1, 1, tmp_path), code=77)
    outcome.job.log.write_text("#5\nTraceback\n")
    outcome.look()
    assert "planted, guided: exit 77" in outcome.broken
    (tmp_path / "timeout-abc").write_bytes(b"x")
    outcome.look()
    assert outcome.broken == ""
    hangs = next(claim for claim in fuzz.claims([outcome], 5) if claim.what.startswith("hangs"))
    assert (hangs.holds, hangs.measured) == (False, "1: planted timeout-abc")


def test_what_takes_no_new_step_is_not_kept() -> None:
    target = TARGETS["modbus_tcp"]
    fault = b"\x00\x00\x07\x00\x01\x00\x03\x01\x83\x02"  # protocol 1
    kept = minimised(target, [*target.meals(), fault, fault + b"\x00", b"\x00\x00"])
    assert fault in kept
    assert fault + b"\x00" not in kept
    assert not set(kept) & set(target.meals())


def test_a_corpus_keeps_the_shortest_and_no_meal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.fuzz.kept.FOLDER", tmp_path)
    kept = keep(PLANTED, [b"good", b"\x00\n", b"x" * 30_000, b"abc"])
    assert kept == 2
    assert (tmp_path / "planted.txt").read_text() == "b'\\x00\\n'\nb'abc'\n"
