"""However long an adapter was away: soon after it is back its line is asked again (virtual time)."""

import asyncio
from pathlib import Path

import pytest

from agent.polling.poller import REOPEN_MOST_S, reopen_after_s
from bench.endurance.witness import watched
from simulators.field import ModbusField, PanelField
from simulators.memory import MemoryStream
from tests.site.school import School, calmer, demo_site, play

RESUMED_S = 3.0
SLOW = "canteen-env"  # no alarm of its own: asked every 5 s only
AWAY_S = (0.05, 0.7, 3.0, 61.3, 240.0)


@pytest.mark.parametrize("away_s", AWAY_S)
def test_every_alarm_unit_is_asked_within_three_seconds_of_its_adapter_s_return(
    away_s: float, tmp_path: Path
) -> None:
    async def story(school: School) -> None:
        line = school.field.line("rs485-1")
        assert isinstance(line, ModbusField)
        units = [unit for name, unit in watched(line).items() if name != SLOW]
        for _ in range(8):  # the back-off is drawn: the longest wait is met in one of these
            await asyncio.sleep(1.0)
            school.field.vanish("rs485-1")
            await asyncio.sleep(away_s)
            school.field.restore("rs485-1")
            back_s = school.now_s
            await school.until(lambda since_s=back_s: all(u.asked_s[-1] > since_s for u in units), RESUMED_S)

    play(story, tmp_path, site=calmer(demo_site()))


def test_a_panel_is_listened_to_again_within_three_seconds_of_its_adapter_s_return(tmp_path: Path) -> None:
    async def story(school: School) -> None:
        line = school.field.line("panel-2")
        assert isinstance(line, PanelField)
        heard: list[float] = []
        serve = line.run

        async def run(stream: MemoryStream) -> None:
            heard.append(school.now_s)
            await serve(stream)

        line.run = run  # type: ignore[method-assign, assignment]
        for away_s in AWAY_S:
            school.field.vanish("panel-2")
            await asyncio.sleep(away_s)
            school.field.restore("panel-2")
            back_s = school.now_s
            await school.until(lambda since_s=back_s: heard and heard[-1] > since_s, RESUMED_S)

    play(story, tmp_path, site=calmer(demo_site()))


def test_a_medium_that_is_gone_is_tried_less_and_less_often_but_never_left_alone_for_long() -> None:
    waits = [0.0]
    for _ in range(8):
        waits.append(reopen_after_s(waits[-1]))
    assert waits[1:] == [0.25, 0.5, 1.0, 2.0, REOPEN_MOST_S, REOPEN_MOST_S, REOPEN_MOST_S, REOPEN_MOST_S]
