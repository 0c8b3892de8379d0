"""Wrong clocks: order, nothing lost, and a time that is believed is right, whatever the clock did."""

from pathlib import Path

import pytest

from agent.clock.timeline import Timeline
from tests.site.clocks import CASES, Case, play_case


@pytest.mark.parametrize("case", CASES, ids=lambda c: f"{c.boot}-{c.later}-{c.restart}-{c.link}".replace(" ", "_"))
def test_whatever_the_clock_does_order_holds_and_a_time_that_is_believed_is_right(
    case: Case, tmp_path: Path
) -> None:
    assert list(play_case(case, tmp_path).complaints()) == []


def test_the_matrix_notices_a_clock_that_is_believed_against_the_kernels_word(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        Timeline, "judged", lambda _self, _boot, at: type(at)(at.monotonic_s, at.utc_s, "synchronised")
    )
    case = Case("two years ahead", "never synchronised", "none", "up")
    assert any("is wrong by 630" in said for said in play_case(case, tmp_path).complaints())
