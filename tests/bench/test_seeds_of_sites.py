"""What `make simulate SEEDS=N` counts and complains of."""

import time

import pytest

from bench.reliability import seeds
from bench.reliability.seeds import Sum, Told, fault, played
from tests.site.weather import Weather


@pytest.mark.parametrize(
    ("note", "kind"),
    [
        (" 1013.494 unplugged gate-io begins", "unplugged"),
        (" 1013.494 wrong_unit on rs485-1 begins", "wrong_unit"),
        (" 1008.522 broker fault begins", "broker"),
        (" 1010.499 killed", "killed"),
        (" 1016.064 disk refuses", "disk refuses"),
        (" 1023.215 clock +0 s, synchronised", "clock"),
        (" 1014.808 late gate-io ends", None),
        (" 1014.491 started again", None),
        (" 1019.292 fire-canteen 1.2.8 fire", None),
        (" 1005.927 barrier leaves gate-io.di4", None),
    ],
)
def test_a_note_tells_which_fault_has_begun(note: str, kind: str | None) -> None:
    assert fault(note) == kind


def test_a_seed_counts_what_has_happened_in_it() -> None:
    told = played(1)
    assert told.faults.total() > 5
    assert told.alarms > 5
    assert told.virtual_s > 60


def test_a_seed_that_falls_or_hangs_is_a_complaint(monkeypatch: pytest.MonkeyPatch) -> None:
    def falls(_seed: int) -> Weather:
        raise RuntimeError("fell")

    def hangs(_seed: int) -> Weather:
        while True:
            time.sleep(0.01)

    monkeypatch.setattr(seeds, "play_seed", falls)
    assert played(7).complaints == ["RuntimeError: fell"]
    monkeypatch.setattr(seeds, "LONGEST_S", 0.05)
    monkeypatch.setattr(seeds, "play_seed", hangs)
    assert played(7).complaints == ["TimeoutError: not done after 0.05 s"]


def test_one_seed_that_fails_among_many_is_named_and_spoils_the_result() -> None:
    total = Sum()
    for seed in range(10):
        told = played(1) if seed == 0 else Told(seed, [], 1.0, 10, 10, total.faults.copy())
        total.add(told)
    total.add(Told(10, ["false: 1.0 panic-gate"], 1.0, 10, 10, total.faults.copy()))
    assert total.failed[-1] == 10
    broken = next(claim for claim in total.claims(11) if claim.what.startswith("promises"))
    assert not broken.holds
    assert "seed 10: false: 1.0 panic-gate" in broken.measured
