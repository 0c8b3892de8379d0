"""Half a minute of the soak: a real site, faults on, the broker killed. `make soak` takes ten minutes."""

import asyncio
from pathlib import Path
from unittest.mock import patch

from bench.endurance import weather
from bench.endurance.soak import soak

MINUTES = 0.4


def test_half_a_minute_of_faults_loses_no_alarm_and_invents_none(tmp_path: Path) -> None:
    with patch.object(weather, "BROKER_EVERY_S", (5.0, 9.0)), patch.object(weather, "BROKER_AWAY_S", (0.3, 2.0)):
        run = asyncio.run(soak(MINUTES, 3, tmp_path, lambda _share, _words: None))
    broken = [claim for claim in run.claims() if not claim.holds and not claim.what.endswith(": rise")]
    assert not broken
    assert run.befell[weather.BROKER_KILLED] >= 1
    assert sum(run.befell.values()) > run.befell[weather.BROKER_KILLED]
