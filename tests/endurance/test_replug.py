"""An adapter pulled out and put back ten times, for real, under load. `make replug` does it 200 times."""

import asyncio
from pathlib import Path

from bench.endurance.replug import BUDGET_S, RESUMED_S, replug

AWAY_S = [0.1, 0.3, 0.5, 0.1, 0.8, 2.5, 0.2, 0.1, 0.4, 0.6]


def test_an_adapter_pulled_out_ten_times_is_polled_again_each_time_and_nobody_else_notices(tmp_path: Path) -> None:
    run = asyncio.run(replug(AWAY_S, 1, tmp_path, lambda _share, _words: None))
    assert len(run.pulls.first_s) == len(AWAY_S)
    assert run.pulls.same_name == 0
    assert max(run.pulls.all_s) <= RESUMED_S
    assert {unit for unit, gaps_s in run.gaps_s.items() if max(gaps_s) > BUDGET_S} == set()
    assert run.lost_elsewhere == []
    assert (run.ledger.missing, run.ledger.uncalled, run.gaps, run.unconfirmed) == ([], [], [], 0)
    assert len(run.ledger.took_s) > len(AWAY_S)
